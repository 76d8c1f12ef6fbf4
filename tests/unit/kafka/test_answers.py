"""A broker that starts or stops answers oddly for a moment, which says nothing about the topics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka.errors import KafkaError

from streams.errors import BrokerUnreachable, UnsafeTopic
from streams.kafka import client
from streams.kafka.answers import configs_of, counts_of
from streams.settings import Settings

#: LeaderNotAvailable, RequestTimedOut, NotController; a server's unknown error, BrokerNotAvailable.
PASSING = (5, 7, 41, -1, 8)


@pytest.mark.parametrize("code", PASSING)
def test_what_a_broker_cannot_tell_just_now_is_asked_again_and_refuses_nothing(code: int) -> None:
    """``client.ask`` asks again for any KafkaError."""
    with pytest.raises(KafkaError):
        configs_of([(0, "", 2, "results", []), (code, "", 2, "objections", [])])
    with pytest.raises(KafkaError):
        counts_of([{"topic": "objections", "error_code": code, "partitions": []}])


@pytest.mark.parametrize(("code", "told"), [(-1, True), (8, True), (13, True), (72, True), (7, False)])
async def test_what_never_passes_is_told_with_what_may_be_done_about_it(
    monkeypatch: pytest.MonkeyPatch, code: int, told: bool
) -> None:
    @asynccontextmanager
    async def admin(_settings: object) -> AsyncIterator[None]:
        yield

    async def question(_admin: object) -> object:
        return configs_of([(code, "", 2, "objections", [])])

    monkeypatch.setattr(client, "admin", admin)
    monkeypatch.setattr(client, "REACH_SECONDS", -1.0)
    with pytest.raises(BrokerUnreachable) as raised:
        await client.ask(Settings(bootstrap_servers="localhost:1"), question)
    assert ("allow DescribeConfigs on it" in str(raised.value)) is told


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
