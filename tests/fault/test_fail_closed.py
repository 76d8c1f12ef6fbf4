"""When the topics are no longer what they must be, nothing is decided any more, and readiness says why."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka.admin import NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.domain.records import Decision
from streams.domain.time import MINUTE, Instant, Millis
from streams.domain.vocabulary import Outcome, Reason, Topic
from streams.kafka import client
from streams.settings import Settings
from streams.verify.run import Plan, verify
from streams.worker import host, skew, watch
from streams.worker.clock import RealClock
from tests.support.outside import outputs

from .load import POLICY
from .solo import Solo
from .test_verifier import EVENTS, Story, heed

__all__ = ["heed"]

pytestmark = pytest.mark.timeout(180)  # on a machine that may be busy


async def more_partitions(settings: Settings) -> None:
    async with client.admin(settings) as admin:
        await admin.create_partitions(
            {settings.topic(Topic.APPOINTMENTS): NewPartitions(settings.partitions + 1)}
        )


async def retention_on_objections(settings: Settings) -> None:
    """Objections would be forgotten after a day."""
    configs = {"cleanup.policy": "delete", "retention.ms": "86400000"}
    resource = ConfigResource(ConfigResourceType.TOPIC, settings.topic(Topic.OBJECTIONS), configs=configs)
    async with client.admin(settings) as admin:
        await admin.alter_configs([resource])


async def compacted_objections(settings: Settings) -> None:
    """Each patient would keep one objection."""
    configs = {"cleanup.policy": "compact"}
    resource = ConfigResource(ConfigResourceType.TOPIC, settings.topic(Topic.OBJECTIONS), configs=configs)
    async with client.admin(settings) as admin:
        await admin.alter_configs([resource])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (more_partitions, "partitions"),
        (retention_on_objections, "retention"),
        (compacted_objections, "compaction"),
    ],
)
async def test_unsafe_topics_stop_a_running_worker(
    heed: Settings,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Settings], Awaitable[None]],
    said: str,
) -> None:
    monkeypatch.setattr(watch, "TOPICS_EVERY_S", 0.1)
    story = Story(heed)
    await story.tell(0.0, 0.5)
    solo = await Solo(heed, story.clock).start()
    await solo.drain()
    assert solo.watch.ready(solo.host) == []
    checking = asyncio.create_task(solo.watch.keep_checking_topics(solo.host))
    await change(heed)
    async with asyncio.timeout(10):
        while not solo.watch.ready(solo.host):
            await asyncio.sleep(0.1)
    monkeypatch.setattr(
        watch, "TOPICS_EVERY_S", 60.0
    )  # cancelled while it connects, aiokafka leaves a socket open
    before = {p: dict(shard.next_offsets) for p, shard in solo.host.shards.items()}
    given = asyncio.create_task(solo.until_given(EVENTS // 4))
    await asyncio.sleep(0)  # it counts from here
    await story.tell(0.5, 1.0)
    await given
    assert {p: dict(shard.next_offsets) for p, shard in solo.host.shards.items()} == before
    assert said in solo.watch.ready(solo.host)[0]
    checking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await checking
    await solo.stop()


def decided(settings: Settings) -> Counter[tuple[Outcome, Reason]]:
    found = [one for one in outputs(settings, Topic.DECISIONS) if isinstance(one, Decision)]
    return Counter((one.outcome, one.reason) for one in found)


HELD = (Outcome.HOLD, Reason.FAIL_CLOSED)


async def test_a_clock_that_is_wrong_sends_nothing_until_it_is_right(heed: Settings) -> None:
    story = Story(heed)
    await story.tell(0.0, 0.2)
    solo = await Solo(heed, story.clock).start()
    await solo.drain()
    assert solo.watch.ready(solo.host) == []
    assert not decided(heed)[HELD]
    sent = len(outputs(heed, Topic.SEND_COMMANDS))

    machine = Jumping(6 * MINUTE)
    solo.host.skew._clock = machine
    await story.tell(0.2, 0.4)
    await solo.drain()
    assert decided(heed)[HELD] > 10
    assert len(outputs(heed, Topic.SEND_COMMANDS)) == sent
    assert "360 s ahead of the broker's; sends are held" in solo.watch.ready(solo.host)[0]

    machine.ahead = 0
    story.clock.at += 11 * MINUTE  # when held requests are looked at again
    await solo.drain()
    assert len(outputs(heed, Topic.SEND_COMMANDS)) > sent
    assert (await verify(heed, Plan(slack=0))).clean
    await solo.stop()


class Jumping(RealClock):
    """The machine's clock, moved."""

    def __init__(self, ahead: Millis) -> None:
        self.ahead = ahead

    def now(self) -> Instant:
        return super().now() + self.ahead


async def test_a_broker_that_says_at_the_start_that_our_clock_is_wrong_is_believed(
    heed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skew, "RealClock", lambda: Jumping(-7 * MINUTE))
    story = Story(heed)
    await story.tell(0.0, 0.2)
    solo = await Solo(heed, story.clock).start()
    await solo.drain()
    assert decided(heed)[HELD]
    assert not outputs(heed, Topic.SEND_COMMANDS)
    assert "420 s behind the broker's" in solo.watch.ready(solo.host)[0]
    await solo.stop()


async def test_state_topics_that_are_behind_hold_what_would_be_sent(heed: Settings) -> None:
    assert heed.policy is not None
    heed.policy.write_text(POLICY + "objection_lag_max_s: 1\n")
    story = Story(heed)
    await story.tell(0.0, 0.3)
    solo = await Solo(heed, story.clock, slow={Topic.OBJECTIONS: 2.5}, report=True).start()
    await solo.drain()
    assert decided(heed)[HELD] > 10
    assert not outputs(heed, Topic.SEND_COMMANDS)
    assert "state topics were not caught up with" in solo.watch.ready(solo.host)[0]
    await solo.stop()


async def test_a_table_that_is_being_restored_decides_nothing(
    heed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored = asyncio.Event()
    real = vars(host)["restore"]

    async def slow(*given: Any) -> dict[bytes, bytes]:
        await restored.wait()
        rows: dict[bytes, bytes] = await real(*given)
        return rows

    monkeypatch.setattr(host, "restore", slow)
    story = Story(heed)
    await story.tell(0.0, 0.1)
    solo = await Solo(heed, story.clock).begin()
    async with asyncio.timeout(20):
        while solo.watch.ready(solo.host) != [f"restoring partitions {list(range(heed.partitions))}"]:
            await asyncio.sleep(0.05)
    assert not decided(heed)
    restored.set()
    await asyncio.wait_for(solo.host.settled.wait(), 20)
    await solo.drain()
    assert solo.watch.ready(solo.host) == []
    assert decided(heed)
    await solo.stop()
