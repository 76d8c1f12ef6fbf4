"""A dead letter is put back once, whoever dies on the way and however many try at once."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from streams.domain.records import Decision, SendCommand
from streams.domain.time import DAY
from streams.domain.vocabulary import Reason, Topic
from streams.kafka import client
from streams.kafka.partitioner import partition_for
from streams.settings import Settings
from streams.triage.letters import REQUEUED, REQUEUED_FROM
from streams.triage.requeue import chosen_by, requeue
from tests.support.outside import Sender, appointment, committed, encoded, now, outputs, patient
from tests.support.running import PROJECT, environment

from .load import POLICY
from .solo import Hand, Solo

pytestmark = pytest.mark.timeout(90)

SEED = 4
PLACE = partition_for(b"P1", 4)


@pytest.fixture
async def letter(created: Settings, tmp_path: Path) -> Settings:
    """A patient, and a booking of hers that was set aside because its schema was not known then."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    settings = msgspec.structs.replace(created, policy=policy)
    with Sender(settings) as sender:
        sender.send(Topic.PATIENTS, patient("P1", now()))
    headers = {"heed.reason": "unknown_schema", "heed.topic": "appointments", "heed.partition": str(PLACE),
               "heed.offset": "0", "heed.schema_id": "99", "heed.error": "unknown", "heed.at": str(now())}  # fmt: skip
    value = encoded(Topic.APPOINTMENTS, appointment("P1", now(), now() + 9 * DAY))
    async with AIOKafkaProducer(**client.connection(settings)) as producer:
        await producer.send_and_wait(
            settings.topic(Topic.DEAD_LETTERS), value, b"P1", partition=PLACE,
            headers=[(name, text.encode()) for name, text in headers.items()],
        )  # fmt: skip
    return settings


def requeuing(settings: Settings, moment: str) -> "subprocess.Popen[bytes]":
    words = ["dead-letters", "requeue", "--id", f"{PLACE}-0"]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.fault.requeuing", moment, *words],
        env=environment(settings), cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def back(settings: Settings) -> tuple[int, int]:
    """How many records lie in the input topic that were put back, and how many marks say so."""
    records = [dict(m.headers() or ()) for m in committed(settings, Topic.APPOINTMENTS)]
    marks = [dict(m.headers() or ()) for m in committed(settings, Topic.DEAD_LETTERS)]
    return sum(REQUEUED_FROM in one for one in records), sum(REQUEUED in one for one in marks)


async def decided(settings: Settings) -> list[Reason]:
    """Why a worker decided as it did, in order; it takes whatever is there."""
    solo = await Solo(settings, Hand(now())).start()
    await solo.drain()
    await solo.stop()
    assert len([one for one in outputs(settings, Topic.SEND_COMMANDS) if isinstance(one, SendCommand)]) <= 1
    return [one.reason for one in outputs(settings, Topic.DECISIONS) if isinstance(one, Decision)]


async def test_killed_before_its_commit_it_has_done_nothing_and_the_next_does_it_once(
    letter: Settings,
) -> None:
    assert requeuing(letter, "before").wait(30) == -signal.SIGKILL
    assert requeuing(letter, "never").wait(30) == 0
    assert back(letter) == (1, 1)
    assert len(await decided(letter)) == 1
    again = await requeue(chosen_by([], None, every=True), letter, again=True)
    assert again.done == [f"{PLACE}-0"]
    assert (await decided(letter))[1:] == [Reason.DUPLICATE]


async def test_killed_after_its_commit_it_has_done_all_and_the_next_leaves_it(letter: Settings) -> None:
    assert requeuing(letter, "after").wait(30) == -signal.SIGKILL
    assert back(letter) == (1, 1)
    assert requeuing(letter, "never").wait(30) == 1
    assert back(letter) == (1, 1)


async def test_several_at_once_some_of_them_killed_put_it_back_once(letter: Settings) -> None:
    rng = Random(SEED)
    moments = ["never", "before", "never", "after", "never"]
    rng.shuffle(moments)
    processes = [requeuing(letter, moment) for moment in moments]
    await asyncio.sleep(rng.uniform(0.2, 0.8))
    processes[0].kill()
    ended = [process.wait(60) for process in processes]
    assert set(ended) <= {0, 1, -signal.SIGKILL}
    result = await requeue(chosen_by([], None, every=True), letter, again=False)
    assert len(result.done) + len(result.left) == 1
    assert back(letter) == (1, 1)
