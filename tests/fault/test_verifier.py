"""The verifier is itself proven: each of these bugs turns it red, and the same story without the bug does not."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.domain.time import HOUR, MINUTE
from streams.domain.vocabulary import DECIDING_TOPICS, STATE_TOPICS, Topic
from streams.errors import Fenced
from streams.feed.feeder import Feeder
from streams.feed.lines import Line
from streams.kafka.barrier import Barrier
from streams.kafka.client import connection
from streams.kafka.codec import Codec
from streams.kafka.offsets import OffsetsClient
from streams.kafka.replay import replay
from streams.kafka.transaction import ShardProducer
from streams.ops.policy_file import PolicyFile
from streams.ops.tracing import PassOn
from streams.recorder import writing
from streams.recorder.heart import Heart
from streams.settings import Settings
from streams.verify import ledger
from streams.verify.findings import Kind, Report
from streams.verify.run import Plan, verify
from streams.worker import host, pace
from streams.worker.host import Host

from . import bugs
from .load import POLICY, Racing, first_moment, steps
from .solo import Hand, Solo

SEED = 7
EVENTS = 800
TURN = 30  # records at most, so that there are many turns
WAIT_S = 20
EVENING = 1_796_158_800_000  # Tuesday 1 December 2026, 21:00: too late for a message
MORNING = EVENING + 11 * HOUR  # and now it may go

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def heed(created: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(pace, "MOST", TURN)
    monkeypatch.setattr(pace, "FEWEST", TURN)
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    return msgspec.structs.replace(created, policy=policy)


class Story:
    """The inputs of one test, in two halves, and the clock that goes with them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._steps = list(steps(EVENTS, SEED, Codec.local()))
        self.clock = Hand(first_moment(SEED))

    async def tell(self, begin: float = 0.0, end: float = 1.0, *, twice: bool = False) -> None:
        """Feed a part of it, each moment's objections before its appointments; ``twice``: appointments again."""
        count = len(self._steps)
        async with Feeder(connection(self._settings), self._settings.topic) as feeder:
            for step in self._steps[int(begin * count) : int(end * count)]:
                await feeder.feed(step.state)
                await feeder.feed([*step.deciding, *(again(step.deciding) if twice else ())])
                self.clock.at = max(self.clock.at, step.now)

    async def verified(self) -> Report:
        report = await verify(self._settings, Plan(slack=0))
        print([str(finding) for finding in report.findings[:5]], report.checked)  # noqa: T201
        assert not report.notes
        assert report.waiting == 0 or not report.clean
        assert report.checked["decisions"] > EVENTS // 4
        return report


def again(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.topic is Topic.APPOINTMENTS]


async def dying(settings: Settings, monkeypatch: pytest.MonkeyPatch, producer: Any) -> Report:
    """One worker dies at its worst moment, another takes over."""
    story = Story(settings)
    await story.tell()
    moment = bugs.Moment(6)
    with monkeypatch.context() as patched:
        patched.setattr(producer, "moment", moment)
        patched.setattr(host, "ShardProducer", producer)
        first = await Solo(settings, story.clock).start()
        await asyncio.wait_for(moment.come.wait(), WAIT_S)
        await first.crash()
    second = await Solo(settings, story.clock).start()
    await first.bury()
    await second.drain()
    await second.stop()
    return await story.verified()


async def test_a_worker_that_dies_before_its_commit_leaves_nothing_behind(
    heed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await dying(heed, monkeypatch, bugs.DiesBeforeCommit)).clean


@pytest.mark.parametrize("bug", [bugs.OffsetsFirst, bugs.TableFirst])
async def test_what_is_written_in_two_transactions_is_found_lost(
    heed: Settings, monkeypatch: pytest.MonkeyPatch, bug: type[ShardProducer]
) -> None:
    report = await dying(heed, monkeypatch, bug)
    assert report.differences[Kind.LOST]


async def zombie(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, producer: Any
) -> tuple[Report, list[BaseException | None]]:
    """A worker stands still before a commit, another takes over and finishes, the first goes on."""
    story = Story(settings)
    await story.tell()
    moment = bugs.Moment(3, freeze=True)
    gave_up: list[BaseException | None] = []

    def note(_event: str, error: BaseException | None = None, **_: object) -> None:
        gave_up.append(error)

    monkeypatch.setattr(host, "give_up", note)
    monkeypatch.setattr(producer, "moment", moment)
    monkeypatch.setattr(host, "ShardProducer", producer)
    first = await Solo(settings, story.clock).start()
    await asyncio.wait_for(moment.come.wait(), WAIT_S)
    await first._reader.stop()
    for shard in first.host.shards.values():
        shard._flowing.clear()  # the others of this worker have nothing in hand
    second = await Solo(settings, story.clock).start()
    await second.drain()
    moment.go_on.set()
    await first.host.quiesce()
    await first.crash()
    await first.bury()
    await second.stop()
    return await story.verified(), gave_up


@pytest.mark.parametrize("producer", [bugs.FreezesBeforeCommit, bugs.WritesLate])
async def test_a_worker_that_was_taken_for_dead_is_fenced(
    heed: Settings, monkeypatch: pytest.MonkeyPatch, producer: type[ShardProducer]
) -> None:
    report, gave_up = await zombie(heed, monkeypatch, producer)
    assert report.clean
    assert [type(error) for error in gave_up] == [Fenced]


async def test_without_fencing_a_zombie_is_found_to_double(
    heed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, _ = await zombie(heed, monkeypatch, bugs.NotFenced)
    assert report.differences[Kind.DUPLICATED]


async def restarted(settings: Settings, **second: Any) -> Report:
    """Stopped in order half-way, and started again."""
    story = Story(settings)
    await story.tell(0.0, 0.5)
    one = await Solo(settings, story.clock).start()
    await one.drain()
    await one.stop()
    await story.tell(0.5, 1.0)
    story.clock.at += MINUTE
    two = await Solo(settings, story.clock, **second).start()
    await two.drain()
    await two.stop()
    return await story.verified()


async def test_a_restart_changes_nothing(heed: Settings) -> None:
    assert (await restarted(heed)).clean


async def up_to_date(*_: Any) -> bool:
    return False


async def test_a_table_that_is_not_restored_is_found(heed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forget(*_: Any) -> dict[bytes, bytes]:
        return {}

    real, calls = vars(host)["restore"], iter([True] * heed.partitions)
    monkeypatch.setattr(host, "restore", lambda *given: real(*given) if next(calls, False) else forget())
    monkeypatch.setattr(host, "table_is_behind", up_to_date)  # which would stop it (test_backup.py)
    report = await restarted(heed)
    assert report.differences[Kind.TABLE]


async def test_an_offset_that_is_one_too_low_is_found(
    heed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Host._where_to_read

    async def one_too_low(self: Host, partition: int, read_to: Any) -> dict[Topic, int]:
        found = await real(self, partition, read_to)
        return {topic: max(0, offset - 1) for topic, offset in found.items()}

    monkeypatch.setattr(Host, "_where_to_read", one_too_low)
    report = await restarted(heed)
    assert report.differences[Kind.DUPLICATED]


async def racing(settings: Settings) -> Report:
    """Everything was logged while no worker ran; patients are fetched first and objections last."""
    story = Story(settings)
    await story.tell()
    slow = dict.fromkeys(DECIDING_TOPICS, 0.4) | {Topic.OBJECTIONS: 3.0}
    solo = await Solo(settings, story.clock, slow=slow).start()
    await solo.drain()
    await solo.stop()
    return await story.verified()


async def test_an_objection_that_was_logged_first_is_applied_first(heed: Settings) -> None:
    report = await racing(heed)
    assert report.clean
    assert report.checked["messages to objectors"]


async def test_without_the_barrier_messages_are_found_on_objected_channels(
    heed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(self: Barrier, partition: int) -> tuple[int, ...]:
        return (0,) * len(STATE_TOPICS)

    monkeypatch.setattr(Barrier, "mark", at_once)
    assert (await racing(heed)).differences[Kind.OBJECTED]


async def waited(settings: Settings) -> Report:
    """Messages wait in the evening; objections are logged in the night, and fetched after the morning's timers."""
    assert settings.policy is not None
    settings.policy.write_text(POLICY + "coalesce_min: 0\n")
    known, deciding = Racing(Codec.local(), SEED).lines(EVENING, 60)
    clock = Hand(EVENING)
    async with Feeder(connection(settings), settings.topic) as feeder:
        await feeder.feed(line for line in known if line.topic is not Topic.OBJECTIONS)
        await feeder.feed(deciding)
        one = await Solo(settings, clock).start()
        await one.drain()
        await one.stop()
        await feeder.feed(line for line in known if line.topic is Topic.OBJECTIONS)
    clock.at = MORNING
    two = await Solo(settings, clock, slow={Topic.OBJECTIONS: 3.0}).start()
    await two.drain()
    await two.stop()
    report = await verify(settings, Plan(slack=0))
    print([str(finding) for finding in report.findings[:5]], report.checked)  # noqa: T201
    assert report.checked["send-commands"]
    return report


async def test_a_held_message_heeds_what_was_logged_meanwhile(
    heed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "A_TURN", 0)  # nothing is logged while a turn is decided
    assert (await waited(heed)).clean


async def test_a_held_message_that_passes_the_barrier_is_found(
    heed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "A_TURN", 0)
    monkeypatch.setattr("streams.worker.shard.Intake", bugs.WakesPass)
    assert (await waited(heed)).differences[Kind.OBJECTED]


async def delivered_twice(settings: Settings, **how: Any) -> Report:
    story = Story(settings)
    await story.tell(twice=True)
    solo = await Solo(settings, story.clock, **how).start()
    await solo.drain()
    await solo.stop()
    return await story.verified()


async def test_what_is_delivered_twice_is_decided_once(heed: Settings) -> None:
    assert (await delivered_twice(heed)).clean


async def test_without_deduplication_second_messages_are_found(heed: Settings) -> None:
    report = await delivered_twice(heed, engine=bugs.Forgetful())
    assert report.differences[Kind.DUPLICATED]


async def recorded(settings: Settings) -> Report:
    """Everything is put on record; the recorder dies after its first writing and is started again."""
    story = Story(settings)
    await story.tell()
    solo = await Solo(settings, story.clock).start()
    await solo.drain()
    await solo.stop()
    connect = connection(settings)
    offsets = OffsetsClient(connect)
    await offsets.open()
    assert settings.policy is not None
    heart = Heart(story.clock.now, settings.topic(Topic.RECEIPTS))
    parts = writing.Parts(
        settings, connect, offsets, Codec.local(), PolicyFile(settings.policy), story.clock, heart, PassOn()
    )
    for number in range(settings.partitions):
        for _ in range(2):
            partition = writing.RecordPartition(parts, number)
            await partition.open()
            for topic in writing.SOURCES:
                place = (settings.topic(topic), number)
                end = (await offsets.ends([place]))[place]
                async for records in replay(connect, *place, partition.next[topic], end):
                    await partition.write({place[0]: records})
            await partition.close()
    await offsets.close()
    return await story.verified()


async def test_a_recorder_that_starts_again_writes_nothing_twice(heed: Settings) -> None:
    report = await recorded(heed)
    assert report.clean
    assert report.unrecorded == 0
    assert report.checked["records"] > 100


async def test_a_recorder_that_writes_at_least_once_is_found(
    heed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ShardProducer", bugs.AtLeastOnce)
    monkeypatch.setattr(writing, "_read_to", lambda _: {})
    report = await recorded(heed)
    assert report.differences[Kind.DUPLICATED]
