"""Whether a day was decided as it should be, from the topics alone: the rules have no part in this.

Every record on appointments, results and requests ends in at least one decision, which names it by topic, partition and offset
(contract 3): also one that could not be read, with QUARANTINE. Others may lead to decisions. What was decided while objections
might be missing (rule 3.1) is held and cheap, so that a rate with such decisions in it is none.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from streams.domain.records import Decision
from streams.domain.time import Instant
from streams.domain.vocabulary import Outcome, Reason, Topic
from streams.kafka.codec import Codec

from .verifying import Written
from .workload import Row

ALWAYS_DECIDED: Final = (Topic.APPOINTMENTS, Topic.RESULTS, Topic.REQUESTS)
#: How many records were appended, by topic (without prefix) and partition.
Given = Mapping[tuple[str, int], int]


class Account(msgspec.Struct, frozen=True):
    """What a day came to. ``outcomes``: of the latest decision about each record that must have one.

    ``overdue``: of those, holds that were over when the last decision was made: work that was left undone.
    """

    asked: int = 0
    decisions: int = 0
    outcomes: Mapping[str, int] = {}
    overdue: int = 0
    problems: tuple[str, ...] = ()


def given(rows: Iterable[Row]) -> Given:
    """What was appended, to topics that were empty."""
    return Counter((row.topic, row.partition) for row in rows)


def account(appended: Given, written: Written) -> Account:
    """Hold the decisions against what was appended. ``problems`` is empty when every record has its decision."""
    codec, ids = Codec.local(), set[str]()
    latest: dict[tuple[str, int, int], Decision] = {}
    count = closed = invented = 0
    now: Instant = 0
    for values in written.values.values():
        for value in values:
            decision = codec.decode_output(Topic.DECISIONS, value)
            assert isinstance(decision, Decision)
            count += 1
            ids.add(decision.decision_id)
            closed += decision.reason is Reason.FAIL_CLOSED
            now = max(now, decision.decided_at)
            at = decision.input
            invented += at.offset >= appended.get((at.topic, at.partition), 0)
            latest[at.topic, at.partition, at.offset] = decision
    asked = {place: number for place, number in appended.items() if place[0] in ALWAYS_DECIDED}
    ends = [decision for place, decision in latest.items() if place[:2] in asked]
    faults = {
        "records without a decision": sum(asked.values()) - len(ends),
        "decisions about nothing that was appended": invented,
        "decisions made twice": count - len(ids),
        "decisions held because objections might be missing": closed,
    }
    return Account(
        asked=sum(asked.values()),
        decisions=count,
        outcomes=Counter(str(decision.outcome) for decision in ends),
        overdue=sum(_is_over(decision, now) for decision in ends),
        problems=tuple(f"{number:,} {fault}" for fault, number in faults.items() if number),
    )


def _is_over(decision: Decision, now: Instant) -> bool:
    until = decision.hold_until
    return decision.outcome is Outcome.HOLD and until is not None and until < now
