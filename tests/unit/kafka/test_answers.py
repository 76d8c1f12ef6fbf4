"""A broker that starts or stops answers oddly for a moment, which says nothing about the topics."""

import pytest
from aiokafka.errors import KafkaError

from streams.errors import UnsafeTopic
from streams.kafka.answers import configs_of, counts_of

#: LeaderNotAvailable, RequestTimedOut, NotController; a server's unknown error, BrokerNotAvailable.
PASSING = (5, 7, 41, -1, 8)


@pytest.mark.parametrize("code", PASSING)
def test_what_a_broker_cannot_tell_just_now_is_asked_again_and_refuses_nothing(code: int) -> None:
    """``client.ask`` asks again for any KafkaError."""
    with pytest.raises(KafkaError):
        configs_of([(0, "", 2, "results", []), (code, "", 2, "objections", [])])
    with pytest.raises(KafkaError):
        counts_of([{"topic": "objections", "error_code": code, "partitions": []}])


def test_settings_that_we_may_not_see_are_refused() -> None:
    not_authorised = 29
    with pytest.raises(
        UnsafeTopic, match=r"settings of topic objections cannot be read \(TopicAuthorizationFailed"
    ):
        configs_of([(not_authorised, "", 2, "objections", [])])
    assert counts_of([{"topic": "objections", "error_code": not_authorised, "partitions": []}]) == {}


def test_what_brokers_tell_is_taken() -> None:
    assert configs_of([(0, "", 2, "objections", [("retention.ms", "-1", False)])]) == {
        "objections": {"retention.ms": "-1"}
    }
    assert counts_of([{"topic": "objections", "error_code": 0, "partitions": [{}, {}]}]) == {"objections": 2}
