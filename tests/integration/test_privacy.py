"""No page and no log line of worker or recorder shows who a patient is, whatever is fed, readable or not (I12, C193)."""

import pytest

from streams.demo.day import DayPlan, generate
from streams.demo.lines import bytes_of
from streams.domain.events import Event
from streams.domain.vocabulary import Topic
from streams.kafka.codec import Codec
from streams.settings import Settings
from tests.support.identifiers import Identifiers
from tests.support.outside import Sender, committed, now
from tests.support.running import Heed, until

pytestmark = pytest.mark.timeout(300)

PAGES = ("/", "/metrics", "/livez", "/readyz", "/pat-000001", "/?patient=pat-000001")


def test_no_page_and_no_log_line_shows_who_anybody_is(created: Settings) -> None:
    """The generated day at high speed, everything logged, with records that name people and cannot be read."""
    key = "a key for patients in log lines, of this test"
    loud = {
        "HEED_LOG_KEY": key,
        "HEED_LOG": "debug",
        "HEED_CLOCK": f"2026-10-13T11:00:00+01:00@{now()}x300",
        "HEED_CLOCK_ALLOWED": "demo",
    }
    day = generate(DayPlan(60, 200, 5))
    records = (*day.before, *day.during)
    known = Identifiers(records)
    assert len(known.words) > 500
    assert known.in_text(
        "Mei was texted at 07700900004, 5 Placeholder Row, Leeds, LS1 4AP: OTHER_PERSON_READS_MESSAGES"
    )
    with Heed("worker", created, **loud) as worker, Heed("recorder", created, **loud) as recorder:
        codec = Codec.local()
        with Sender(created) as sender:
            for record in records:
                topic = record.value.topic if isinstance(record.value, Event) else record.topic
                sender.raw(topic, record.key, bytes_of(record, codec))
            _unreadable(sender, records[0].value)
        until(lambda: worker.metric("heed_consumer_lag") == 0 and _settled(worker, len(records)), 60)
        until(lambda: worker.metric("heed_wakes_total") > 2, 60)
        until(lambda: recorder.metric("heed_record_entries_total") > 30, 60)
        until(lambda: len(committed(created, Topic.DEAD_LETTERS)) >= 4, 60)
        shown = {
            process.command + page: process.get(page)[1] for process in (worker, recorder) for page in PAGES
        }
        assert worker.terminate() == recorder.terminate() == 0
        shown |= {process.command + " log": process.said() for process in (worker, recorder)}
    told = {where: found for where, text in shown.items() if (found := known.in_text(text))}
    assert told == {}
    assert not [where for where, text in shown.items() if key in text]


def _settled(worker: Heed, count: int) -> bool:
    return worker.metric("heed_events_consumed_total") >= count


def _unreadable(sender: Sender, about: object) -> None:
    """Bytes with a patient in them, under a key with one, in every way in which a record is set aside."""
    assert isinstance(about, Event)
    key, value = about.envelope.patient_id.encode(), Codec.local().encode_event(about)
    sender.raw(Topic.APPOINTMENTS, key, b"not framed: " + value)
    sender.raw(Topic.APPOINTMENTS, key, b"\0\xff\xff\xff\xff" + value)
    sender.raw(Topic.PATIENTS, key, value[: len(value) // 2])
    sender.raw(Topic.PATIENTS, b"pat-000001", value)
