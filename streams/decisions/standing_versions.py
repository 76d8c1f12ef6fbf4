"""Rows 1.4 and 1.5 for standing decisions: what was revoked does not come back with a reissued event (C007, C009).

A decision is known by its objection, ground and channel. The newest version heard of each is kept, its revocation
too, also of one that was never here: a revocation may come first. One that names less covers all that it does not
name. Versions count what an objection's decisions and revocations have in common, their objection; a revocation
without one takes back what is on file, whatever its version.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from streams.domain.events import Resolution
from streams.domain.patient import PatientState, StandingDecision, StandingVersion
from streams.domain.vocabulary import Level, Reason, ResolutionKind

_ANY: Final = "*"
#: Far more than people decide about one patient; the oldest go first.
_REMEMBERED: Final = 500


def key_of(body: Resolution) -> str:
    """What a decision or revocation is about; what it does not name is any."""
    return f"{body.objection_id or _ANY}:{body.ground or _ANY}:{body.channel or _ANY}"


def row(patient: PatientState, body: Resolution, version: int) -> Reason | None:
    """``stale_version``, ``duplicate`` or ``version_conflict``; None when it is new, or names no decision."""
    if body.kind is ResolutionKind.STANDING_REVOKED:
        known = patient.standing_versions.get(key_of(body))
        if known is None or version > known.version:
            return None
        if version < known.version:
            return Reason.STALE_VERSION
        return Reason.DUPLICATE if known.revoked else None  # less is never more
    if body.kind is not ResolutionKind.STANDING_DECISION:
        return None
    newest = _newest(patient, body)
    if newest is None or version > newest.version:
        return None
    if version < newest.version:
        return Reason.STALE_VERSION
    decision = patient.standing.get(key_of(body))
    same = not newest.revoked and (decision is None or _says(body, decision))
    return Reason.DUPLICATE if same else Reason.VERSION_CONFLICT


def _newest(patient: PatientState, body: Resolution) -> StandingVersion | None:
    """The newest of what was heard of this very decision, and of revocations that cover it."""
    found = None
    for ground in (body.ground, None):
        for channel in (body.channel, None):
            one = patient.standing_versions.get(key_of(replace(body, ground=ground, channel=channel)))
            if one is not None and (
                found is None or (one.version, one.revoked) > (found.version, found.revoked)
            ):
                found = one
    return found


def _says(body: Resolution, decision: StandingDecision) -> bool:
    """Whether a decision says what is on file; what it leaves open was filled in when it came."""
    return (
        body.objection_version == decision.objection_version
        and body.purposes == decision.purposes
        and (body.max_level or Level.L1) == decision.max_level
        and body.rationale_ref == decision.rationale_ref
        and body.valid_from in (None, decision.valid_from)
        and body.valid_to in (None, decision.valid_to)
    )


def decided(patient: PatientState, key: str, version: int) -> dict[str, StandingVersion]:
    """The versions with a decision that was put on file."""
    return _kept(patient, {key: StandingVersion(version)})


def revoked(
    patient: PatientState, body: Resolution, version: int
) -> tuple[set[str], dict[str, StandingVersion]]:
    """Which decisions on file a revocation ends, and the versions with it."""
    ended: set[str] = set()
    heard: dict[str, StandingVersion] = {}
    for key, decision in patient.standing.items():
        known = patient.standing_versions.get(key)
        covered = (
            body.objection_id in (None, decision.objection_id)
            and body.ground in (None, decision.ground)
            and body.channel in (None, decision.channel)
        )
        if covered and (body.objection_id is None or known is None or known.version <= version):
            ended.add(key)
            own = known.version if known is not None else 0
            heard[key] = StandingVersion(own if body.objection_id is None else version, revoked=True)
    if body.objection_id is not None:
        heard[key_of(body)] = StandingVersion(version, revoked=True)
    return ended, _kept(patient, heard)


def _kept(patient: PatientState, heard: dict[str, StandingVersion]) -> dict[str, StandingVersion]:
    kept = {**{k: v for k, v in patient.standing_versions.items() if k not in heard}, **heard}
    return dict(list(kept.items())[-_REMEMBERED:])
