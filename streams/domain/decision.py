"""What a rule can answer: the five outcomes of B2, as values.

An outcome says what should happen and carries everything needed to make it true; it sends nothing.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from .records import Override, TemplateRef
from .time import Instant, Millis
from .vocabulary import Channel, Ground, Level, Priority, Reason, RecipientRole, Role, SubjectKind


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A task as a rule words it; deadlines, owner and ids are added by ``decisions.tasks`` (B13).

    ``within``: shorter completion time than the priority's own. ``own_role``: not handed to R-BOOK when
    in-window. ``companion``: goes beside another outcome, keeps its role, and does not stand for the request.
    ``unbound``: its deadline has nothing to do with the request's. ``stands_for_request`` False: there is no
    request to look at again. ``at_least_needed_by``: rises to P1 when its own pace would miss needed_by.
    ``about``: another subject than the request's. ``due_at``: an absolute deadline, instead of ``within``.
    """

    role: Role
    priority: Priority
    reason: Reason
    copy_roles: tuple[Role, ...] = ()
    ground: Ground | None = None
    within: Millis | None = None
    due_at: Instant | None = None
    options: tuple[str, ...] = ()
    do_not_use: tuple[Channel, ...] = ()
    own_role: bool = False
    companion: bool = False
    unbound: bool = False
    stands_for_request: bool = True
    at_least_needed_by: bool = False
    about: tuple[SubjectKind, str, int] | None = None


class Send(msgspec.Struct, frozen=True, gc=False):
    """One message, one channel, one recipient, one address (I14)."""

    reason: Reason  # the selection reason
    channel: Channel
    address: str
    contact_id: str
    recipient: RecipientRole
    proxy_ref: str | None
    level: Level
    template: TemplateRef
    language: str
    parameters: dict[str, str]
    override: Override | None = None
    companions: tuple[Draft, ...] = ()
    companion_safety: str | None = None


class Escalate(msgspec.Struct, frozen=True, gc=False):
    draft: Draft
    companions: tuple[Draft, ...] = ()
    companion_safety: str | None = None

    @property
    def reason(self) -> Reason:
        return self.draft.reason


class Suppress(msgspec.Struct, frozen=True, gc=False):
    """No message and no task for it; ``companions`` are about something else, for example a late notice."""

    reason: Reason
    companions: tuple[Draft, ...] = ()
    companion_safety: str | None = None
    forward_to: str | None = None  # the surviving patient of a merge (3.4)


class Quarantine(msgspec.Struct, frozen=True, gc=False):
    """The record is set aside. ``error`` has no patient data."""

    reason: Reason
    error: str
    companions: tuple[Draft, ...] = ()
    companion_safety: str | None = None


class Hold(msgspec.Struct, frozen=True, gc=False):
    """Wait until ``until``, then ask again. ``final``: this reason may not be waited for a second time."""

    reason: Reason
    until: Instant
    final: bool = False
    companions: tuple[Draft, ...] = ()
    companion_safety: str | None = None


#: Told apart as bodies are (``events.Body``).
Verdict: TypeAlias = Send | Escalate | Suppress | Quarantine | Hold
