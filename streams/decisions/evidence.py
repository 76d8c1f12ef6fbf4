"""What an override rests on: the decisions on file that answer every objection, or there is no evidence (A0-21)."""

from __future__ import annotations

from collections.abc import Iterable

from streams.domain.patient import ObjectionEntry
from streams.domain.records import Override
from streams.domain.time import Millis
from streams.domain.vocabulary import ORDINARY_REASONS, Channel, Ground, Reason, Role

from . import standing
from .case import Case
from .channels import Candidate
from .selection import Tested


def evidence_for(tested: Tested, one: Candidate, ground: Ground, mode: Reason) -> Override | None:
    """The evidence object (A0-21) when every covering objection is answered; None otherwise."""
    case = tested.case
    decided: list[str] = []
    reference = ""
    for entry in one.covering:
        if entry.body.reason not in ORDINARY_REASONS:
            return None
        if mode is Reason.OVERRIDE_STANDING:
            found = standing.valid_for(case, entry, ground, one)
            if found is None:
                return None
            decided.extend(found[1].decided_by)
            reference = found[0]
        elif mode is Reason.OVERRIDE_ASSESSED:
            if not _assessed(case, entry, ground):
                return None
            assessment = entry.body.assessment
            assert assessment is not None
            decided.append(assessment.assessed_by)
            reference = assessment.rationale_ref
        else:
            policy = case.policy.override_policies.get(ground)
            if policy is None or case.now >= policy.valid_to or entry.body.reason not in policy.reasons:
                return None
            decided.extend(policy.acknowledged_by)
            reference = f"policy:{case.policy.version}:{ground}"
    first = one.covering[0]
    return Override(
        ground,
        mode,
        first.body.objection_id,
        first.version,
        tuple(decided),
        reference,
        alternatives(tested.candidates, one.channel),  # all of them: none was eligible
        time_left(case),
    )


def _assessed(case: Case, entry: ObjectionEntry, ground: Ground) -> bool:
    policy = case.policy.override_policies.get(ground)
    assessment = entry.body.assessment
    if policy is None or case.now >= policy.valid_to or assessment is None:
        return False
    if assessment.role is Role.UNKNOWN:
        return False  # nobody that we know of assessed it (1.2)
    return assessment.acceptable and ground in assessment.grounds


def alternatives(found: Iterable[Candidate], chosen: Channel) -> tuple[str, ...]:
    """Every other channel and the tests that closed it: that nothing less intrusive was possible."""
    return tuple(f"{one.channel}:{'+'.join(one.blockers)}" for one in found if one.channel is not chosen)


def time_left(case: Case) -> Millis:
    """Milliseconds to the affected start, 0 when nothing is bound to one."""
    start = case.timing.affected_start
    return max(0, start - case.now) if start is not None else 0
