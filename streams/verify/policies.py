"""Which policy each turn is decided with again: the one whose version its decisions name.

A policy may have changed while the history was made, between two turns and never within one. A turn without a decision
goes by the last one made before it.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter, itemgetter
from pathlib import Path

from streams.domain.records import Decision
from streams.domain.time import Instant
from streams.domain.vocabulary import Topic
from streams.errors import BadUsage
from streams.policy.load import load
from streams.policy.model import Policy
from streams.worker.journal import Journal


def read_policies(files: Sequence[Path]) -> dict[str, Policy]:
    """The policies by version, which names the content too. Raises BadPolicy."""
    return {policy.version: policy for policy in map(load, files)}


def require(policies: Mapping[str, Policy], decisions: Iterable[Decision]) -> None:
    """Raises BadUsage that names every version for which there is no file."""
    missing = {decision.policy_version for decision in decisions} - policies.keys()
    if missing:
        raise BadUsage(
            f"decisions were made with policy {', '.join(sorted(missing))}, and the files given here are "
            f"{', '.join(sorted(policies))}: name the missing ones too, --policy FILE for each version, or leave the model "
            "out with --no-model"
        )


class PolicyOfTurn:
    """The policies of one partition's turns; all decisions' versions are among ``policies`` (``require``)."""

    def __init__(self, policies: Mapping[str, Policy], decisions: Sequence[Decision]) -> None:
        self._policies = policies
        self._made = sorted(decisions, key=attrgetter("decided_at"))
        self._taken: dict[tuple[Instant, Topic], list[tuple[int, str]]] = defaultdict(list)
        self._woken: dict[tuple[Instant, bytes], str] = {}
        for one in decisions:
            self._taken[one.decided_at, Topic(one.input.topic)].append((one.input.offset, one.policy_version))
            self._woken[one.decided_at, one.patient_id.encode()] = one.policy_version
        for places in self._taken.values():
            places.sort()

    def __call__(self, journal: Journal) -> Policy:
        if len(self._policies) == 1:
            return next(iter(self._policies.values()))
        return self._policies[self._named(journal) or self._before(journal.at)]

    def _named(self, journal: Journal) -> str | None:
        for step in journal.steps:
            if step.topic is None:
                named = (self._woken.get((journal.at, key)) for key in step.keys)
                version = next(filter(None, named), None)
            else:
                places = self._taken.get((journal.at, step.topic), [])
                at = bisect_left(places, step.start, key=itemgetter(0))
                version = places[at][1] if at < len(places) and places[at][0] < step.end else None
            if version is not None:
                return version
        return None

    def _before(self, at: Instant) -> str:
        if not self._made:
            return next(
                iter(self._policies)
            )  # nothing was decided, so nothing can have been decided otherwise
        last = bisect_right(self._made, at, key=attrgetter("decided_at")) - 1
        return self._made[max(0, last)].policy_version
