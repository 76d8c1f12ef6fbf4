"""Brings a patient table that was restored from a backup up to what inputs and outputs show.

A worker refuses such a table (``worker.hindsight``). With no worker running, each partition is taken over as a worker
would (the producer that fences, the changelog), and from where its table had read to

1. whatever people had said by the last turn is applied: objections, patients, resolutions;
2. each appointment, result, request and receipt that a turn had read is taken, with what was decided about it;
3. tasks are taken over in their newest version.

Nothing is decided and nothing sent. The changed rows, and where to read on, are written in transactions whose last
one has the shard's own row: until then the table counts as old. What nobody had read yet is the next worker's.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, Final

from streams.decisions import Environment, adopt, recollect, refuse, respond
from streams.decisions.intake import examine, fingerprint, subject_of
from streams.decisions.refusing import paused
from streams.domain.events import Event, Receipt
from streams.domain.limits import patient_named
from streams.domain.packing import unpack
from streams.domain.patient import Asked, PatientState
from streams.domain.position import Position
from streams.domain.records import Decision, EscalationTask, SendCommand
from streams.domain.shard import ShardState
from streams.domain.time import Instant
from streams.domain.vocabulary import DECIDING_TOPICS, INPUT_TOPICS, STATE_TOPICS, Topic
from streams.errors import BadRecord
from streams.kafka import client, topics
from streams.kafka.codec import LONGEST_KEY, Codec
from streams.kafka.offsets import OffsetsClient
from streams.kafka.partitioner import partition_for
from streams.kafka.reading import Stored, read_and_learn
from streams.kafka.registry import codec_for
from streams.kafka.restore import restore
from streams.kafka.transaction import ShardProducer
from streams.policy.load import load_policy
from streams.policy.model import Policy
from streams.settings import Settings
from streams.worker.hindsight import Made, is_behind, not_read
from streams.worker.journal import Journal, pack_shard, unpack_shard
from streams.worker.table import SHARD_KEY

from . import no_room
from .idle import nobody_works
from .rebuilt import Rebuilt
from .rows import changed_rows
from .stops import Stops

#: Rows of one transaction: some 20 MB, written in a second or two, far below the transaction's time-out.
_ROWS: Final = 20_000
#: What the new journal's number is ahead: turns are missing, and whoever decides them again must know.
_GAP: Final = 2
_OUTPUTS: Final = (Topic.DECISIONS, Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS)


async def rebuild(settings: Settings, now: Instant, say: Callable[[Rebuilt], None]) -> list[Rebuilt]:
    """Every partition; tells ``say`` of each when it is done. Raises BadUsage while workers run, RefuseToStart."""
    partitions = (await topics.check(settings)).partitions
    async with client.admin(settings) as admin:
        await nobody_works(admin, settings.worker_group)
    connect = client.connection(settings)
    offsets = OffsetsClient(connect)
    await offsets.open()
    try:
        codec, policy = await codec_for(settings), load_policy(settings.policy)
        done = []
        for partition in range(partitions):
            one = _Partition(settings, connect, offsets, codec, policy, now, partition, partitions)
            done.append(await one.rebuild())
            say(done[-1])
        return done
    finally:
        await offsets.close()


class _Partition:
    """One partition in hand: its rows, and what has been read of its topics."""

    def __init__(
        self, settings: Settings, connect: dict[str, Any], offsets: OffsetsClient, codec: Codec, policy: Policy,
        now: Instant, number: int, partitions: int,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._connect = connect
        self._offsets = offsets
        self._codec = codec
        self._policy = policy
        self._now = now
        self._number = number
        self._partitions = partitions
        self._rows: dict[bytes, bytes] = {}
        self._touched: dict[bytes, PatientState] = {}
        self._inputs: dict[Topic, list[Stored]] = {topic: [] for topic in INPUT_TOPICS}
        self._unseen: list[Decision] = []
        self._made: list[Made] = []  # those, and the last one of all
        self._last: Made | None = None
        self._ends: dict[Topic, int] = {}  # of the inputs
        self._commands: dict[str, SendCommand] = {}
        self._tasks: dict[str, EscalationTask] = {}
        self._shard = ShardState()
        self._stops = Stops()
        self._journal = Journal()
        self._asked_again = 0

    async def rebuild(self) -> Rebuilt:
        """Raises KafkaError, BadRecord."""
        settings, number = self._settings, self._number
        producer = ShardProducer(self._connect, settings.worker_group, number)
        await producer.open()  # from here on nobody else writes this partition
        try:
            changelog = settings.topic(Topic.PATIENT_TABLE)
            self._rows = await restore(self._connect, self._offsets, changelog, number)
            self._shard, self._journal = unpack_shard(self._rows.pop(SHARD_KEY, None))
            self._ends = await self._input_ends()
            await self._read()
            if self._last is None or not is_behind(self._journal, [*self._made, self._last], self._ends):
                return Rebuilt(number)
            read_to = await self._read_to()
            inputs = {topic: self._taken(topic, end) for topic, end in read_to.items()}
            self._recollect(inputs)
            unwritable = await self._write(producer, read_to, inputs)
            return Rebuilt(
                number, len(self._unseen), sum(map(len, inputs.values())), len(self._touched) - len(unwritable),
                self._asked_again, no_room.named(unwritable, inputs, settings.log_key), self._shard.paused,
            )  # fmt: skip
        finally:
            await producer.close()

    # What there is.

    async def _read(self) -> None:
        """Keep of the topics what the table has not seen, and tasks in their newest version."""
        names = {self._settings.topic(topic): topic for topic in (*INPUT_TOPICS, *_OUTPUTS)}
        read_to = self._journal.read_to
        async for stored in read_and_learn(self._connect, self._codec, list(names), partition=self._number):
            topic = names[stored.topic]
            if topic in self._inputs:
                if stored.offset >= read_to.get(topic, 0):
                    self._inputs[topic].append(stored)
                continue
            made = self._codec.decode_output(topic, stored.value or b"")
            if isinstance(made, Decision) and made.input.partition == self._number:
                self._last = Made(made, stored.timestamp)
                if self._is_unseen(self._last):
                    self._unseen.append(made)
                    self._made.append(self._last)
            elif isinstance(made, SendCommand) and made.created_at >= self._journal.at:
                self._commands[made.command_id] = made
            elif isinstance(made, EscalationTask) and made.patient_id:
                self._tasks[made.task_id] = made
            elif isinstance(made, EscalationTask):
                self._stops.raised(made)

    def _is_unseen(self, made: Made) -> bool:
        """Whether the table has not seen this decision."""
        return made.at > self._journal.at or not_read(self._journal, made.decision, self._ends)

    async def _input_ends(self) -> dict[Topic, int]:
        names = {(self._settings.topic(topic), self._number): topic for topic in INPUT_TOPICS}
        return {names[at]: end for at, end in (await self._offsets.ends(list(names))).items()}

    async def _read_to(self) -> dict[Topic, int]:
        """Where the last turn had read to: what the group committed with it, and at least what was decided.

        A decision about an offset beyond the end is from before the topic was made anew, and tells nothing of this one.
        """
        names = {(self._settings.topic(topic), self._number): topic for topic in INPUT_TOPICS}
        committed = await self._offsets.committed(self._settings.worker_group, list(names))
        ends = await self._input_ends()
        read_to = {
            topic: min(max(committed[at] or 0, self._journal.read_to.get(topic, 0)), ends[topic])
            for at, topic in names.items()
        }
        for decision in self._unseen:
            topic, offset = Topic(decision.input.topic), decision.input.offset
            if offset < ends[topic]:
                read_to[topic] = max(read_to[topic], offset + 1)
        return read_to

    def _taken(self, topic: Topic, end: int) -> list[Stored]:
        """What turns had read since the table's own last one, without what was passed on to another partition."""
        return [one for one in self._inputs[topic] if one.offset < end and self._is_ours(topic, one.key)]

    def _is_ours(self, topic: Topic, key: bytes | None) -> bool:
        """A patient's record is of their partition; what names nobody of the one it lies in, and counts as an objection only."""
        if key is None or key == SHARD_KEY or len(key) > LONGEST_KEY:
            return topic is Topic.OBJECTIONS
        return partition_for(key, self._partitions) == self._number

    # What follows from it.

    def _recollect(self, inputs: Mapping[Topic, list[Stored]]) -> None:
        for topic in STATE_TOPICS:
            for one in inputs[topic]:
                self._learn(topic, one)
        given = {(topic, one.offset) for topic in DECIDING_TOPICS for one in inputs[topic]}
        about: dict[tuple[Topic, int], list[Decision]] = defaultdict(list)
        for decision in self._unseen:
            place = Topic(decision.input.topic), decision.input.offset
            if place in given:
                about[place].append(decision)
            else:  # about what the table knows already: a hold that ended, a message that did not arrive
                self._decided(decision)
        for topic in DECIDING_TOPICS:
            for one in inputs[topic]:
                self._take(topic, one, about[topic, one.offset])
        by_id = {decision.decision_id: decision for decision in self._unseen}
        for task in self._tasks.values():
            key = task.patient_id.encode()
            seen = recollect.task_seen(self._patient(key), task, by_id.get(task.decision_id), self._now)
            self._keep(key, seen)

    def _learn(self, topic: Topic, stored: Stored) -> None:
        """What people said, as facts; an objection that cannot be read or applied stops messages, as ever."""
        key, at = stored.key or b"", Position(topic, self._number, stored.offset, self._now)
        patient, env = self._patient(key), Environment(self._policy, self._now, self._shard)
        try:
            event = self._codec.decode(topic, stored.key, stored.value)
        except BadRecord as bad:
            name = patient_named(stored.key)
            response = refuse(name, patient, bad, stored.key, stored.value, at, env)
            self._shard = self._stops.refused(stored, at, self._shard, response.shard)
            if name is not None:
                self._keep(key, response.patient)
            return
        id_, mark = event.envelope.patient_id, fingerprint(event.envelope.event_id)
        if topic is Topic.RESOLUTIONS:
            self._shard = self._stops.resolved(stored, patient, event, at, env)
        if examine(id_, patient, event, mark, self._policy, self._now) is not None:
            self._keep(key, respond(id_, patient, event, at, env).patient)
        else:
            self._keep(key, adopt(id_, patient, event, at, env))

    def _take(self, topic: Topic, stored: Stored, decisions: Sequence[Decision]) -> None:
        key = stored.key or b""
        try:
            event = self._codec.decode(topic, stored.key, stored.value)
        except BadRecord:
            return  # it was set aside, and is in the dead letters: no worker knew more than we have asked for
        if any(decision.rule.startswith("1.") for decision in decisions):
            return  # refused: nothing of it was applied
        self._keep(key, recollect.took(self._patient(key), event, self._now))
        for decision in decisions:
            self._decided(decision)
        if not decisions and not isinstance(event.body, Receipt):
            self._ask_again(key, topic, stored, event)

    def _ask_again(self, key: bytes, topic: Topic, stored: Stored, event: Event) -> None:
        kind, id_, version = subject_of(event)
        at = Position(topic, self._number, stored.offset, self._now)
        asked = Asked(kind, id_, version, event.envelope.event_id, at, event.envelope.occurred_at)
        self._keep(key, recollect.open_request(self._patient(key), asked, self._now))
        self._asked_again += 1

    def _decided(self, decision: Decision) -> None:
        key, command = decision.patient_id.encode(), self._commands.get(decision.command_id or "")
        self._keep(key, recollect.decided(self._patient(key), decision, command, self._policy))

    def _patient(self, key: bytes) -> PatientState:
        known = self._touched.get(key)
        if known is None:
            packed = self._rows.get(key)
            known = PatientState() if packed is None else unpack(packed)
        return known

    def _keep(self, key: bytes, patient: PatientState | None) -> None:
        if patient is not None:
            self._touched[key] = patient

    # Making it true.

    async def _write(
        self, producer: ShardProducer, read_to: dict[Topic, int], inputs: Mapping[Topic, Sequence[Stored]]
    ) -> Set[bytes]:
        """Gives the patients whose row cannot be written."""
        changelog = self._settings.topic(Topic.PATIENT_TABLE)
        rows, unwritable = changed_rows(self._touched, self._rows)
        changed = list(rows.items())
        env = Environment(self._policy, self._now, self._shard)
        if unwritable:  # what was said of them may have been an objection
            self._shard = paused(env)
        for begin in range(0, len(changed), _ROWS):
            outbox = producer.outbox()
            for key, packed in changed[begin : begin + _ROWS]:
                outbox.add(changelog, key, packed)
            await producer.commit(outbox, {})
        journal = Journal(self._journal.number + _GAP, max(self._now, self._journal.at), (), read_to)
        outbox = producer.outbox()
        lost = [(one, unwritable[one.key]) for one in inputs[Topic.OBJECTIONS] if one.key in unwritable]
        no_room.tell(outbox, self._settings, self._codec, lost, self._stops, env)
        outbox.add(changelog, SHARD_KEY, pack_shard(self._shard, journal))
        offsets = {(self._settings.topic(topic), self._number): offset for topic, offset in read_to.items()}
        await producer.commit(outbox, offsets)
        return unwritable.keys()
