"""Workload 1 with a stock Faust agent and Table, as its documentation shows it. At least once.

Tuned: raw values (no codec of Faust's in the way), larger polls and buffers, sends that are not awaited one by one,
web and leader off, table in memory. Its changelog topic is its own.
"""

import sys

import faust
from join import (
    APPOINTMENTS,
    BROKER,
    COMMANDS,
    DECISIONS,
    GROUP,
    PARTITIONS,
    STATE_DIR,
    decode,
    encode_command,
    encode_decision,
    join,
)

app = faust.App(
    GROUP,
    broker=f"kafka://{BROKER}",
    store="memory://",
    datadir=STATE_DIR / "faust",
    topic_partitions=PARTITIONS,
    topic_replication_factor=1,
    topic_disable_leader=True,
    web_enabled=False,
    producer_acks=-1,
    producer_linger_ms=5,
    producer_max_batch_size=500_000,
    broker_max_poll_records=8_000,
    broker_commit_interval=1.0,
    stream_buffer_maxsize=16_384,
    stream_publish_on_commit=False,
)
raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
appointments = app.topic(APPOINTMENTS, **raw)
decisions = app.topic(DECISIONS, **raw)
commands = app.topic(COMMANDS, **raw)
patients = app.Table("patients", partitions=PARTITIONS, key_type=str, value_type=dict)


@app.agent(appointments)
async def decide(stream: faust.Stream) -> None:
    async for event in stream.events():
        message = event.message
        key = message.key.decode()
        row, decision, command = join(
            patients.get(key), decode(event.value), message.partition, message.offset
        )
        patients[key] = row
        await decisions.send(key=message.key, value=encode_decision(decision), partition=message.partition)
        if command is not None:
            await commands.send(key=message.key, value=encode_command(command), partition=message.partition)


if __name__ == "__main__":
    sys.argv[1:] = ["worker", "-l", "warn", "--without-web"]
    app.main()
