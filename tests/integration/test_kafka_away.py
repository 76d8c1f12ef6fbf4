"""The broker is killed and comes back: both processes say so meanwhile, in words and in figures, and go on after it."""

import asyncio
import re

import msgspec
import pytest

from streams.domain.time import DAY
from streams.domain.vocabulary import Topic
from streams.kafka import topics
from streams.kafka.broker import LocalKafka
from streams.settings import Settings
from tests.support.outside import Sender, appointment, now, outputs, patient
from tests.support.running import Heed, until

pytestmark = pytest.mark.timeout(240)


def heartbeat_age(recorder: Heed) -> float:
    said = recorder.get("/metrics")[1]
    found = re.findall(r'^heed_heartbeat_age_seconds\{partition="\d+"\} (\S+)', said, re.MULTILINE)
    return max(map(float, found), default=0.0)


def says_so(process: Heed) -> bool:
    """In words and figures; or it has given up, being in the middle of a turn: its supervisor starts it again."""
    return process.ended or (
        process.get("/readyz") == (503, "no Kafka answers\n")
        and process.metric("heed_kafka_unreachable") == 1
        and process.metric("heed_ready") == 0
    )


def works(process: Heed) -> bool:
    return process.get("/readyz")[0] == 200 and process.metric("heed_kafka_unreachable") == 0


def test_without_kafka_both_processes_say_that_none_answers(
    own_kafka: LocalKafka, settings: Settings
) -> None:
    ours = msgspec.structs.replace(settings, bootstrap_servers=own_kafka.bootstrap)
    asyncio.run(topics.create(ours))
    with Heed("worker", ours) as worker, Heed("recorder", ours) as recorder:
        until(lambda: recorder.metric("heed_heartbeat_seconds_count") >= 4, 60)
        until(lambda: works(worker) and works(recorder))
        own_kafka.kill()
        until(lambda: says_so(worker) and says_so(recorder))
        if not recorder.ended:
            grown = heartbeat_age(recorder) + 3
            until(lambda: recorder.ended or heartbeat_age(recorder) > grown, 15)
        own_kafka.start()
        for process in (worker, recorder):
            if process.ended:
                process.start().until_ready()
        until(lambda: works(worker) and works(recorder), 60)
        with Sender(ours) as sender:
            sender.send(Topic.PATIENTS, patient("P1", now()))
            sender.send(Topic.APPOINTMENTS, appointment("P1", now(), now() + 9 * DAY))
        until(lambda: outputs(ours, Topic.DECISIONS), 30)
