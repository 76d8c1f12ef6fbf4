"""Bugs of the kind that people make in such systems, made on purpose."""

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from streams import decisions
from streams.decisions import Environment, Response
from streams.decisions.intake import fingerprint
from streams.domain.events import Event
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.vocabulary import DECIDING_TOPICS, Topic
from streams.kafka.barrier import Mark
from streams.kafka.outbox import Outbox
from streams.kafka.transaction import ShardProducer
from streams.worker.intake import Intake, Question


class Moment:
    """One moment in the life of a producer: told when it comes, and what happens then."""

    def __init__(self, commits: int, *, freeze: bool = False) -> None:
        self._left = commits
        self._freeze = freeze
        self.come = asyncio.Event()
        self.go_on = asyncio.Event()

    async def pass_(self) -> None:
        """Die here (the task is cancelled), or stand still until told to go on."""
        self._left -= 1
        if self._left == 0:
            self.come.set()
            if not self._freeze:
                raise asyncio.CancelledError
            await self.go_on.wait()


class DiesBeforeCommit(ShardProducer):
    """No bug: everything is produced, then it dies."""

    moment: ClassVar[Moment | None] = None

    async def _produce(self, outbox: Outbox) -> None:
        await super()._produce(outbox)
        if self.moment is not None and outbox.records:
            await self.moment.pass_()


class FreezesBeforeCommit(ShardProducer):
    """No bug: it stands still before it writes what it has decided, and goes on when others have taken over."""

    moment: ClassVar[Moment | None] = None

    async def commit(self, outbox: Outbox, next_offsets: Mapping[tuple[str, int], int]) -> None:
        if self.moment is not None and outbox.records:
            await self.moment.pass_()
        await super().commit(outbox, next_offsets)


class WritesLate(FreezesBeforeCommit):
    """No bug: when it begins to write, after standing still, the offsets that go with it have been refused already."""

    async def _produce(self, outbox: Outbox) -> None:
        while (
            self.moment is not None
            and self.moment.go_on.is_set()
            and not self._producer._txn_manager.is_fatal_error()
        ):
            await asyncio.sleep(0)
        await super()._produce(outbox)


class NotFenced(FreezesBeforeCommit):
    """Bug: every start has a transactional id of its own, so that nobody is ever fenced."""

    def __init__(self, connect: Mapping[str, Any], group: str, partition: int, larger: Any = None) -> None:
        super().__init__(connect, f"{group}-{uuid.uuid4().hex}", partition, larger)
        self._group = group


class InTwo(ShardProducer):
    """Bug: two transactions instead of one; it dies between them, once."""

    moment: ClassVar[Moment | None] = None
    with_offsets: ClassVar[bool]

    async def commit(self, outbox: Outbox, next_offsets: Mapping[tuple[str, int], int]) -> None:
        first, second = self.outbox(), self.outbox()
        for target, batch in outbox.batches():
            into = first if target[0].endswith(Topic.PATIENT_TABLE) else second
            into.full.append((target, batch))
        await super().commit(first, next_offsets if self.with_offsets else {})
        if self.moment is not None and second.full:
            await self.moment.pass_()
        await super().commit(second, {} if self.with_offsets else next_offsets)


class OffsetsFirst(InTwo):
    """Bug: where it has read to is committed before what follows from it."""

    with_offsets = True


class TableFirst(InTwo):
    """Bug: the table is written before everything else is committed."""

    with_offsets = False


class Forgetful:
    """Bug: an event that was seen before is decided like a new one."""

    wake = staticmethod(decisions.wake)
    refuse = staticmethod(decisions.refuse)

    def respond(
        self, patient_id: str, patient: PatientState | None, event: Event, at: Position, env: Environment
    ) -> Response:
        seen = patient is not None and fingerprint(event.envelope.event_id) in patient.recent
        if patient is not None and seen and event.topic in DECIDING_TOPICS:
            patient = msgspec.structs.replace(patient, recent=(), appointments={}, results={}, requests={})
        return decisions.respond(patient_id, patient, event, at, env)


class AtLeastOnce(ShardProducer):
    """Bug: entries are written, and the offsets are never part of it."""

    async def commit(self, outbox: Outbox, next_offsets: Mapping[tuple[str, int], int]) -> None:
        await super().commit(outbox, {})


class WakesPass(Intake):
    """Bug: what waited and is due goes on at once; only what is decided for the first time waits for the barrier."""

    def answer(self, question: Question, mark: Mark) -> None:
        super().answer(msgspec.structs.replace(question, wakes_as_of=None), mark)
        super().answer(msgspec.structs.replace(question, unmarked=()), (0,) * len(mark))
