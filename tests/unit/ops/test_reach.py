"""Whether Kafka answers: in the metrics, in the log when it changes, and to /readyz."""

from typing import cast

import pytest

from streams.ops.logging import get_logger
from streams.ops.metrics import value
from streams.ops.reach import Reach
from streams.recorder.run import Recorder
from streams.recorder.writing import Parts


def test_a_broker_that_is_away_is_told_everywhere(caplog: pytest.LogCaptureFixture) -> None:
    reach = Reach(get_logger("heed.test"))
    assert reach.reasons() == []
    reach.silent()
    reach.silent()
    assert value("heed_kafka_unreachable") == 1
    assert reach.reasons() == ["no Kafka answers"]
    reach.answered()
    reach.answered()
    assert value("heed_kafka_unreachable") == 0
    assert reach.reasons() == []
    assert [record.message for record in caplog.records] == ["broker_away", "broker_back"]


def test_a_recorder_that_nobody_answers_is_not_ready_and_says_why() -> None:
    recorder = Recorder(cast(Parts, None))
    recorder.assigned = True
    assert recorder.ready() == []
    recorder.reach.silent()
    assert recorder.ready() == ["no Kafka answers"]
    recorder.reach.answered()
    assert recorder.ready() == []
