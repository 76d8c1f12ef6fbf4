"""The whole verification, one partition after another, so that only one is ever held in memory."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.domain.time import Instant, Millis
from streams.domain.vocabulary import Topic
from streams.kafka import topics
from streams.kafka.client import connection
from streams.kafka.codec import Codec
from streams.kafka.offsets import OffsetsClient
from streams.kafka.registry import codec_for
from streams.policy.load import default_path
from streams.policy.model import Policy
from streams.settings import Settings
from streams.worker.clock import RealClock

from .conservation import Conservation
from .findings import Findings, Kind, Place, Report
from .ledger import Ledger, read_ledger
from .misplaced import Passed, check_arrivals
from .model import Model
from .objected import Looked, check_objections
from .overdue import check_overdue
from .policies import PolicyOfTurn, read_policies, require
from .retention import note, removed
from .written import Digest, compare, digest

#: A message is only held to objections whose producers had their acknowledgement by so much. Milliseconds.
SLACK: Final[Millis] = 5_000
_RECORDED: Final = (Topic.SEND_COMMANDS, Topic.ESCALATION_TASKS, Topic.OBJECTIONS)
_MERGED: Final = "#merged"


class Plan(msgspec.Struct, frozen=True):
    """``slack``: see ``objected``. ``model`` False leaves out deciding everything again. ``policies``: the files that were
    in force, one for each version; none: the one that the settings name."""

    slack: Millis = SLACK
    model: bool = True
    policies: tuple[Path, ...] = ()


class Verification:
    """What is the same for every partition, and the sums over them."""

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        codec: Codec,
        policies: Mapping[str, Policy],
        partitions: int,
        kept: Mapping[Topic, Millis | None],
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._codec = codec
        self._policies = policies
        self._partitions = partitions
        self._kept = kept
        self.findings = Findings()
        self.checked: Counter[str] = Counter()
        self.notes: list[str] = []
        self._removed: dict[tuple[Topic, int], Instant] = {}
        self._passed_on: list[Passed] = []
        self.waiting = self.unrecorded = 0
        self._whole = True  # every turn of every partition was decided again
        self._forwarded: Counter[Digest] = Counter()
        self._arrived: Counter[Digest] = Counter()

    async def partition(self, connect: Mapping[str, Any], offsets: OffsetsClient, number: int) -> None:
        """Verify one partition. Raises KafkaError, BadRecord, BadUsage."""
        settings = self._settings
        asked = {(settings.topic(topic), number): topic for topic in _RECORDED}
        recorded = await offsets.committed(settings.recorder_group, list(asked))
        ledger = await read_ledger(connect, settings, self._codec, number)
        ledger.recorded_to = {topic: recorded[at] or 0 for at, topic in asked.items()}
        await self._offsets(offsets, ledger)
        await self._retention(offsets, ledger)
        conservation = Conservation(ledger, self._codec, self._partitions, self.findings)
        conservation.check()
        self._passed_on += conservation.passed_on
        check_overdue(ledger, self.findings)
        decisions = [decision for _, decision in conservation.decisions]
        if self._plan.model:
            require(self._policies, decisions)
        looked = check_objections(
            ledger,
            self._codec,
            conservation.decisions,
            conservation.commands,
            self._plan.slack,
            self.findings,
        )
        self._count(ledger, looked)
        self._wait(ledger)
        if self._plan.model:
            self._model(ledger, PolicyOfTurn(self._policies, decisions))

    async def _retention(self, offsets: OffsetsClient, ledger: Ledger) -> None:
        records = ledger.inputs | ledger.outputs
        ledger.removed = await removed(
            offsets, self._settings, ledger.partition, records, self._kept, RealClock().now()
        )
        self._removed |= {(topic, ledger.partition): at for topic, at in ledger.removed.items()}

    async def _offsets(self, offsets: OffsetsClient, ledger: Ledger) -> None:
        """The group's offsets are for monitoring, and may be set back; ahead of the table they would tell of
        inputs that nobody has read."""
        names = {(self._settings.topic(topic), ledger.partition): topic for topic in ledger.inputs}
        committed = await offsets.committed(self._settings.worker_group, list(names))
        for at, topic in names.items():
            read_to = ledger.read_to.get(topic, 0)
            unread = [r.offset for r in ledger.inputs[topic] if read_to <= r.offset < (committed[at] or 0)]
            for offset in unread:
                self.findings.add(Kind.OFFSETS, ledger.place(topic, offset), "committed, and not read")

    def _count(self, ledger: Ledger, looked: Looked) -> None:
        self.checked["inputs"] += sum(map(len, ledger.inputs.values()))
        for topic, records in ledger.outputs.items():
            self.checked[topic.value] += len(records)
        self.checked["turns"] += len(ledger.turns)
        self.checked["patients"] += sum(row.packed is not None for row in ledger.table.values())
        self.checked["messages to objectors"] += looked.messages
        self.checked["of them in the moment of an objection"] += looked.raced

    def _wait(self, ledger: Ledger) -> None:
        for topic, records in ledger.inputs.items():
            self.waiting += sum(r.offset >= ledger.read_to.get(topic, 0) for r in records)
        sources = {t: (ledger.inputs | ledger.outputs)[t] for t in _RECORDED}
        for topic, records in sources.items():
            self.unrecorded += sum(r.offset >= ledger.recorded_to[topic] for r in records)

    def _model(self, ledger: Ledger, policy_of: PolicyOfTurn) -> None:
        model = Model(ledger, self._codec, policy_of, self._partitions, self.findings)
        model.replay()
        compare(ledger, model.expected, model.table, self.findings)
        self.checked["turns decided again"] += len(model.turns)
        if ledger.gap is not None:
            self._whole = False
            self.notes.append(
                f"partition {ledger.partition}: how its turns before number {model.first} were decided is gone (compaction, or a "
                f"rebuilt table): they were not decided again. The {len(model.turns):,} since were, beginning with the "
                "table as it was then"
            )
        self._forwarded += model.forwarded
        for topic, records in ledger.inputs.items():
            for stored in records:
                if stored.value is not None and _MERGED.encode() in stored.value:
                    self._arrived[digest(topic.encode(), stored.key, stored.value)] += 1

    def retention(self) -> None:
        """Say from when on there was something to look at."""
        said = note((topic, at) for (topic, _), at in self._removed.items())
        if said is not None:
            self.notes.append(said)

    async def misplaced(self, connect: Mapping[str, Any]) -> None:
        """What was logged in the wrong partition has arrived in its own. Raises KafkaError."""
        self.checked["inputs in the wrong partition"] = len(self._passed_on)
        await check_arrivals(connect, self._settings, self._passed_on, self._removed, self.findings)

    def forwards(self) -> None:
        """What was sent on to another patient's key has arrived, once."""
        if not self._plan.model:
            self.notes.append(
                "nothing was decided again (--no-model): whether the rules were followed is open"
            )
            return
        if not self._whole:
            self.notes.append(
                "what was sent on to another patient's key was not counted: some of it may be older than what was decided again"
            )
            return
        nowhere = Place("inputs", 0, 0)
        for content, count in self._forwarded.items():
            for _ in range(count - self._arrived[content]):
                self.findings.add(
                    Kind.LOST, nowhere, "an input sent on to another patient's key did not arrive"
                )
        for content, count in self._arrived.items():
            for _ in range(count - self._forwarded[content]):
                self.findings.add(
                    Kind.DUPLICATED, nowhere, "an input was sent on to another patient's key twice"
                )


async def verify(settings: Settings, plan: Plan, say: Callable[[str], None] = lambda _: None) -> Report:
    """Verify everything. ``say`` is told how far it has come. Raises RefuseToStart, KafkaError, BadRecord."""
    begun = time.monotonic()
    partitions = (await topics.check(settings)).partitions
    codec = await codec_for(settings)
    policies = read_policies(plan.policies or (settings.policy or default_path(),)) if plan.model else {}
    connect = connection(settings)
    verification = Verification(
        settings, plan, codec, policies, partitions, await topics.retentions(settings)
    )
    offsets = OffsetsClient(connect)
    await offsets.open()
    try:
        for number in range(partitions):
            say(f"partition {number + 1} of {partitions}")
            await verification.partition(connect, offsets, number)
    finally:
        await offsets.close()
    await verification.misplaced(connect)
    verification.forwards()
    verification.retention()
    found = verification.findings
    return Report(
        dict(verification.checked),
        {kind.value: found.counts[kind] for kind in Kind},
        found.kept,
        verification.waiting,
        verification.unrecorded,
        verification.notes,
        round(time.monotonic() - begun, 1),
    )
