"""Partitions are spread evenly, and no more of them move than that takes."""

import pytest
from faust.assignor.client_assignment import ClientAssignment
from faust.assignor.cluster_assignment import ClusterAssignment
from faust.assignor.copartitioned_assignor import CopartitionedAssignor

from streams.worker.assignor import even_out

TOPICS = ("appointments", "objections")


def assigned(*held: list[int]) -> dict[str, ClientAssignment]:
    return {
        f"worker-{number}": ClientAssignment(
            actives={topic: list(partitions) for topic in TOPICS}, standbys={topic: [] for topic in TOPICS}
        )
        for number, partitions in enumerate(held)
    }


def shown(assignments: dict[str, ClientAssignment]) -> list[list[int]]:
    for one in assignments.values():
        assert len({tuple(partitions) for partitions in one.actives.values()}) == 1, "topics went apart"
    return [sorted(one.actives[TOPICS[0]]) for one in assignments.values()]


def by_faust(assignments: dict[str, ClientAssignment], partitions: int) -> dict[str, ClientAssignment]:
    """What Faust makes of it."""
    known = ClusterAssignment()
    for name, assignment in assignments.items():
        known.subscriptions[name], known.assignments[name] = list(TOPICS), assignment
    made = CopartitionedAssignor(TOPICS, known.copartitioned_assignments(set(TOPICS)), partitions, 1)
    found = {name: ClientAssignment(actives={}, standbys={}) for name in assignments}
    for name, one in made.get_assignment().items():
        found[name].add_copartitioned_assignment(one)
    return found


def test_a_worker_that_joins_is_not_left_idle() -> None:
    joined = by_faust(assigned([0, 1], [2, 3], []), 4)
    assert shown(joined)[2] == [], "Faust gives it something by itself now: even_out may go"
    even_out(joined, TOPICS)
    assert sorted(map(len, shown(joined))) == [1, 1, 2]


def test_what_is_even_stays_where_it_is() -> None:
    held = assigned([0, 3], [1], [2])
    even_out(held, TOPICS)
    assert shown(held) == [[0, 3], [1], [2]]


@pytest.mark.parametrize("workers", range(1, 15))
def test_every_partition_has_one_owner_and_the_counts_differ_by_one_at_most(workers: int) -> None:
    held = assigned(list(range(12)), *([[]] * (workers - 1)))
    for _ in range(2):
        held = by_faust(held, 12)
        even_out(held, TOPICS)
    counts = [len(one) for one in shown(held)]
    assert sorted(p for one in shown(held) for p in one) == list(range(12))
    assert max(counts) - min(counts) <= 1


def test_as_few_as_possible_move() -> None:
    held = assigned([0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11], [])
    even_out(held, TOPICS)
    assert sorted(map(len, shown(held))) == [2, 2, 2, 3, 3]
    assert len(shown(held)[4]) == 2
