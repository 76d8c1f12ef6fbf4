"""What goes in comes out once, in order, and everything that is named exists. Knows nothing of the rules.

What is named and older than what retention has left of its topic is no difference (``Ledger.removed``).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from streams.domain.packing import unpack
from streams.domain.records import Decision, EscalationTask, RecordEntry, SendCommand
from streams.domain.time import Instant
from streams.domain.vocabulary import Outcome, SubjectKind, Topic
from streams.errors import BadRecord
from streams.kafka.codec import Codec
from streams.kafka.partitioner import partition_for
from streams.worker.table import SHARD_KEY

from .findings import Findings, Kind, Place
from .ledger import Ledger, decoded
from .misplaced import Passed, passed

#: Each of these inputs has an outcome of its own; receipts and state only when they lead to one.
ALWAYS_DECIDED = (Topic.APPOINTMENTS, Topic.RESULTS, Topic.REQUESTS)

Input = tuple[str, int]
"""Topic and offset of an input of this partition."""


class Conservation:
    """The checks of one partition."""

    def __init__(self, ledger: Ledger, codec: Codec, partitions: int, findings: Findings) -> None:
        self._ledger = ledger
        self._codec = codec
        self._partitions = partitions
        self._findings = findings
        self.decisions: list[tuple[Place, Decision]] = []
        self.commands: list[tuple[Place, SendCommand]] = []
        self.tasks: list[tuple[Place, EscalationTask]] = []
        self.passed_on: list[Passed] = []
        self._stamps: dict[Place, Instant] = {}

    def check(self) -> None:
        """Raises BadRecord when an output topic holds something that Heed cannot have written."""
        for topic, into in (
            (Topic.DECISIONS, self.decisions),
            (Topic.SEND_COMMANDS, self.commands),
            (Topic.ESCALATION_TASKS, self.tasks),
        ):
            for stored in self._ledger.outputs[topic]:
                place = self._ledger.place(topic, stored.offset)
                into.append((place, decoded(self._codec, topic, stored)))  # type: ignore[arg-type]
                self._stamps[place] = stored.timestamp
        self._each_input_ends()
        self._one_end_each()
        self._in_order()
        self._once()
        self._linked()
        self._recorded()

    # (a) Every input has an outcome, and every outcome an input.

    def _each_input_ends(self) -> None:
        ledger, add = self._ledger, self._findings.add
        decided: dict[Input, Place] = {}
        for place, decision in self.decisions:
            if decision.input.partition != ledger.partition:
                add(Kind.INVENTED, place, "a decision about an input of another partition")
            decided.setdefault((decision.input.topic, decision.input.offset), place)
        set_aside = set(self._set_aside())
        given: set[Input] = set()
        gone = max(ledger.removed.get(topic, 0) for topic in (Topic.DECISIONS, Topic.DEAD_LETTERS))
        for topic, records in ledger.inputs.items():
            read_to, logged = ledger.read_to.get(topic, 0), 0
            for stored in records:
                # Not before this; its own stamp may be as old as its source likes.
                logged = max(logged, stored.timestamp)
                input_ = (topic.value, stored.offset)
                given.add(input_)
                here = ledger.place(topic, stored.offset)
                if stored.offset >= read_to:
                    if input_ in decided:
                        add(Kind.OFFSETS, here, "decided, though the table says that it was not read")
                elif input_ not in decided and input_ not in set_aside and self._elsewhere(stored.key):
                    assert stored.key is not None
                    self.passed_on.append(passed(here, partition_for(stored.key, self._partitions), stored))
                elif (
                    topic in ALWAYS_DECIDED
                    and logged >= gone
                    and input_ not in decided
                    and input_ not in set_aside
                ):
                    add(Kind.LOST, here, "no decision about this input")
        for input_, place in decided.items():
            begins = ledger.inputs[Topic(input_[0])]
            if input_ not in given and begins and input_[1] >= begins[0].offset:
                add(Kind.INVENTED, place, f"decides {input_[0]}@{input_[1]}, which does not exist")

    def _set_aside(self) -> Iterator[Input]:
        for stored in self._ledger.outputs[Topic.DEAD_LETTERS]:
            yield stored.headers["heed.topic"].decode(), int(stored.headers["heed.offset"])

    def _elsewhere(self, key: bytes | None) -> bool:
        """Whether a foreign partitioner put it here: it was passed on to its own partition (``misplaced``)."""
        return (
            key is not None
            and key != SHARD_KEY
            and partition_for(key, self._partitions) != self._ledger.partition
        )

    def _one_end_each(self) -> None:
        """Held, then ended once; decided again only by what follows a message (stage 10)."""
        open_holds = set(self._open_holds())
        requests: dict[tuple[Input, str, SubjectKind, str], list[tuple[Place, Decision]]] = defaultdict(list)
        for place, decision in self.decisions:
            input_ = (decision.input.topic, decision.input.offset)
            about = decision.subject  # one objection may lead to another look at several appointments
            requests[input_, decision.event_id, about.kind, about.id].append((place, decision))
        for (input_, event_id, *_), made in requests.items():
            if self._left_open(made) and (*input_, event_id) not in open_holds:
                self._findings.add(Kind.LOST, made[-1][0], "held, and neither ended nor waiting in the table")

    def _left_open(self, made: list[tuple[Place, Decision]]) -> bool:
        """Walk the decisions about one request; whether the last one left it waiting."""
        is_open = True
        for place, decision in made:
            held = decision.outcome is Outcome.HOLD
            if not is_open and not follows_a_message(decision):
                self._findings.add(Kind.DUPLICATED, place, "a second end of the same request")
            is_open = held
        return is_open

    def _open_holds(self) -> Iterator[tuple[str, int, str]]:
        for row in self._ledger.table.values():
            if row.packed is not None:
                for asked in unpack(row.packed).asked.values():
                    yield asked.position.topic.value, asked.position.offset, asked.name

    # (b) Ids are unique, and what is named exists.

    def _once(self) -> None:
        self._unique((d.decision_id, place) for place, d in self.decisions)
        self._unique((c.command_id, place) for place, c in self.commands)
        self._unique((f"{t.task_id}/{t.version}", place) for place, t in self.tasks)

    def _unique(self, named: Iterator[tuple[str, Place]]) -> None:
        seen: set[str] = set()
        for name, place in named:
            if name in seen:
                self._findings.add(Kind.DUPLICATED, place, "this id was written before")
            seen.add(name)

    def _linked(self) -> None:
        add = self._findings.add
        commands = {c.command_id: c.decision_id for _, c in self.commands}
        tasks = {t.task_id for _, t in self.tasks if t.version == 1}
        sends = set()
        opened: dict[str, Instant] = {}
        for place, decision in self.decisions:
            stamp = self._stamps[place]
            for task_id in decision.task_ids:
                opened.setdefault(task_id, stamp)  # a later decision may name a task that is open already
            if decision.command_id is not None:
                sends.add((decision.command_id, decision.decision_id))
                if commands.get(decision.command_id) != decision.decision_id and self._left(
                    Topic.SEND_COMMANDS, stamp
                ):
                    add(Kind.UNLINKED, place, "the command it names is not there")
            elif decision.outcome is Outcome.SEND:
                add(Kind.UNLINKED, place, "a decision to send without a command")
            if any(
                t not in tasks and self._left(Topic.ESCALATION_TASKS, opened[t]) for t in decision.task_ids
            ):
                add(Kind.UNLINKED, place, "a task it names is not there")
        for place, command in self.commands:
            known = (command.command_id, command.decision_id) in sends
            if not known and self._left(Topic.DECISIONS, self._stamps[place]):
                add(Kind.UNLINKED, place, "no decision stands behind this command")
        for place, task in self.tasks:
            made = opened.get(task.task_id, task.created_at)
            if task.task_id not in tasks and self._left(Topic.ESCALATION_TASKS, made):
                add(Kind.LOST, place, "the first version of this task is not there")

    def _left(self, topic: Topic, moment: Instant) -> bool:
        """Whether retention has left what was written to a topic at this moment."""
        return moment >= self._ledger.removed.get(topic, 0)

    # (c) One patient's inputs of one topic are decided in their order.

    def _in_order(self) -> None:
        last: dict[tuple[str, str], int] = {}
        seen: set[Input] = set()
        for place, decision in self.decisions:
            input_ = (decision.input.topic, decision.input.offset)
            if input_ in seen:
                continue
            seen.add(input_)
            of_patient = (decision.patient_id, decision.input.topic)
            if decision.input.offset < last.get(of_patient, -1):
                self._findings.add(
                    Kind.OUT_OF_ORDER, place, "decided after a later input of the same patient"
                )
            last[of_patient] = max(decision.input.offset, last.get(of_patient, -1))

    # (b) Everything emitted is on record once.

    def _recorded(self) -> None:
        ledger, add = self._ledger, self._findings.add
        due = dict(self._emitted())
        found: Counter[tuple[str, str]] = Counter()
        ids: set[str] = set()
        reached: set[Topic] = set()  # what is left of these has begun: from here on it must be known
        for stored in ledger.outputs[Topic.RECORDS]:
            place = ledger.place(Topic.RECORDS, stored.offset)
            entry = decoded(self._codec, Topic.RECORDS, stored)
            assert isinstance(entry, RecordEntry)
            emitted = (entry.emitted_topic.value, entry.emitted_id)
            if entry.emitted_topic is Topic.OBJECTIONS:
                emitted = (entry.emitted_topic.value, f"{entry.patient_id}/{entry.emitted_id}")
            found[emitted] += 1
            if entry.record_id in ids or found[emitted] > 1:
                add(Kind.DUPLICATED, place, "a second record entry of the same thing")
            elif emitted in due:
                reached.add(entry.emitted_topic)
            elif entry.emitted_topic in reached or self._left(entry.emitted_topic, entry.emitted_at):
                add(Kind.INVENTED, place, "a record entry of something that was never emitted")
            ids.add(entry.record_id)
        for emitted, place in due.items():
            taken = place.offset < ledger.recorded_to.get(Topic(emitted[0]), 0)
            if not found[emitted] and taken:
                add(Kind.LOST, place, "no record entry")

    def _emitted(self) -> Iterator[tuple[tuple[str, str], Place]]:
        for place, command in self.commands:
            yield (Topic.SEND_COMMANDS.value, command.command_id), place
        for place, task in self.tasks:
            yield (Topic.ESCALATION_TASKS.value, f"{task.task_id}/{task.version}"), place
        known: set[str] = set()
        for stored in self._ledger.inputs[Topic.OBJECTIONS]:
            try:
                event = self._codec.decode(Topic.OBJECTIONS, stored.key, stored.value)
            except BadRecord:
                continue
            name = f"{event.envelope.patient_id}/{getattr(event.body, 'objection_id', '')}/{event.envelope.version}"
            if name not in known:  # delivered twice: one change, one entry
                known.add(name)
                yield (Topic.OBJECTIONS.value, name), self._ledger.place(Topic.OBJECTIONS, stored.offset)


def follows_a_message(decision: Decision) -> bool:
    """Stage 10: a receipt, or none in time, leads to the next channel or to a person."""
    return decision.rule_path[:1] == ("10",)
