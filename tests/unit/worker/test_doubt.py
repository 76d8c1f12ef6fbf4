"""When a running worker believes that its topics are no longer safe."""

from streams.errors import PartitionMismatch, UnsafeTopic
from streams.worker.watch import Doubt

MISSING = "topic objections not found"
CLOSED = "the settings of topic objections cannot be read"


def test_one_odd_answer_is_not_believed() -> None:
    doubt = Doubt()
    assert not doubt.believes(UnsafeTopic(MISSING))
    assert not doubt.believes(None)
    assert not doubt.believes(UnsafeTopic(MISSING))
    assert not doubt.believes(UnsafeTopic(CLOSED))


def test_what_two_looks_in_a_row_say_alike_is_believed() -> None:
    doubt = Doubt()
    assert not doubt.believes(UnsafeTopic(MISSING))
    assert doubt.believes(UnsafeTopic(MISSING))


def test_patients_who_moved_to_other_partitions_are_believed_at_once() -> None:
    assert Doubt().believes(PartitionMismatch("topic objections has 13 partitions, appointments has 12"))
