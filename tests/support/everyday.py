"""An ordinary hour of a hospital: what comes in, a provider that delivers, and a staff that acts in time."""

import random
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from streams.domain.records import EscalationTask, SendCommand
from streams.domain.time import DAY, HOUR, MINUTE, Instant
from streams.domain.vocabulary import TaskStatus, Topic
from streams.kafka.codec import Codec
from streams.settings import Settings
from tests.support.outside import Sender, appointment, envelope, objection, patient

#: Known before the hour begins. With so many nobody gets more messages than a day allows.
PATIENTS: Final = 2_000
_CODEC: Final = Codec.local()


class Everyday:
    """Feeds ``minute`` after minute. ``clock``: the hospital's time, UTC milliseconds."""

    def __init__(self, settings: Settings, clock: Callable[[], Instant], seed: int = 7) -> None:
        self._sender = Sender(settings)
        self._clock = clock
        self._chance = random.Random(seed)
        self._booked: list[tuple[str, str, Instant]] = []  # patient, appointment, start
        self._next = iter(range(1, 1_000_000))
        self._whose = self._round()
        self._ear = _Ear(settings)
        self._due: list[tuple[Instant, Topic, dict[str, Any]]] = []
        self._last: dict[str, Any] | None = None
        self.fed = 0

    def know(self) -> None:
        """Everybody is on file, and some have objected long ago; one in ten is to come within two days."""
        at = self._clock()
        for number in range(PATIENTS):
            self._send(Topic.PATIENTS, patient(f"P{number}", at))
            if number % 20 == 0:
                self._send(Topic.OBJECTIONS, objection(f"P{number}", at, channels=["email"]))
        for _ in range(PATIENTS // 4):
            self._book(at + self._chance.choice((26 * HOUR, 12 * DAY, 20 * DAY, 30 * DAY)))
        self._sender.flush()

    def minute(self) -> None:
        """What happens within a minute of an ordinary morning: some 40 events."""
        at = self._clock()
        for _ in range(18):
            self._book(at + self._chance.randrange(5, 60) * DAY)
        for _ in range(6):
            self._change(at)
        for _ in range(8):
            self._result(at)
        if self._chance.random() < 0.5:
            self._send(
                Topic.OBJECTIONS, objection(next(self._whose), at, objection_id=f"O{next(self._next)}")
            )
        if self._last is not None:
            self._send(Topic.APPOINTMENTS, self._last)  # sources say things twice
        self._sender.flush()

    def answer(self) -> None:
        """The provider confirms after a few seconds, staff take a task on after 2 minutes and end it after 6."""
        now = self._clock()
        for record in self._ear.listen():
            if isinstance(record, SendCommand):
                fields = {
                    "command_id": record.command_id,
                    "status": "DELIVERED",
                    "channel": str(record.channel),
                }
                self._later(Topic.RECEIPTS, record.patient_id, now + 20_000, fields)
            elif record.version == 1 and record.status is TaskStatus.OPEN:
                acts = {"task_id": record.task_id, "by": "u1", "role": str(record.role), "purposes": []}
                told = "CONTACTED" if record.subject.kind in ("appointment", "result") else "CLOSED"
                for wait, kind in ((2 * MINUTE, "CLAIMED"), (6 * MINUTE, told)):
                    act = acts | {"kind": kind, "outcome_code": "dealt_with"}
                    self._later(Topic.RESOLUTIONS, record.patient_id, now + wait, act)
        for one in [one for one in self._due if one[0] <= now]:
            self._due.remove(one)
            self._send(one[1], one[2])
        self._sender.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ear.close()

    # What happens.

    def _round(self) -> Iterator[str]:
        while True:
            order = list(range(PATIENTS))
            self._chance.shuffle(order)
            yield from (f"P{number}" for number in order)

    def _book(self, start: Instant) -> None:
        who, name = next(self._whose), f"A{next(self._next)}"
        self._booked.append((who, name, start))
        self._last = appointment(who, self._clock(), start, appointment_id=name)
        self._send(Topic.APPOINTMENTS, self._last)

    def _change(self, at: Instant) -> None:
        """An appointment is cancelled or put off by a week."""
        who, name, start = self._booked.pop(self._chance.randrange(len(self._booked) // 2))
        what = {"status": "CANCELLED"} if self._chance.random() < 0.5 else {"previous_starts_at": start}
        then = start if "status" in what else start + 7 * DAY
        self._send(Topic.APPOINTMENTS, appointment(who, at, then, 2, appointment_id=name, **what))

    def _result(self, at: Instant) -> None:
        """One in ten is bad news: no message tells it, a clinician is asked."""
        bad_news = self._chance.random() < 0.1
        fields: dict[str, Any] = {
            "result_id": f"R{next(self._next)}", "status": "FINAL", "test_code": "FBC", "service_code": "GEN",
            "reviewed": True, "release": "NOTIFY", "critical": False, "bad_news": bad_news, "within_threshold": not bad_news,
        }  # fmt: skip
        self._send(Topic.RESULTS, envelope(next(self._whose), at, **fields))

    def _later(self, topic: Topic, who: str, at: Instant, fields: dict[str, Any]) -> None:
        self._due.append((at, topic, envelope(who, at, **fields)))

    def _send(self, topic: Topic, fields: dict[str, Any]) -> None:
        self._sender.send(topic, fields)
        self.fed += 1


class _Ear:
    """Hears the commands and tasks as they are written."""

    def __init__(self, settings: Settings) -> None:
        self._topics = {
            settings.topic(topic): topic for topic in (Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS)
        }
        self._consumer = Consumer(
            {
                "bootstrap.servers": settings.bootstrap_servers, "group.id": "everyday",
                "isolation.level": "read_committed", "enable.auto.commit": False, "fetch.wait.max.ms": 20,
            }
        )  # fmt: skip
        self._consumer.assign(
            [
                TopicPartition(name, number, OFFSET_BEGINNING)
                for name in self._topics
                for number in range(settings.partitions or 4)
            ]
        )

    def listen(self) -> Iterator[SendCommand | EscalationTask]:
        for message in self._consumer.consume(10_000, 0.2):
            if message.error() is None:
                record = _CODEC.decode_output(self._topics[str(message.topic())], message.value() or b"")
                assert isinstance(record, SendCommand | EscalationTask)
                yield record

    def close(self) -> None:
        self._consumer.close()
