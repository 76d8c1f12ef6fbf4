"""Stage 9: an objection stands in the way of every channel. A machine notifies, a person overrides (B7, B8).

Automatic execution needs a human decision on file for this person (9.4, 9.5) or, where the organisation
chose so for ordinary reasons, its acknowledged policy (9.6). Protected and unclear reasons never qualify.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.decision import Draft, Escalate, Hold, Send, Suppress
from streams.domain.patient import ObjectionEntry
from streams.domain.records import Override
from streams.domain.time import HOUR, Instant
from streams.domain.vocabulary import (
    Ground,
    InitiatedBy,
    Level,
    Priority,
    Reason,
    RecipientRole,
    Role,
)
from streams.policy.model import OverrideMode

from .case import Case
from .channels import Candidate, candidates
from .evidence import alternatives, evidence_for, time_left
from .grounds import GROUND_TASKS, ground_for, rank_of
from .objections import every_method_objected, is_protected, is_unclear
from .purposes import APPOINTMENT_PURPOSES, COURTESY, role_for
from .selection import Tested, hold, message, objected_channels, overridable

_OPTIONS: Final = ("phone", "one_off_override", "letter_or_courier", "accept_not_contacted")
_NO_OVERRIDE: Final = ("phone", "letter_or_courier", "accept_not_contacted")
_NEVER_AUTOMATIC: Final = frozenset({Ground.G2, Ground.G7})
_CAP: Final = {Ground.G1: Level.L0, Ground.G7: Level.L0, Ground.G8: Level.L2}


def courtesy(tested: Tested) -> Suppress | None:
    """9.0: a courtesy is not worth overriding an objection, nor a task (C111)."""
    if tested.case.purpose in COURTESY and overridable(tested):
        return Suppress(Reason.OBJECTION_UPHELD)
    return None


def never_automatic(tested: Tested) -> Escalate | None:
    """9.1: protected or unclear reasons, safety, or every method objected to: a person, never a machine."""
    blocked = overridable(tested)
    if not blocked:
        return None
    case = tested.case
    ground = ground_for(case)
    plan = GROUND_TASKS[ground] if ground is not None else None
    rank = rank_of(case, plan)
    do_not_use = objected_channels(case)
    within = plan.within if plan is not None else None
    entries = _unique(blocked)
    if any("E6" in one.blockers for one in blocked) or any(_counts_as_protected(one) for one in blocked):
        draft = Draft(
            Role.SAFE,
            rank,
            Reason.PROTECTED_OBJECTION,
            (Role.CG, Role.BOOK),
            ground,
            within,
            options=("safe_contact_plan",),
            do_not_use=do_not_use,
        )
        return Escalate(draft)
    if every_method_objected(case):
        rank = Priority.P1 if case.pressing else Priority.P3
        return Escalate(
            Draft(
                Role.BOOK,
                rank,
                Reason.CONTACT_OTHERWISE,
                (Role.IG,),
                ground,
                options=("in_person",),
                do_not_use=do_not_use,
            )
        )
    if is_unclear(entries) or any(one.refused for one in blocked):
        role = plan.role if plan is not None else role_for(case.purpose)
        options = _OPTIONS if ground is not None else _NO_OVERRIDE
        draft = Draft(
            role, rank, Reason.UNCLEAR_OBJECTION, (Role.IG,), ground, within, None, options, do_not_use
        )
        return Escalate(draft)
    return None


def _counts_as_protected(one: Candidate) -> bool:
    return is_protected(list(one.covering)) or (one.refused and bool(one.covering))


def _unique(blocked: list[Candidate]) -> list[ObjectionEntry]:
    return list({entry.body.objection_id: entry for one in blocked for entry in one.covering}.values())


def no_ground(tested: Tested) -> Escalate | None:
    """9.2: nothing would justify an override; somebody makes contact another way."""
    case = tested.case
    if not overridable(tested) or ground_for(case) is not None:
        return None
    rank = Priority.P1 if case.pressing else Priority.P3
    return Escalate(
        Draft(
            role_for(case.purpose),
            rank,
            Reason.CONTACT_OTHERWISE,
            options=_NO_OVERRIDE,
            do_not_use=objected_channels(case),
        )
    )


def overrides_off(tested: Tested) -> Escalate | None:
    """9.3: this organisation never executes an override by itself."""
    if not overridable(tested) or tested.case.policy.override_mode is not OverrideMode.NEVER:
        return None
    return _per_ground(tested)


def by_standing_decision(tested: Tested) -> Send | Hold | None:
    """9.4: people decided beforehand for this person, this objection version, ground, channel and purpose."""
    return _automatic(tested, Reason.OVERRIDE_STANDING)


def by_assessment(tested: Tested) -> Send | Hold | None:
    """9.5: the objection's own assessment accepts this ground, and the organisation has an in-date policy."""
    case = tested.case
    if case.policy.override_mode not in (OverrideMode.ASSESSED, OverrideMode.POLICY):
        return None
    return _automatic(tested, Reason.OVERRIDE_ASSESSED)


def by_policy(tested: Tested) -> Send | Hold | None:
    """9.6: the organisation allows this ordinary reason without assessment; reviewed the next day."""
    case = tested.case
    if case.policy.override_mode is not OverrideMode.POLICY or ground_for(case) is not Ground.G3:
        return None  # the table of grounds allows 9.6 for G3 alone
    return _automatic(tested, Reason.OVERRIDE_POLICY)


def ask_the_owner(tested: Tested) -> Escalate | None:
    """9.7: no decision is on file; the owner of the ground decides, with a clock."""
    return _per_ground(tested) if overridable(tested) else None


def _per_ground(tested: Tested) -> Escalate:
    case = tested.case
    ground = ground_for(case)
    assert ground is not None, "row 9.2 has answered where no ground applies"
    plan = GROUND_TASKS[ground]
    due_at: Instant | None = None
    start = case.timing.affected_start
    if ground is Ground.G6 and start is not None and not case.timing.short_notice:
        due_at = start - 24 * HOUR
    return Escalate(
        Draft(
            plan.role,
            rank_of(case, plan),
            Reason.OVERRIDE_NEEDED,
            (Role.IG,) if ground is Ground.G2 else (),
            ground,
            plan.within,
            due_at,
            _OPTIONS,
            objected_channels(case),
        )
    )


def _automatic(tested: Tested, mode: Reason) -> Send | Hold | None:
    """Execute an override, if everything B7 demands of an automatic one is there; now, or when it may (B6)."""
    case = tested.case
    ground = ground_for(case)
    if ground is None or ground in _NEVER_AUTOMATIC or tested.eligible or _once(case):
        return None
    if case.appointment is not None and case.appointment.initiated_by is InitiatedBy.UNKNOWN:
        return None  # that it was not the patient's own change has to be known (1.2, B7)
    if ground is Ground.G5 and case.purpose not in APPOINTMENT_PURPOSES:
        return None
    narrowed = _narrowed(case, ground)
    for one in candidates(narrowed):
        if set(one.blockers) != {"E5"} or not one.covering or one.release is None:
            continue
        if one.refused or one.beyond_override:
            continue  # nobody decided about that
        evidence = evidence_for(tested, one, ground, mode)
        if evidence is not None:
            return hold(one) or message(narrowed, one, mode, evidence)
    return None


def _once(case: Case) -> bool:
    """Whether this request has had its one override, or is the copy of a message (B7: one message only, A0-30)."""
    asked = case.asked
    return asked.copy_to is not None or any(
        sent.overridden and sent.asked.version == asked.version and sent.asked.same_thing(asked)
        for sent in case.patient.sent.values()
    )


def _narrowed(case: Case, ground: Ground) -> Case:
    """The case with the level that an override for this ground may carry at most: channels are tested anew for it."""
    return replace(case, cap=min(case.cap, _CAP.get(ground, Level.L1)))


def _to_proxy(case: Case) -> bool:
    return case.recipient is not None and case.recipient.role is RecipientRole.PROXY


def by_one_off(tested: Tested) -> Send | None:
    """9.8: people approved this one message on this one channel; E5 was lifted for it and nothing else."""
    case = tested.case
    permit = case.permit
    if permit is None:
        return None
    if permit.ground is Ground.G7 and _to_proxy(case):
        return None  # whoever stands in may be the threat (G7, C233)
    allowed = (one for one in candidates(_narrowed(case, permit.ground)) if one.channel is permit.channel)
    one = next(allowed, None)
    if one is None or not one.eligible or one.release is None or one.release.at > case.now:
        return None
    evidence = Override(
        permit.ground,
        Reason.OVERRIDE_ONE_OFF,
        permit.objection_id,
        permit.objection_version,
        permit.decided_by,
        permit.rationale_ref,
        alternatives(candidates(case), permit.channel),
        time_left(case),
    )
    return message(case, one, Reason.OVERRIDE_ONE_OFF, evidence)
