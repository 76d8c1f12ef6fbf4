"""What a message changes in what we know of a patient, and what its receipts do.

Pure, ``(patient, ...) -> PatientState``: the desk does it while it decides, and ``recollect`` from what was written.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.events import Contact
from streams.domain.london import local_date
from streams.domain.patient import PatientState, Sent
from streams.domain.time import Instant
from streams.domain.vocabulary import Channel, ReceiptStatus
from streams.policy.model import Policy

from .purposes import SAFETY_PURPOSES

FAILURES: Final = (
    ReceiptStatus.PERMANENT_FAILURE,
    ReceiptStatus.TECHNICAL_FAILURE,
    ReceiptStatus.REFUSED,
)
_ARRIVED: Final = (ReceiptStatus.DELIVERED, ReceiptStatus.READ)


def awaited(patient: PatientState, command_id: str, sent: Sent) -> PatientState:
    """A message left: it awaits its receipt, and counts against the day's number unless safety needs it (7.4)."""
    today = local_date(sent.created_at)
    before = patient.day_count if patient.day == today else 0
    return replace(
        patient,
        sent={**patient.sent, command_id: sent},
        day=today,
        day_count=before + (sent.purpose not in SAFETY_PURPOSES),
    )


def noticed(
    patient: PatientState, result_id: str, reader: str | None, at: Instant, policy: Policy
) -> PatientState:
    """A notice about a result left: the next ones wait until its window ends (B10, coalescing).

    ``reader``: who got it, see ``PatientState.notice_to``.
    """
    return replace(
        patient, notice_until=at + policy.coalesce, notice_at=at, notice_to=reader, notice_by=result_id
    )


def is_read(sent: Sent, status: ReceiptStatus) -> bool:
    """Whether it is known to have reached its reader: delivered to the app it still has to be read (C145)."""
    return status is ReceiptStatus.READ or (
        status is ReceiptStatus.DELIVERED and sent.channel is not Channel.NHS_APP
    )


def failed_after_all(sent: Sent, status: ReceiptStatus) -> bool:
    """Whether a message that something newer has taken the place of did not arrive either."""
    return sent.closed and not sent.failed and sent.status not in _ARRIVED and status in FAILURES


def bounced(patient: PatientState, sent: Sent) -> PatientState:
    """A permanent failure is the detail's fault: nobody uses it before somebody has mended it (C144)."""

    def marked(contacts: tuple[Contact, ...]) -> tuple[Contact, ...]:
        return tuple(replace(c, bounced=True) if c.contact_id == sent.contact_id else c for c in contacts)

    if sent.proxy_ref is None:
        return replace(patient, contacts=marked(patient.contacts))
    proxies = tuple(
        replace(p, contacts=marked(p.contacts)) if p.proxy_id == sent.proxy_ref else p
        for p in patient.proxies
    )
    return replace(patient, proxies=proxies)
