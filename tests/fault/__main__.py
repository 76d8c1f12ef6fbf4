"""``make faults``: a larger run on a broker of its own, with everything that can be done to it.

FAULTS="--events 1000000 --seed 7 --kills 100 --freezes 20 --broker-restarts 10 --scalings 30"
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from streams.domain.vocabulary import Topic
from streams.kafka import client, topics
from streams.kafka.broker import LocalKafka
from streams.settings import Settings, load
from streams.verify.report import lines

from .chaos import Blow
from .figures import line_of, note
from .run import Run, play

_KILLS = (Blow.KILL, Blow.KILL_BEFORE_COMMIT, Blow.KILL_AFTER_COMMIT, Blow.KILL_RECORDER, Blow.KILL)


def parsed(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--terms", type=int, default=2)
    parser.add_argument("--freezes", type=int, default=3)
    parser.add_argument("--broker-restarts", type=int, default=2)
    parser.add_argument("--scalings", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--dry", action="store_true", help="leave docs/reliability alone")
    return parser.parse_args(argv)


def blows(args: argparse.Namespace) -> tuple[Blow, ...]:
    kills = [Blow.KILL_ALL if n % 7 == 6 else _KILLS[n % len(_KILLS)] for n in range(args.kills)]
    others = {
        Blow.TERM: args.terms,
        Blow.FREEZE: args.freezes,
        Blow.BROKER: args.broker_restarts,
        Blow.SCALE: args.scalings,
    }
    return (*kills, *(blow for blow, count in others.items() for _ in range(count)))


async def create(settings: Settings) -> None:
    """The topics; the changelog keeps its older rows for the model, which needs every turn."""
    await topics.create(settings)
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

    plan = next(plan for plan in topics.CATALOGUE if plan.topic is Topic.PATIENT_TABLE)
    configs = {**plan.configs, "min.compaction.lag.ms": "86400000"}
    name = settings.topic(Topic.PATIENT_TABLE)
    async with client.admin(settings) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=configs)])


def main(argv: list[str]) -> int:
    args = parsed(argv)
    folder = Path(tempfile.mkdtemp(prefix="heed-faults-"))
    with LocalKafka(folder / "kafka") as kafka:
        settings = load(
            environ={
                "HEED_BOOTSTRAP_SERVERS": kafka.bootstrap,
                "HEED_PARTITIONS": str(args.partitions),
                "HEED_REPLICATION_FACTOR": "1",
                "HEED_STATE_DIR": str(folder / "heed"),
            }
        )
        asyncio.run(create(settings))
        run = Run(args.events, args.seed, blows(args), args.workers)
        ran = asyncio.run(play(run, settings, folder, kafka))
    for dealt in ran.dealt:
        print(f"{dealt.at:8.1f} s  {dealt.blow:<20} {dealt.target:<24} {dealt.seconds} s to the first output")  # noqa: T201
    for said in lines(ran.report):
        print(said)  # noqa: T201
    print(f"{ran.starts} {ran.exit_codes}")  # noqa: T201
    if not args.dry:
        note(line_of(ran, "faults", args.partitions))
    good = ran.report.clean and not ran.report.waiting + ran.report.unrecorded and not ran.report.notes
    if good:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"the logs are in {folder}")  # noqa: T201
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
