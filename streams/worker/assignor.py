"""Faust's sticky assignor, evened out: nobody is left without a partition while another has two more.

Faust fills each worker up to the rounded-up share, 12 partitions on 5 workers as 3, 3, 3, 3 and 0. Here the fullest
worker gives one to the emptiest until their counts differ by one at most. A moved partition is restored, so
that no more are moved than that takes.
"""

from collections.abc import Collection, Mapping, MutableMapping

from faust.assignor.client_assignment import ClientAssignment
from faust.assignor.partition_assignor import PartitionAssignor

Assignments = MutableMapping[str, ClientAssignment]


class EvenAssignor(PartitionAssignor):
    """What Faust assigns, evened out before it is told to the workers."""

    def _global_table_standby_assignments(
        self, assignments: Assignments, partitions_by_topic: Mapping[str, int]
    ) -> Assignments:
        even_out(assignments, partitions_by_topic)
        done: Assignments = super()._global_table_standby_assignments(assignments, partitions_by_topic)
        return done


def even_out(assignments: Assignments, topics: Collection[str]) -> None:
    """Move whole partitions, of all topics alike, from the fullest member to the emptiest."""
    if not topics or len(assignments) < 2:
        return
    any_topic = min(topics)

    def held(member: str) -> list[int]:
        found: list[int] = assignments[member].actives.get(any_topic, [])
        return found

    while True:
        by_count = sorted(assignments, key=lambda member: (len(held(member)), member))
        emptiest, fullest = by_count[0], by_count[-1]
        if len(held(fullest)) - len(held(emptiest)) < 2:
            return
        _move(max(held(fullest)), assignments[fullest], assignments[emptiest])


def _move(partition: int, source: ClientAssignment, target: ClientAssignment) -> None:
    for topic, held in source.actives.items():
        if partition in held:
            source.actives[topic] = [p for p in held if p != partition]
            target.actives[topic] = sorted({*target.actives.get(topic, []), partition})
            target.standbys[topic] = [p for p in target.standbys.get(topic, []) if p != partition]
