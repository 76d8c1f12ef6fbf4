"""``make faults``: a large run on a cluster of its own, with everything that can be done to it.

make faults FAULTS="--seed 7" is the whole of it: 1 000 000 events, 100 kill -9, three brokers; --size 0.1 a tenth of
everything. Each count can be given by itself.
"""

import argparse
import asyncio
import logging
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from streams.domain.vocabulary import Topic
from streams.kafka import client, topics
from streams.kafka.broker import Listener, LocalCluster
from streams.kafka.client import connection
from streams.settings import Settings, default_state_dir, load
from streams.verify.report import lines
from tests.support.registry import RegistryStandIn

from .arena import Means
from .blows import Blow, Dealt
from .cluster_state import ClusterState
from .figures import line_of, note, note_blows
from .network import Network
from .run import Ran, Run, play
from .small_disk import SmallDisk

_KILLS: Final = (Blow.KILL, Blow.KILL_BEFORE_COMMIT, Blow.KILL_AFTER_COMMIT, Blow.KILL_RECORDER, Blow.KILL)
#: How many of each are a whole run.
_WHOLE: Final = {
    "kills": 100, "terms": 10, "freezes": 20, "broker_restarts": 10, "coordinator_moves": 6, "cuts": 10, "jitters": 10,
    "disks_full": 2, "clock_jumps": 6, "registry_outages": 1, "swings": 1,
}  # fmt: skip
_OF: Final = {
    "terms": Blow.TERM, "freezes": Blow.FREEZE, "broker_restarts": Blow.BROKER, "coordinator_moves": Blow.COORDINATOR,
    "cuts": Blow.CUT, "jitters": Blow.JITTER, "disks_full": Blow.DISK_FULL, "clock_jumps": Blow.CLOCK,
    "registry_outages": Blow.REGISTRY, "swings": Blow.SWING,
}  # fmt: skip
_EVENTS: Final = 1_000_000
_POISON: Final = 0.001
#: Room for the files of the broker whose disk is to be full: some 4 kB an event with its replicas' indexes. MiB.
_DISK_MB: Final = 6_000


def parsed(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--size", type=float, default=1.0, help="of a whole run: events and blows; 0.1 is a tenth"
    )
    parser.add_argument("--events", type=int)
    for name in _WHOLE:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    parser.add_argument("--swing-s", type=float, default=300.0)
    parser.add_argument("--registry-away-s", type=float, default=120.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--dry", action="store_true", help="leave docs/reliability alone")
    parser.add_argument("--keep", action="store_true", help="keep the logs also when all is well")
    args = parser.parse_args(argv)
    args.events = args.events if args.events is not None else round(_EVENTS * args.size)
    for name, whole in _WHOLE.items():
        if getattr(args, name) is None:
            setattr(args, name, max(1, round(whole * args.size)) if args.size > 0 else 0)
    return args


def blows(args: argparse.Namespace) -> tuple[Blow, ...]:
    kills = [Blow.KILL_ALL if n % 10 == 9 else _KILLS[n % len(_KILLS)] for n in range(args.kills)]
    return (*kills, *(blow for name, blow in _OF.items() for _ in range(getattr(args, name))))


async def create(settings: Settings) -> None:
    """The topics; the changelog keeps its older rows for the model, which needs every turn."""
    await topics.create(settings)
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

    plan = next(plan for plan in topics.CATALOGUE if plan.topic is Topic.PATIENT_TABLE)
    configs = {**plan.configs, "min.compaction.lag.ms": "86400000", "min.insync.replicas": "2"}
    name = settings.topic(Topic.PATIENT_TABLE)
    async with client.admin(settings) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=configs)])


def told(dealt: Dealt) -> None:
    cost = "-" if dealt.seconds is None else f"{dealt.seconds:.1f} s"
    print(  # noqa: T201
        f"{dealt.time} {dealt.at:8.1f} s  {dealt.blow:<19} {dealt.target:<36} {dealt.lasted:5.1f} s  without output {cost}",
        flush=True,
    )


def ran_with(args: argparse.Namespace, folder: Path) -> tuple[Ran, int]:
    """Start the cluster and what surrounds it, play, and stop all of it."""
    zones = [Listener("A", 3), Listener("B", 3)]
    cluster = LocalCluster(folder / "kafka", zones)
    with ExitStack() as stack:
        disk = stack.enter_context(SmallDisk(cluster.directory(2), _DISK_MB))
        stack.enter_context(cluster)
        network = stack.enter_context(Network(zones))
        registry = stack.enter_context(RegistryStandIn())
        settings = load(
            environ={
                "HEED_BOOTSTRAP_SERVERS": cluster.bootstrap,
                "HEED_PARTITIONS": str(args.partitions),
                "HEED_REPLICATION_FACTOR": "3",
                "HEED_STATE_DIR": str(folder / "heed"),
                "HEED_SCHEMA_REGISTRY_URL": registry.url,
            }
        )
        asyncio.run(create(settings))
        state = ClusterState(connection(settings), settings.worker_group)
        means = Means(
            cluster=cluster, state=state, network=network, disk=disk, registry=registry,
            registry_away_s=args.registry_away_s, swing_s=args.swing_s,
        )  # fmt: skip
        planned = tuple(blow for blow in blows(args) if disk.there or blow is not Blow.DISK_FULL)
        run = Run(args.events, args.seed, planned, args.workers, zones=tuple(zones), poison=_POISON)
        return asyncio.run(play(run, settings, folder, means, told)), len(cluster.nodes)


def main(argv: list[str]) -> int:
    args = parsed(argv)
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(1)
    )  # unmounts and stops what was started, as Ctrl-C does
    home = default_state_dir() / "faults"
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"seed-{args.seed}-", dir=home))
    logging.basicConfig(filename=folder / "clients.log", level=logging.WARNING, force=True)
    print(f"seed {args.seed}, {args.events:,} events, {len(blows(args))} blows, in {folder}", flush=True)  # noqa: T201
    try:
        ran, brokers = ran_with(args, folder)
    finally:
        for storage in (folder / "kafka").glob("*/storage"):  # the logs beside it stay for now
            shutil.rmtree(storage, ignore_errors=True)
    for said in lines(ran.report):
        print(said)  # noqa: T201
    print(f"{ran.poison} poisoned values, {ran.unburied} of them without a dead letter")  # noqa: T201
    print(f"fed and decided {ran.fed:,} in {ran.fed_s} s; starts {ran.starts}, exit codes {ran.exit_codes}")  # noqa: T201
    if not args.dry:
        note(line_of(ran, "faults", args.partitions, brokers))
        note_blows(ran)
    left = ran.report.waiting + ran.report.unrecorded + ran.unburied
    good = ran.report.clean and not left and not ran.report.notes and not ran.never_overcome
    if good and not args.keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"the logs are in {folder}")  # noqa: T201
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
