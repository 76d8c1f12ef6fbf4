"""The send command: one message with everything needed to answer "why was this sent?" years later (B12)."""

from __future__ import annotations

from typing import Final

from streams.domain.decision import Send
from streams.domain.records import Basis, ObjectionConsidered, SendCommand, Subject
from streams.domain.time import Instant
from streams.domain.vocabulary import Channel

from .caps import permission_for
from .case import Case
from .decide import Ruling
from .desk import Desk
from .ids import command_id
from .objections import covers
from .timing import valid_until

#: S0 lines 9 to 14 and 25: public task, provision of care, implied consent. Law, not thresholds.
_GDPR_ART6: Final = "6(1)(e)"
_GDPR_ART9: Final = "9(2)(h)"
_CLDC: Final = "implied_consent"


def command_for(desk: Desk, ruling: Ruling, send: Send, supersedes: str | None, decided: str) -> SendCommand:
    """Put the command together; ``supersedes`` names the older command it replaces (2.2)."""
    case = ruling.case
    asked = case.asked
    recipient = send.recipient if send.proxy_ref is None else f"{send.recipient}:{send.proxy_ref}"
    subject = Subject(asked.kind, asked.id, asked.version)
    id_ = command_id(
        desk.patient_id, f"{asked.kind!s}:{asked.id}", asked.version, case.purpose, recipient, send.channel
    )
    expires = valid_until(case, send.channel)
    return SendCommand(
        id_,
        decided,
        desk.patient_id,
        case.purpose,
        subject,
        send.channel,
        send.recipient,
        send.proxy_ref,
        send.address,
        send.template.id,
        send.template.version,
        send.parameters,
        send.language,
        send.level,
        send.reason,
        _basis(ruling, send, expires),
        send.override,
        desk.patient.version,
        desk.env.policy.version,
        desk.now,
        expires,
        supersedes,
        desk.now,
    )


def _basis(ruling: Ruling, send: Send, expires: Instant) -> Basis:
    """B12: everything needed to answer "why was this sent?" years later."""
    case = ruling.case
    patient = case.patient
    permission = permission_for(patient, send.channel)
    return Basis(
        _GDPR_ART6,
        _GDPR_ART9,
        _CLDC,
        send.recipient,
        send.proxy_ref,
        case.purpose,
        send.level,
        send.reason,
        patient.sections.preferences if patient.preferences is not None else None,
        permission.evidence_ref if permission is not None else None,
        _considered(case, send.channel) if patient.objections else (),
        send.template,
        ruling.path,
        case.policy.version,
        case.policy.version,
        patient.version,
        case.asked.occurred_at,
        case.now,
        expires,
    )


def _considered(case: Case, channel: Channel) -> tuple[ObjectionConsidered, ...]:
    return tuple(
        ObjectionConsidered(id_, entry.version, covers(entry.body, channel, *case.services))
        for id_, entry in case.patient.objections.items()
        if not entry.withdrawn
    )
