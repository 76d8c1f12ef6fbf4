"""What deciding costs with a million patients in the table, against a thousand: the same turns, without Kafka.

    python -m bench.table_size [--patients 1000000] [--events 20000] [--rounds 5]

Two tables of real states (``bench.patients``). The same number of changes of appointments goes to either in turns of 500, for patients
drawn from all of it, one turn here and one there, so that a busy machine disturbs both alike. CPU time; the
median over the rounds. What Kafka costs beside it is left out, so that the ratio of whole workers is nearer to 1.

``active``: the changes go to the same thousand patients in both tables, which shows what the size of the table alone costs.
"""

import argparse
import gc
import json
import logging
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

from bench.days import POLICY
from bench.metrics_cost import NOON, Noon, Rec, Shard
from bench.patients import states
from bench.restoring import key_of
from streams import decisions
from streams.domain.events import Appointment, Envelope, Event
from streams.domain.time import DAY, HOUR
from streams.domain.vocabulary import AppointmentStatus, Topic
from streams.kafka.codec import Codec
from streams.ops.policy_file import PolicyFile
from streams.worker.inbox import Portion
from streams.worker.intake import Work
from streams.worker.parts import Names, Parts
from streams.worker.watch import Watch

_TURN: Final = 500
_FEW: Final = 1_000


def works(patients: int, events: int, seed: int) -> list[Work]:
    """So many new appointments, in turns; every patient has an even chance."""
    rng, codec, made = Random(seed), Codec.local(), []
    records: list[Any] = []
    for number in range(events):
        patient = key_of(rng.randrange(patients))
        body = Appointment(
            f"size-{seed}-{number}", AppointmentStatus.BOOKED, NOON + rng.randrange(3, 30) * DAY + HOUR,
            service_code="GEN", site="Main Hospital", generic_site="Main Hospital",
        )  # fmt: skip
        envelope = Envelope(f"size-{seed}-{number}", patient.decode(), 1, NOON, "bench")
        value = codec.encode_event(Event(Topic.APPOINTMENTS, envelope, body))
        records.append(Rec(number, NOON, patient, value))
    for first in range(0, events, _TURN):
        part = records[first : first + _TURN]
        made.append(Work(deciding=[Portion(Topic.APPOINTMENTS, part, part[-1].offset + 1, 0.0)]))
    return made


def _seconds(
    parts: Parts, watch: Watch, tables: tuple[Any, Any], given: list[tuple[Work, Work]]
) -> list[float]:
    """CPU seconds with the first table and with the second."""
    spent = [0.0, 0.0]
    shards = [Shard(parts, {}, watch), Shard(parts, {}, watch)]
    for shard, rows in zip(shards, tables, strict=True):
        shard.table._rows = rows
    for pair in given:
        for which in (0, 1):
            begun = time.process_time()
            shards[which].turn(pair[which])
            spent[which] += time.process_time() - begun
    return spent


class _Kept(dict[bytes, bytes]):
    """A table of which each round starts afresh, without a copy of a million rows."""

    def __init__(self, rows: dict[bytes, bytes]) -> None:
        super().__init__()
        self._under = rows

    def get(self, key: bytes, otherwise: Any = None) -> Any:
        found = super().get(key)
        return self._under.get(key, otherwise) if found is None else found


def measure(patients: int, events: int, rounds: int) -> dict[str, Any]:
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.yaml"
        file.write_text(POLICY)
        parts = Parts(decisions, Codec.local(), Noon(), PolicyFile(file), Names("", 1))
    watch = Watch(None, parts, _Quiet())  # type: ignore[arg-type]
    rows = {key_of(number): bytes(bytearray(packed)) for number, packed in enumerate(states(patients))}
    few = {key: bytes(bytearray(rows[key])) for key in map(key_of, range(_FEW))}
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    found: dict[str, list[tuple[float, float]]] = {"all": [], "active": []}
    for seed in range(rounds + 1):
        small, large = works(_FEW, events, seed), works(patients, events, seed)
        for name, given in (("all", (small, large)), ("active", (small, small))):
            pairs = list(zip(*given, strict=True))
            spent = _seconds(parts, watch, (_Kept(few), _Kept(rows)), pairs)
            if seed:  # the first round warms up
                found[name].append((spent[0], spent[1]))
    figures: dict[str, Any] = {"patients": patients, "against": _FEW, "events": events, "rounds": rounds}
    for name, spent_all in found.items():
        figures[name] = {
            "us_few": round(median(a for a, _ in spent_all) / events * 1e6, 1),
            "us_many": round(median(b for _, b in spent_all) / events * 1e6, 1),
            "rate_ratio": round(median(a / b for a, b in spent_all), 3),
        }
    return figures


class _Quiet:
    """Told of nothing."""

    def failed_closed(self) -> None: ...

    def broker_time(self, *_: object) -> None: ...


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print(json.dumps(measure(args.patients, args.events, args.rounds)))


if __name__ == "__main__":
    main()
