"""The demo's day without Kafka: the same steps, the same rules and players, everything in memory.

What it leaves behind is the demo's own kind of evidence, so that the same summary and checks can be made.
"""

from collections import Counter
from collections.abc import Sequence

from streams.decisions import Environment, Response, refuse, respond, wake
from streams.demo.day import Day
from streams.demo.evidence import Evidence, Given, Written
from streams.demo.hours import BOOKING_FROM, DAY_ENDS, DAY_STARTS, EVE_ENDS, STATE_LOADED
from streams.demo.lines import bytes_of
from streams.demo.plain import PlainReader
from streams.demo.play import by_step
from streams.demo.provider import Provider
from streams.demo.scene import TimedRecord
from streams.demo.staff import Staff
from streams.domain.packing import due_of, pack, unpack
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import DeadLetter, Decision, EscalationTask, Forward, Output, SendCommand
from streams.domain.shard import ShardState
from streams.domain.time import MINUTE, Instant
from streams.domain.vocabulary import STATE_TOPICS, Topic
from streams.errors import BadRecord
from streams.kafka.codec import Codec
from streams.policy.load import load_policy
from streams.recorder.entries import message_entry, task_entry

Arrival = tuple[Topic, bytes, bytes | None]
_LOADING = (Topic.PATIENTS, Topic.OBJECTIONS, Topic.RESOLUTIONS)


class Hospital:
    """One shard, one provider, one staff."""

    def __init__(self) -> None:
        self.evidence = Evidence()
        self._codec, self._reader, self._policy = Codec.local(), PlainReader(), load_policy(None)
        self._provider, self._staff = Provider(), Staff()
        self.patients: dict[bytes, bytes] = {}  # packed, by key
        self._shard = ShardState()
        self._now: Instant = STATE_LOADED
        self._offsets: Counter[Topic] = Counter()
        self._order = 0

    def play(self, day: Day) -> Evidence:
        """The Monday, the Tuesday, and what settles after it."""
        loaded = [record for record in day.before if record.at <= STATE_LOADED]
        for topic in _LOADING:
            self._step(STATE_LOADED, [record for record in loaded if record.topic is topic])
        booked = [record for record in day.before if record.at > STATE_LOADED]
        monday = range(BOOKING_FROM + 10 * MINUTE, EVE_ENDS + 1, 10 * MINUTE)
        tuesday = range(DAY_STARTS, DAY_ENDS + 20 * MINUTE + 1, MINUTE)
        for now, records in (*by_step(booked, monday), *by_step(day.during, tuesday)):
            self._step(now, records)
        return self.evidence

    def _step(self, now: Instant, records: Sequence[TimedRecord]) -> None:
        arrivals: list[Arrival] = [(r.topic, r.key or b"", bytes_of(r, self._codec)) for r in records]
        answers = (*self._provider.due(now), *self._staff.due(now))
        arrivals += [
            (event.topic, event.envelope.patient_id.encode(), self._codec.encode_event(event))
            for event in answers
        ]
        for arrival in arrivals:
            if arrival[0] in STATE_TOPICS:
                self._take(*arrival)
        self._now = now
        for key in list(self.patients):
            while 0 < due_of(self.patients[key]) <= now:
                self._keep(key, wake(key.decode(), unpack(self.patients[key]), self._environment()))
        for arrival in arrivals:
            if arrival[0] not in STATE_TOPICS:
                self._take(*arrival)

    def _take(self, topic: Topic, key: bytes, value: bytes | None) -> None:
        at = Position(topic, 0, self._offsets[topic], self._now)
        self._offsets[topic] += 1
        place = (topic.value, 0, at.offset)
        self.evidence.give(Given(place, self._tick(), key.decode(), self._reader.read(value)))
        patient = self._patient(key)
        try:
            event = self._codec.decode(topic, key, value)
        except BadRecord as bad:
            self._keep(key, refuse(key.decode(), patient, bad, key, value, at, self._environment()))
        else:
            self._keep(key, respond(event.envelope.patient_id, patient, event, at, self._environment()))

    def _patient(self, key: bytes) -> PatientState | None:
        packed = self.patients.get(key)
        return None if packed is None else unpack(packed)

    def _environment(self) -> Environment:
        return Environment(self._policy, self._now, self._shard)

    def _keep(self, key: bytes, response: Response) -> None:
        self._shard = response.shard
        if response.patient is not None:
            self.patients[key] = pack(response.patient)
        for output in response.outputs:
            self._write(output)

    def _write(self, output: Output) -> None:
        assert not isinstance(output, Forward), "no records are merged on the demo's day"
        if isinstance(output, DeadLetter):
            return
        written = self._written(output)
        if isinstance(output, Decision):
            self.evidence.decisions.append(written)
        elif isinstance(output, SendCommand):
            self.evidence.commands.append(written)
            self.evidence.records.append(self._written(message_entry(output, self._policy, self._now)))
            self._provider.see(written.record)
        elif isinstance(output, EscalationTask):
            self.evidence.tasks.append(written)
            self.evidence.records.append(self._written(task_entry(output, self._now)))
            self._staff.see(written.record)

    def _written(self, record: object) -> Written:
        plain = self._reader.read(self._codec.encode(record))  # type: ignore[arg-type]
        assert plain is not None
        return Written(("", 0, 0), self._tick(), plain)

    def _tick(self) -> int:
        self._order += 1
        return self._order
