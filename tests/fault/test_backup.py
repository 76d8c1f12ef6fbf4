"""A patient table from a backup: refused, rebuilt from what inputs and outputs show, and nothing sent a second time."""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from streams.domain.packing import unpack
from streams.domain.patient import PatientState
from streams.domain.time import HOUR
from streams.domain.vocabulary import Topic
from streams.errors import Fenced
from streams.kafka import client, topics
from streams.kafka.reading import Stored, read_to_end
from streams.kafka.restore import restore
from streams.ops import fatal
from streams.settings import Settings
from streams.triage.rebuild import rebuild
from streams.triage.rebuilt import Rebuilt
from streams.verify.run import Plan, verify
from streams.worker import host
from streams.worker.table import SHARD_KEY

from .solo import Solo
from .test_verifier import Story, heed

__all__ = ["heed"]

pytestmark = pytest.mark.timeout(90)


async def changelog(settings: Settings) -> list[Stored]:
    name = settings.topic(Topic.PATIENT_TABLE)
    return [stored async for stored in read_to_end(client.connection(settings), [name])]


async def restore_backup(settings: Settings, backup: list[Stored]) -> None:
    """The changelog as it was: a new topic with the older records."""
    name = settings.topic(Topic.PATIENT_TABLE)
    async with client.admin(settings) as admin:
        await admin.delete_topics([name])
        async with asyncio.timeout(10):
            while name in {topic["topic"] for topic in await admin.describe_topics()}:
                await asyncio.sleep(0.05)
    await topics.create(settings)
    async with AIOKafkaProducer(**client.connection(settings)) as producer:
        for stored in backup:
            await producer.send(name, stored.value, stored.key, partition=stored.partition)


def patients(records: list[Stored]) -> dict[bytes, PatientState]:
    newest = {stored.key: stored.value for stored in records if stored.key != SHARD_KEY}
    return {key: unpack(value) for key, value in newest.items() if key is not None and value is not None}


def known(patient: PatientState) -> dict[str, Any]:
    """What a decision to send depends on."""
    return {
        "sections": (
            patient.identity,
            patient.contacts,
            patient.preferences,
            patient.permissions,
            patient.hold,
        ),
        "objections": {id_: (o.version, o.withdrawn) for id_, o in patient.objections.items()},
        "unreadable": patient.unreadable_objection,
        "appointments": {id_: (a.version, a.body, a.told) for id_, a in patient.appointments.items()},
        "results": {id_: (r.version, r.body, r.told_version) for id_, r in patient.results.items()},
        "waiting": {key: (a.version, a.until, a.reason, a.event_id) for key, a in patient.asked.items()},
        "sent": {id_: (s.channel, s.closed, s.failed) for id_, s in patient.sent.items()},
        "tasks": {id_: (t.version, t.status, t.reason, t.due_at) for id_, t in patient.tasks.items()},
    }


async def told(settings: Settings, story: Story, begin: float, end: float) -> None:
    """A worker takes this part of the story, and stops."""
    await story.tell(begin, end)
    solo = await Solo(settings, story.clock).start()
    await solo.drain()
    await solo.stop()


async def rebuilt(settings: Settings, story: Story) -> list[Rebuilt]:
    said: list[Rebuilt] = []
    assert await rebuild(settings, story.clock.at, said.append) == said
    return said


async def refused(settings: Settings, story: Story) -> None:
    """A worker does not touch it, and says why."""
    solo = await Solo(settings, story.clock).begin()
    async with asyncio.timeout(20):
        while (
            sum("older than what was decided with it" in why for why in solo.watch.ready(solo.host))
            < settings.partitions
        ):
            await asyncio.sleep(0.05)
    assert len(solo.watch.ready(solo.host)) == settings.partitions
    assert not any(shard.flowing for shard in solo.host.shards.values())
    await solo.stop()


async def test_a_table_an_hour_old_is_refused_and_rebuilt_and_nothing_is_sent_again(heed: Settings) -> None:
    story = Story(heed)
    await told(heed, story, 0.0, 0.5)
    backup = await changelog(heed)
    story.clock.at += HOUR
    await told(heed, story, 0.5, 0.85)
    before = patients(await changelog(heed))
    await restore_backup(heed, backup)
    await story.tell(0.85, 0.9)  # what nobody has read yet, objections among it
    await refused(heed, story)

    done = await rebuilt(heed, story)
    assert all(one.decisions and one.inputs for one in done)
    assert not sum(one.asked_again for one in done)
    after = patients(await changelog(heed))
    assert after.keys() == before.keys()
    assert {key: known(one) for key, one in after.items()} == {key: known(one) for key, one in before.items()}
    assert not any(one.decisions for one in await rebuilt(heed, story)), (
        "a second time there is nothing to do"
    )

    await told(heed, story, 0.9, 1.0)
    report = await verify(heed, Plan(slack=0))
    print([str(finding) for finding in report.findings[:5]], report.checked)  # noqa: T201
    assert report.clean
    assert report.checked["messages to objectors"]
    assert 0 < report.checked["turns decided again"] < report.checked["turns"]
    assert len([note for note in report.notes if "were not decided again" in note]) == heed.partitions


async def test_a_table_that_was_emptied_is_refused_and_rebuilt(heed: Settings) -> None:
    story = Story(heed)
    await told(heed, story, 0.0, 0.6)
    objections = {key: known(one)["objections"] for key, one in patients(await changelog(heed)).items()}
    await restore_backup(heed, [])
    await refused(heed, story)
    await rebuilt(heed, story)
    after = {key: known(one)["objections"] for key, one in patients(await changelog(heed)).items()}
    assert after == objections
    await told(heed, story, 0.6, 1.0)
    assert (await verify(heed, Plan(slack=0, model=False))).clean


async def test_who_stood_still_while_restoring_is_fenced_and_does_not_accuse_the_table(
    heed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(heed)
    await told(heed, story, 0.0, 0.4)
    go_on = asyncio.Event()
    restored: list[str] = []
    gave_up: list[BaseException | None] = []

    async def frozen(*asked: Any) -> dict[bytes, bytes]:
        rows = await restore(*asked)
        restored.append("one of them")
        await go_on.wait()
        return rows

    def note(_event: str, error: BaseException | None = None, **_: object) -> None:
        gave_up.append(error)

    monkeypatch.setattr(fatal, "give_up", note)
    monkeypatch.setattr(host, "restore", frozen)
    zombie = await Solo(heed, story.clock).begin()
    async with asyncio.timeout(20):
        while len(restored) < heed.partitions:
            await asyncio.sleep(0.05)
    monkeypatch.setattr(host, "restore", restore)
    await story.tell(0.4, 0.8)
    successor = await Solo(heed, story.clock).start()
    await successor.drain()
    go_on.set()
    async with asyncio.timeout(20):
        while not gave_up:
            await asyncio.sleep(0.05)
    # Its other partitions too, or their connections would outlive the test.
    await asyncio.gather(*zombie.host._opening.values(), return_exceptions=True)
    assert [type(error) for error in gave_up] == [Fenced]
    assert not zombie.host.behind
    await zombie.crash()
    await zombie.bury()
    await successor.stop()
