"""Workload 1 with bytewax: a stateful map between its own Kafka source and sinks, one worker. At least once.

Recovery is on (its way of keeping state and progress: a snapshot in SQLite a second). Tuned: batching and idempotent
producers; 5 000 records at once from its source, where 1 000 cost half as much again.
"""

import subprocess
import sys
from datetime import timedelta

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main
from join import (
    APPOINTMENTS,
    BROKER,
    COMMANDS,
    DECISIONS,
    STATE_DIR,
    decode,
    encode_command,
    encode_decision,
    join,
)

Made = tuple[KafkaSinkMessage, KafkaSinkMessage | None]


def decide(row: dict | None, message: KafkaSourceMessage) -> tuple[dict, Made]:
    after, decision, command = join(row, decode(message.value), message.partition, message.offset)
    out = KafkaSinkMessage(message.key, encode_decision(decision))
    return after, (out, None if command is None else KafkaSinkMessage(message.key, encode_command(command)))


settings = {"acks": "all", "enable.idempotence": "true", "linger.ms": "5", "batch.size": "1000000",
            "queue.buffering.max.messages": "1000000", "partitioner": "murmur2"}  # fmt: skip
flow = Dataflow("join")
source = KafkaSource([BROKER], [APPOINTMENTS], tail=True, batch_size=5_000)
events = op.input("appointments", flow, source)
keyed = op.key_on("by_patient", events, lambda message: message.key.decode())
made = op.map("made", op.stateful_map("decide", keyed, decide), lambda pair: pair[1])
op.output("decisions", op.map("decision", made, lambda one: one[0]), KafkaSink([BROKER], DECISIONS, settings))
commanded = op.filter_map("command", made, lambda one: one[1])
op.output("commands", commanded, KafkaSink([BROKER], COMMANDS, settings))

if __name__ == "__main__":
    folder = STATE_DIR / "recovery"
    folder.mkdir()
    subprocess.run([sys.executable, "-m", "bytewax.recovery", str(folder), "1"], check=True)
    cli_main(flow, epoch_interval=timedelta(seconds=1), recovery_config=RecoveryConfig(str(folder)))
