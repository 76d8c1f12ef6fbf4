"""Puts dead letters back where they came from, each once.

Record and mark are one transaction, and only one requeue runs at a time: a second one takes over the
transactional id, and the first can write no more. So no letter is put back twice unless somebody asks
for it, and none is marked that was not put back. A mark may lie behind the transaction of a worker that died, which
nobody sees past until it has ended: that is waited for.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from streams.domain.vocabulary import INPUT_TOPICS, Topic
from streams.errors import BadUsage, HeedError
from streams.kafka.client import check_reachable, connection
from streams.kafka.reading import StillOpen, read_one
from streams.kafka.rights import requeue_id
from streams.kafka.started import started
from streams.kafka.topics import MAX_DEAD_LETTER_BYTES
from streams.kafka.transaction import TRANSACTION_TIMEOUT_MS
from streams.settings import Settings
from streams.triage.letters import REQUEUED, REQUEUED_FROM, Letter, Payload, read_letters

_IN_ONE_GO: Final = 100
#: A broker ends the transaction of a worker that died after its time-out; it looks for those every 10 s. Seconds.
PATIENCE_S: Final = TRANSACTION_TIMEOUT_MS / 1_000 + 15

Wanted = Callable[[Letter], bool]


class NotRequeued(HeedError):
    """The requeue was overtaken or the broker did not answer; what was reported before is done."""


class Left(msgspec.Struct, frozen=True):
    """A letter that was not put back, and why."""

    id: str
    why: str


class Requeued(msgspec.Struct):
    """What was put back, and what was left."""

    done: list[str] = []
    left: list[Left] = []


async def requeue(wanted: Wanted, settings: Settings, *, again: bool) -> Requeued:
    """Put back every wanted letter; one that was put back before only with ``again``.

    Raises NotRequeued, BrokerUnreachable, UnsafeTopic.
    """
    await check_reachable(settings)
    producer = AIOKafkaProducer(
        transactional_id=requeue_id(settings),
        max_request_size=MAX_DEAD_LETTER_BYTES,
        **connection(settings),
    )
    async with started(producer):  # from here on no earlier requeue can write
        try:
            result = Requeued()
            chosen = []
            for letter, payload in await read_letters(settings, patience_s=PATIENCE_S):
                if wanted(letter):
                    why = _why_not(letter, again=again)
                    if why is None:
                        chosen.append((letter, payload))
                    else:
                        result.left.append(Left(letter.id, why))
            for begin in range(0, len(chosen), _IN_ONE_GO):
                await _put_back(producer, chosen[begin : begin + _IN_ONE_GO], settings, result)
            return result
        except StillOpen as open_:
            raise NotRequeued(
                f"a transaction in {open_} has not ended for {PATIENCE_S:.0f} s, and what was put back before may lie behind it: "
                "nothing was put back. Once its worker is back, or after a minute, try again"
            ) from None
        except ProducerFenced:
            raise NotRequeued(
                "another requeue has begun and took over; look with heed dead-letters list"
            ) from None
        except KafkaError as error:
            raise NotRequeued(
                f"the broker did not answer ({type(error).__name__}); look with heed dead-letters list"
            ) from None


def _why_not(letter: Letter, *, again: bool) -> str | None:
    if letter.topic not in tuple(INPUT_TOPICS):
        return "does not say which topic it comes from"
    if letter.requeued and not again:
        return "was put back before; --again does it once more"
    return None


async def _put_back(
    producer: AIOKafkaProducer,
    letters: Sequence[tuple[Letter, Payload]],
    settings: Settings,
    result: Requeued,
) -> None:
    found = [(letter, await _original(letter, payload, settings)) for letter, payload in letters]
    async with producer.transaction():
        for letter, payload in found:
            if payload is None:
                continue
            source = [(REQUEUED_FROM, letter.id.encode())]
            await producer.send_and_wait(
                settings.topic(letter.topic),
                key=payload.key,
                value=payload.value,
                partition=letter.partition,
                headers=source,
            )
            mark = [(REQUEUED, letter.id.encode())]
            partition = int(letter.id.partition("-")[0])
            await producer.send_and_wait(
                settings.topic(Topic.DEAD_LETTERS),
                key=payload.key,
                value=None,
                partition=partition,
                headers=mark,
            )
    for letter, payload in found:
        if payload is None:
            result.left.append(Left(letter.id, "the original record is no longer kept"))
        else:
            result.done.append(letter.id)


async def _original(letter: Letter, payload: Payload, settings: Settings) -> Payload | None:
    """The bytes the letter carries, or those of the record it names; None when neither is there any more."""
    if payload.whole:
        return payload
    record = await read_one(
        connection(settings), settings.topic(letter.topic), letter.partition, letter.offset
    )
    return None if record is None else Payload(record.key, record.value, whole=True)


def chosen_by(ids: Sequence[str], topic: str | None, *, every: bool) -> Wanted:
    """Which letters were asked for on the command line. Raises BadUsage for an id that cannot be one."""
    for id_ in ids:
        partition, _, offset = id_.partition("-")
        if not (partition.isdigit() and offset.isdigit()):
            raise BadUsage(
                f"--id {id_}: an id is PARTITION-OFFSET as heed dead-letters list prints it, like 2-17"
            )
    if sum((bool(ids), topic is not None, every)) != 1:
        raise BadUsage("say which: --id (may be repeated), --topic, or --all")
    return lambda letter: every or letter.id in ids or letter.topic == topic
