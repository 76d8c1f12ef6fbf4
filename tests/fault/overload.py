"""Four times what a worker can take, for minutes: ``make overload OVERLOAD="--seconds 60"``.

One worker, one broker, four partitions. First a burst shows what the worker takes at most. Then appointment changes
come in at so many times that rate, and beside them, as always, objections, an appointment right behind each, and
critical results. Asked is that memory stays bounded, that no rebalance happens, that objections and critical results
do not wait behind the flood, that nothing is sent against an objection, and that the lag drains once the flood ends.
Prints a line every ten seconds, at the end one of JSON, which is also added to docs/reliability/runs.jsonl and the page's table;
exit code 1 when something did not hold.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaProducer

from streams.domain.vocabulary import Topic
from streams.kafka import client, topics
from streams.kafka.broker import LocalKafka
from streams.settings import Settings, load
from tests.support.outside import outputs
from tests.support.running import Heed

from .figures import note, now
from .flood import CLOCK, PARTITIONS, PATIENTS, START, Ear, Pump, Urgent, encoded, flood, sections
from .overload_figures import flooded

BURST: Final = 30_000
POLICY: Final = 'version: "overload"\nsettle_s: {appointment: 0, result: 0}\ncoalesce_min: 0\nsurge: {factor: 100, minimum: 1000000}\n'
_BATCH_BYTES: Final = 200_000
_DRAIN_S: Final = 3_600.0
_HEAR_S: Final = 60.0
_ANSWER_S: Final = 60.0
#: What must hold. Bytes of resident memory beyond the table's own growth; seconds.
GROWTH_MB: Final = 150.0
URGENT_S: Final = 10.0


class Look(msgspec.Struct, frozen=True):
    """The worker at one moment."""

    at: float
    consumed: float
    rss_mb: float
    state_mb: float
    waiting: float
    objection_lag: float
    overdue: float
    turns: float


def look(worker: Heed) -> Look:
    """Raises AssertionError when it does not answer for a minute: on a busy machine that is no failure of its own."""
    end = time.monotonic() + _ANSWER_S
    while True:
        try:
            text = worker.get("/metrics")[1].splitlines()
            break
        except TimeoutError:
            assert time.monotonic() < end, "the worker does not answer"

    def total(name: str) -> float:
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in text if line.startswith((f"{name} ", f"{name}{{"))
        )

    return Look(
        time.monotonic(), total("heed_events_consumed_total"), total("process_resident_memory_bytes") / 1e6,
        total("heed_state_store_bytes") / 1e6, total("heed_records_waiting"), total("heed_objection_lag_seconds"),
        total("heed_holds_overdue"), total("heed_turn_seconds_count"),
    )  # fmt: skip


async def follow(worker: Heed, looks: list[Look], until: float) -> None:
    """Look every second until a moment (monotonic)."""
    while time.monotonic() < until:
        looks.append(await asyncio.to_thread(look, worker))
        if len(looks) % 10 == 0:
            _say(looks[-1], looks[max(0, len(looks) - 10)])
        await asyncio.sleep(1)


def _say(now: Look, before: Look) -> None:
    rate = (now.consumed - before.consumed) / max(0.1, now.at - before.at)
    print(  # noqa: T201
        f"{rate:8,.0f} events/s  {now.rss_mb:6.0f} MB, {now.state_mb:5.0f} of them the table  {now.waiting:7,.0f} in hand  "
        f"objections {now.objection_lag:4.1f} s behind", file=sys.stderr,
    )  # fmt: skip


async def drained(worker: Heed, looks: list[Look], fed: float) -> float:
    """Seconds until everything that was fed has been taken."""
    begun = time.monotonic()
    while (await asyncio.to_thread(look, worker)).consumed < fed:
        assert time.monotonic() - begun < _DRAIN_S, "the lag does not drain"
        await follow(worker, looks, time.monotonic() + 2)
    return time.monotonic() - begun


async def play(settings: Settings, worker: Heed, seconds: float, times: float) -> dict[str, Any]:
    """Burst, flood, drain; the figures."""
    producer = AIOKafkaProducer(max_batch_size=_BATCH_BYTES, **client.connection(settings))
    await producer.start()
    people = Pump(settings, producer, Topic.PATIENTS)
    for number in range(PATIENTS):
        patient = f"flood-{number:06}"
        await people.put(patient.encode(), encoded(Topic.PATIENTS, patient, 1, f"p-{patient}", sections()))
    await people.flush()
    await drained(worker, [], PATIENTS)

    pump, source = Pump(settings, producer, Topic.APPOINTMENTS), flood()
    before = look(worker)
    for _ in range(BURST):
        await pump.put(*next(source))
    await pump.flush()
    await drained(worker, [], PATIENTS + BURST)
    rate = BURST / (time.monotonic() - before.at)
    print(f"sustainable: {rate:,.0f} events/s; now {times:g} times that for {seconds:.0f} s", file=sys.stderr)  # noqa: T201

    ear, urgent, looks = Ear(), Urgent(settings, producer), list[Look]()
    tasks = [asyncio.create_task(ear.listen(settings)), asyncio.create_task(urgent.run())]
    begun = time.monotonic()
    tasks.append(asyncio.create_task(follow(worker, looks, begun + seconds)))
    flooded = pump.count
    await pump.run(source, times * rate, seconds)
    fed_rate = (pump.count - flooded) / (time.monotonic() - begun)
    tasks[1].cancel()
    behind = PATIENTS + pump.count + 4 * urgent.objectors - look(worker).consumed
    total = PATIENTS + pump.count + len(urgent.results) + 3 * urgent.objectors
    drain = await drained(worker, looks, total)
    end = time.monotonic() + _HEAR_S
    while len(ear.heard) < len(urgent.results) and time.monotonic() < end:
        await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    await producer.stop()
    return {
        "sustainable": round(rate), "times": round(fed_rate / rate, 1), "seconds": seconds,
        "events": pump.count - flooded, "behind_at_the_end": round(behind), "drained_s": round(drain),
        **_memory(looks), **_urgent(looks, urgent, ear),
    }  # fmt: skip


def _memory(looks: list[Look]) -> dict[str, Any]:
    """Resident memory without the table, from the tenth part of the flood on to its highest."""
    own = [one.rss_mb - one.state_mb for one in looks]
    first = own[len(own) // 10]
    return {
        "rss_mb": round(max(one.rss_mb for one in looks)), "table_mb": round(looks[-1].state_mb),
        "growth_mb": round(max(own) - first, 1), "most_in_hand": round(max(one.waiting for one in looks)),
    }  # fmt: skip


def _urgent(looks: list[Look], urgent: Urgent, ear: Ear) -> dict[str, Any]:
    waited = sorted(ear.heard[name] - at for name, at in urgent.results.items() if name in ear.heard)
    return {
        "objections": urgent.objectors, "objection_lag_s": round(max(one.objection_lag for one in looks), 1),
        "critical_results": len(urgent.results), "results_unheard": len(urgent.results) - len(waited),
        "result_p50_s": round(waited[len(waited) // 2], 2), "result_worst_s": round(waited[-1], 2),
        "overdue": round(max(one.overdue for one in looks)),
    }  # fmt: skip


def against_objections(settings: Settings) -> int:
    return sum(one.patient_id.startswith("objects-") for one in outputs(settings, Topic.SEND_COMMANDS))


def held(figures: dict[str, Any]) -> dict[str, bool]:
    """What was asked for, and whether it was so."""
    return {
        "memory bounded": figures["growth_mb"] <= GROWTH_MB,
        "no rebalance": figures["assignments"] == 1,
        "objections first": figures["objection_lag_s"] <= URGENT_S,
        "critical results do not wait behind the flood": figures["result_worst_s"] <= URGENT_S
        and not figures["results_unheard"],
        "nothing overdue": figures["overdue"] == 0,
        "nothing against an objection": figures["objected"] == 0,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--times", type=float, default=4.0)
    parser.add_argument("--dry", action="store_true", help="leave docs/reliability alone")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, LocalKafka(Path(name) / "kafka") as broker:
        folder = Path(name)
        (folder / "policy.yaml").write_text(POLICY)
        environ = {
            "HEED_BOOTSTRAP_SERVERS": broker.bootstrap, "HEED_PARTITIONS": str(PARTITIONS), "HEED_REPLICATION_FACTOR": "1",
            "HEED_STATE_DIR": name, "HEED_POLICY": str(folder / "policy.yaml"),
        }  # fmt: skip
        settings = load(environ=environ)
        asyncio.run(topics.create(settings))
        clock = {"HEED_CLOCK": f"{START}@{CLOCK.now()}x1", "HEED_CLOCK_ALLOWED": "demo"}
        with Heed("worker", settings, **clock) as worker:
            figures = asyncio.run(play(settings, worker, args.seconds, args.times))
            figures["assignments"] = worker.said().count('"assigned"')
            figures["objected"] = against_objections(settings)
        missed = [what for what, was in held(figures).items() if not was]
        print(json.dumps(figures | {"held": not missed}))  # noqa: T201
        for what in missed:
            print(f"did not hold: {what}", file=sys.stderr)  # noqa: T201
        if not args.dry:
            note(flooded(figures, missed, now()))
        return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
