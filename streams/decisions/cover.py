"""Who holds a role at a moment, from the role calendar of the policy (B13, S2 line 85)."""

from __future__ import annotations

from streams.domain.time import Instant
from streams.domain.vocabulary import Priority, Role
from streams.policy.model import Policy


def owner_of(policy: Policy, role: Role, priority: Priority, now: Instant, stage: int = 0) -> str:
    """The person or rota that owns a task now; never nobody (C220).

    At first the primary or a deputy who is present, and what cannot wait the on-call while the service is
    closed; from the first reassignment on the deputies, then the lead and on-call (B8.6).
    """
    cover = policy.roles[role]
    away = [absence.person for absence in cover.absences if absence.start <= now < absence.end]
    chain = [cover.primary, *cover.deputies, cover.lead, cover.on_call]
    if stage == 1:
        chain = [*cover.deputies, cover.lead, cover.on_call, cover.primary]
    elif stage >= 2:
        chain = [cover.lead, cover.on_call, *cover.deputies, cover.primary]
    elif priority <= Priority.P1 and not policy.calendar.is_open(policy.service_hours, now):
        chain = [cover.on_call, *chain]
    for person in chain:
        if person and person not in away:
            return person
    return cover.on_call or cover.lead or cover.primary
