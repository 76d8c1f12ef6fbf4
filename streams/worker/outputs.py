"""Writes what the rules return into a turn's outbox: each kind on its topic, in the trace its input came with."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from streams.decisions import Response
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import (
    DeadLetter,
    Decision,
    EscalationTask,
    Forward,
    Output,
    SafetyEntry,
    SendCommand,
)
from streams.domain.vocabulary import Topic
from streams.kafka.codec import OutputRecord
from streams.kafka.compiled_writer import Writer
from streams.kafka.outbox import Header, Outbox, RecordTooLarge, Unwritable
from streams.kafka.partitioner import key_of, partition_for
from streams.ops.tracing import headers_of

from .parts import Parts
from .tally import Tally

#: Where each kind of output is written (contract 1).
TOPIC_OF: Final[dict[type[OutputRecord], Topic]] = {
    Decision: Topic.DECISIONS,
    SendCommand: Topic.SEND_COMMANDS,
    EscalationTask: Topic.ESCALATION_TASKS,
    SafetyEntry: Topic.SAFETY_LOG,
}


class Outputs:
    """The outputs of one turn. What is traced is noted in ``tally``, to be told once it is true."""

    def __init__(self, parts: Parts, partition: int, outbox: Outbox, tally: Tally) -> None:
        self._parts = parts
        self._outbox = outbox
        self._tally = tally
        #: By kind: where it is written, and what writes it.
        self._ways: dict[type, tuple[tuple[str, int], Writer]] = {
            kind: ((parts.names.topic(topic), partition), parts.codec.writers[kind])
            for kind, topic in TOPIC_OF.items()
        }

    def write(
        self,
        outputs: Iterable[Output],
        key: bytes | None,
        value: bytes | None = None,
        headers: list[Header] | None = None,
    ) -> None:
        """Write outputs in order. ``headers``: of whatever follows from a traced record.

        Raises Unwritable with ``key``: RecordTooLarge, or the bare one for what has no place in Avro.
        """
        add_to, ways = self._outbox.add_to, self._ways
        output: Any
        for output in outputs:
            way = ways.get(type(output))
            try:
                if way is None:
                    self._write_rare(output, key, value, headers)
                else:
                    target, write = way
                    add_to(target, key_of(output.patient_id), write(output), headers)
            except RecordTooLarge as error:
                raise RecordTooLarge(key) from error
            except MemoryError:
                raise  # nobody's trouble but the machine's (decisions.faults)
            except Exception as error:  # no place for it in Avro: one patient's trouble, not the shard's
                raise Unwritable(key) from error

    def _write_rare(
        self,
        output: DeadLetter | Forward,
        key: bytes | None,
        value: bytes | None,
        headers: list[Header] | None,
    ) -> None:
        """What goes on no topic of its own. The rules never see bytes: their dead letters get the record's own here."""
        if isinstance(output, Forward):
            self._forward(output, headers)
            return
        if output.value is None and value is not None:
            output = msgspec.structs.replace(output, key=key, value=value)
        self._outbox.add_dead_letter(self._parts.names.topic(Topic.DEAD_LETTERS), output)

    def _forward(self, forward: Forward, headers: list[Header] | None) -> None:
        event = forward.event
        key = key_of(event.envelope.patient_id)
        target = (self._parts.names.topic(event.topic), partition_for(key, self._parts.names.partitions))
        self._outbox.add_to(target, key, self._parts.codec.encode_event(event), headers)

    def traced(self, trace: str, at: Position) -> list[Header]:
        """The headers of what follows from a record that came with a trace."""
        passage = self._parts.traces.begin(
            "decide", trace, topic=at.topic, partition=at.partition, offset=at.offset
        )
        self._tally.passages.append(passage)
        return headers_of(passage.traceparent)

    def traced_before(self, patient: PatientState, response: Response) -> list[Header] | None:
        """What was held and is decided now goes on in the trace that it came with: the first one, if in several."""
        traced = [asked.position for asked in patient.asked.values() if asked.position.trace is not None]
        if not traced:
            return None
        inputs = {(out.input.topic, out.input.offset) for out in response.outputs if type(out) is Decision}
        for position in traced:
            if (position.topic, position.offset) in inputs:
                return self.traced(position.trace or "", position)
        return None
