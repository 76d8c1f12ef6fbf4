"""Workload 1 with quixstreams: a stateful function on a streaming data frame, state in its own store (RocksDB).

At least once, or exactly once with BENCH_GUARANTEE. Tuned: bytes in and out, so that no serialiser of its own works
twice; a commit every 250 ms at the most, where its default is 5 s.
"""

import os

from join import (
    APPOINTMENTS,
    BROKER,
    COMMANDS,
    DECISIONS,
    GROUP,
    STATE_DIR,
    decode,
    encode_command,
    encode_decision,
    join,
)
from quixstreams import Application, State, message_context

app = Application(
    broker_address=BROKER,
    consumer_group=GROUP,
    auto_offset_reset="earliest",
    processing_guarantee=os.environ.get("BENCH_GUARANTEE", "at-least-once"),
    commit_interval=0.25,
    state_dir=STATE_DIR / "state",
    auto_create_topics=True,
    loglevel="WARNING",
    consumer_extra_config={"isolation.level": "read_committed", "queued.max.messages.kbytes": 65_536},
    producer_extra_config={
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": 5,
        "batch.size": 1_000_000,
    },
)
as_bytes = {"key_serializer": "bytes", "value_serializer": "bytes"}
appointments = app.topic(APPOINTMENTS, key_deserializer="bytes", value_deserializer="bytes")
decisions = app.topic(DECISIONS, **as_bytes)
commands = app.topic(COMMANDS, **as_bytes)


def decide(value: bytes, state: State) -> tuple[bytes, bytes | None]:
    at = message_context()
    row, decision, command = join(state.get("row"), decode(value), at.partition, at.offset)
    state.set("row", row)
    return encode_decision(decision), None if command is None else encode_command(command)


frame = app.dataframe(appointments).apply(decide, stateful=True)
frame.apply(lambda made: made[0]).to_topic(decisions)
frame.filter(lambda made: made[1] is not None).apply(lambda made: made[1]).to_topic(commands)

if __name__ == "__main__":
    app.run()
