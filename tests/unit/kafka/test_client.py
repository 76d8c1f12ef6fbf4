"""What a person is told whose command met brokers that did not answer as they should."""

from aiokafka.errors import NodeNotReadyError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from streams.kafka.client import stopped_answering


def test_records_that_were_removed_while_they_were_read_are_named_by_their_place() -> None:
    told = stopped_answering(OffsetOutOfRangeError({TopicPartition("decisions", 3): 81_422}))
    assert told is not None
    assert told.startswith("records were removed while they were being read, decisions[3]@81422: ")
    assert told.endswith("Run the command again")


def test_other_errors_of_kafka_are_named_and_no_others() -> None:
    assert "NodeNotReadyError" in (stopped_answering(NodeNotReadyError()) or "")
    assert stopped_answering(ValueError("P1")) is None
