"""What an engine has written, read committed, against what it had to write: nobody wins by dropping."""

import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from confluent_kafka import Consumer, TopicPartition

from streams.domain.records import Decision, SendCommand
from streams.domain.vocabulary import Outcome, Topic
from streams.kafka.codec import Codec

from .workload import Expected

_MASK: Final = (1 << 64) - 1
_AT_ONCE: Final = 20_000


class Written(msgspec.Struct, frozen=True):
    """Everything on one topic, by partition in order: offsets and values."""

    offsets: dict[int, list[int]]
    values: dict[int, list[bytes]]

    def __len__(self) -> int:
        return sum(map(len, self.offsets.values()))


class Verdict(msgspec.Struct, frozen=True):
    """``problems`` is empty when everything is there once, in order and with the right content."""

    decisions: int
    commands: int
    checksum: str
    problems: tuple[str, ...]


def read(bootstrap: str, topic: str, partitions: int) -> Written:
    """All that a reader of committed records sees on a topic now."""
    settings: dict[str, Any] = {
        "bootstrap.servers": bootstrap,
        "group.id": f"{topic}-reader",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 20,
        "queued.max.messages.kbytes": 65_536,
    }
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
    offsets: dict[int, list[int]] = {p: [] for p in range(partitions)}
    values: dict[int, list[bytes]] = {p: [] for p in range(partitions)}
    open_partitions = set(range(partitions))
    while open_partitions:
        for message in consumer.consume(_AT_ONCE, timeout=0.2):
            partition = message.partition()
            assert partition is not None
            if message.error() is not None:
                open_partitions.discard(partition)
                continue
            offset, value = message.offset(), message.value()
            assert offset is not None
            assert isinstance(value, bytes)
            offsets[partition].append(offset)
            values[partition].append(value)
    consumer.close()
    return Written(offsets, values)


def text_of(decision: Decision) -> str:
    send = decision.outcome is Outcome.SEND
    return f"{decision.patient_id}|{decision.event_id}|{send}|{decision.state_version}|{decision.hold_until}"


def checksum(texts: Iterable[str]) -> int:
    """A sum that does not depend on the order of partitions; a missing, changed or doubled text moves it."""
    total = 0
    for text in texts:
        data = text.encode()
        total += (zlib.crc32(data) << 32 | zlib.adler32(data)) * 0x9E3779B97F4A7C15
    return total & _MASK


def verify(decisions: Written, commands: Written, expected: Sequence[Expected]) -> Verdict:
    """Compare what was written with what the join had to write."""
    codec = Codec.local()
    problems = []
    made, in_order, seen = [], True, dict[str, int]()
    for partition in decisions.values.values():
        for value in partition:
            decision = codec.decode_output(Topic.DECISIONS, value)
            assert isinstance(decision, Decision)
            made.append(text_of(decision))
            in_order = in_order and decision.state_version == seen.get(decision.patient_id, 0) + 1
            seen[decision.patient_id] = decision.state_version
    wanted = checksum(one.text() for one in expected)
    found = checksum(made)
    if len(made) != len(expected):
        problems.append(f"{len(made)} decisions, not {len(expected)}")
    if found != wanted:
        problems.append("the decisions are not those of the workload")
    if not in_order:
        problems.append("a patient's decisions are out of order")
    problems += _wrong_commands(codec, commands, expected)
    return Verdict(len(made), len(commands), f"{found:016x}", tuple(problems))


def _wrong_commands(codec: Codec, commands: Written, expected: Sequence[Expected]) -> list[str]:
    named = []
    for partition in commands.values.values():
        for value in partition:
            command = codec.decode_output(Topic.SEND_COMMANDS, value)
            assert isinstance(command, SendCommand)
            named.append(f"{command.patient_id}|{command.command_id}|{command.state_version}")
    wanted = [f"{one.patient_id}|c-{one.event_id}|{one.seen}" for one in expected if one.send]
    if len(named) != len(wanted):
        return [f"{len(named)} commands, not {len(wanted)}"]
    if checksum(named) != checksum(wanted):
        return ["the commands are not those of the workload"]
    return []
