"""The whole demo: a broker, topics, real processes, a generated day, a summary, and an orderly end."""

import asyncio
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from streams.demo.account import add_up, requests_of
from streams.demo.another_day import another_day
from streams.demo.cast import Cast
from streams.demo.checks import Check, run_checks
from streams.demo.day import Day, DayPlan, generate
from streams.demo.evidence import gather
from streams.demo.honoured import honoured
from streams.demo.hours import EVE_ENDS, STATE_LOADED
from streams.demo.play import Hospital, play_day, play_eve
from streams.demo.progress import progress_for
from streams.demo.report import Summary, show
from streams.demo.troupe import Troupe
from streams.domain.time import Millis
from streams.errors import BadUsage, HeedError
from streams.feed.feeder import Feeder
from streams.kafka import topics
from streams.kafka.broker import LocalKafka
from streams.kafka.client import connection
from streams.kafka.codec import Codec
from streams.kafka.offsets import OffsetsClient
from streams.settings import LOCAL_PARTITIONS, Settings
from streams.worker.shown_clock import ClockSetter

_TITLE: Final = "A day at the example hospital: Tuesday 13 October 2026, 07:30 to 19:00"
#: Another day, after the summary, takes so long: its events come about one a second.
_SLOWLY_S: Final = 2_400.0


class Demo(msgspec.Struct, frozen=True):
    """What was asked for. ``seconds`` is how long the Tuesday takes at least, ``step`` how far the clock moves
    at once."""

    plan: DayPlan
    seconds: float
    step: Millis
    workers: int
    once: bool
    json: Path | None


def run_demo(demo: Demo, settings: Settings, console: Console) -> int:
    """Run it; 0 when every check holds. Raises DoesNotHold when one does not, RefuseToStart, Stalled."""
    day = _generated(demo.plan)
    # A shell's background job begins with it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda _number, _frame: os.kill(os.getpid(), signal.SIGINT))
    name = f"demo-{secrets.token_hex(3)}"
    with _folder(settings, name, console) as folder, _broker(settings, folder, console) as bootstrap:
        ours = msgspec.structs.replace(
            settings,
            bootstrap_servers=bootstrap,
            topic_prefix=f"{settings.topic_prefix}{name}.",
            worker_group=f"{name}.worker",
            recorder_group=f"{name}.recorder",
            partitions=LOCAL_PARTITIONS,
            replication_factor=1,
        )
        holds = asyncio.run(_run(demo, day, ours, folder, console))
        if settings.bootstrap_servers:
            console.print("\nThe topics stay on your broker.")
            _where_to_look(ours, console)
        if not holds:
            raise DoesNotHold
    return 0


class DoesNotHold(HeedError):
    """A check of the summary failed; the summary has said which."""


@contextmanager
def _folder(settings: Settings, name: str, console: Console) -> Iterator[Path]:
    """A folder for clock, logs and broker; it stays when something went wrong."""
    folder = settings.state_dir / name
    folder.mkdir(parents=True)
    try:
        yield folder
    except KeyboardInterrupt:
        console.print("stopped")
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except BaseException:
        console.print(f"The logs of the processes are in {folder}")
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _generated(plan: DayPlan) -> Day:
    try:
        return generate(plan)
    except ValueError as error:
        raise BadUsage(f"--events, --patients: {error}") from None


@contextmanager
def _broker(settings: Settings, folder: Path, console: Console) -> Iterator[str]:
    """The configured broker, or one that lives as long as the demo."""
    if settings.bootstrap_servers:
        yield settings.bootstrap_servers
        return
    console.print("Starting a Kafka on this machine ...")
    with LocalKafka(folder / "kafka", cache=settings.state_dir / "cache", say=console.print) as kafka:
        yield kafka.bootstrap


async def _run(demo: Demo, day: Day, settings: Settings, folder: Path, console: Console) -> bool:
    loop = asyncio.get_running_loop()
    await topics.create(settings)
    async with _stage(demo, settings, folder, console) as (hospital, troupe):
        began = loop.time()
        with hospital.watcher:
            await play_eve(hospital, day)
            await play_day(hospital, day, demo.seconds, demo.step)
            await _come_to_rest(hospital, troupe)
        took = loop.time() - began
        stopped = [_stop_check(await troupe.stop())] if demo.once else []
        summary = await _summary(demo, settings, took, troupe.restarts, stopped)
        _publish(demo, summary, console)
        if not demo.once:
            _where(settings, troupe, console)
            await _go_on(hospital, demo)
    return summary.holds


@asynccontextmanager
async def _stage(
    demo: Demo, settings: Settings, folder: Path, console: Console
) -> AsyncIterator[tuple[Hospital, Troupe]]:
    """Everything that plays together, ready; stopped in order at the end, however it ends."""
    connect = connection(settings)
    async with AsyncExitStack() as stack:
        clock = stack.enter_context(ClockSetter(folder / "clock", STATE_LOADED))
        offsets = OffsetsClient(connect)
        await offsets.open()
        stack.push_async_callback(offsets.close)
        troupe = Troupe(settings, offsets, clock.text, demo.workers, folder)
        stack.push_async_callback(troupe.stop)
        console.print(f"Starting {demo.workers} worker{'s' * (demo.workers > 1)} and the recorder ...")
        await troupe.start()
        stack.enter_context(_targets(troupe, settings.state_dir / "targets" / f"{folder.name}.json"))
        feeder = await stack.enter_async_context(Feeder(connect, settings.topic))
        cast = await stack.enter_async_context(Cast(connect, settings.topic, settings.partitions))
        hospital = Hospital(
            Codec.local(),
            clock,
            feeder,
            cast,
            lambda places: troupe.taken(feeder, places),
            progress_for(console),
        )
        yield hospital, troupe


async def _come_to_rest(hospital: Hospital, troupe: Troupe) -> None:
    await hospital.cast.hear_out()
    await troupe.recorded(hospital.feeder, hospital.cast)


def _stop_check(codes: dict[str, int]) -> Check:
    unclean = tuple(f"{name}: exit code {code}" for name, code in codes.items() if code)
    return Check(
        "every process stopped in order when it was asked to", not unclean, f"{len(codes)} processes", unclean
    )


async def _summary(demo: Demo, settings: Settings, took: float, restarts: int, also: list[Check]) -> Summary:
    evidence = await gather(connection(settings), settings.topic)
    checks = run_checks(evidence) + also
    requests = requests_of(evidence)
    return Summary(
        title=_TITLE,
        seed=demo.plan.seed,
        patients=demo.plan.patients,
        events=demo.plan.events,
        eve=add_up(evidence, until=EVE_ENDS),
        day=add_up(evidence, since=EVE_ENDS),
        objections=honoured(evidence, requests, EVE_ENDS),
        checks=checks,
        holds=all(check.holds for check in checks),
        outcome_fingerprint=add_up(evidence).fingerprint,
        real_seconds=round(took, 1),
        topic_prefix=settings.topic_prefix,
        restarts=restarts,
    )


def _publish(demo: Demo, summary: Summary, console: Console) -> None:
    show(summary, console)
    if demo.json is not None:
        demo.json.write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")


@contextmanager
def _targets(troupe: Troupe, file: Path) -> Iterator[None]:
    """Tell a Prometheus beside the demo whom to scrape (deploy/prometheus/laptop.yaml reads these files)."""
    targets = [
        {
            "targets": [process.url.removeprefix("http://")],
            "labels": {"job": f"heed-{process.name.partition(' ')[0]}"},
        }
        for process in troupe.processes
    ]
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(msgspec.json.encode(targets))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _where(settings: Settings, troupe: Troupe, console: Console) -> None:
    console.print("\n[bold]Heed keeps running, and another day begins, slowly. Ctrl-C ends it.")
    for process in troupe.processes:
        if process.url:
            console.print(f"  {process.name:<10} {process.url}  /metrics on it", highlight=False)
    console.print(
        "  dashboards make prometheus, and then make dashboards, in another terminal", highlight=False
    )
    _where_to_look(settings, console)


def _where_to_look(settings: Settings, console: Console) -> None:
    console.print(
        f"  To look into it, in another terminal:\n    export HEED_BOOTSTRAP_SERVERS={settings.bootstrap_servers}"
        f" HEED_TOPIC_PREFIX={settings.topic_prefix}\n    heed explain --patient pat-000100\n    heed dead-letters list\n",
        highlight=False,
    )


async def _go_on(hospital: Hospital, demo: Demo) -> None:
    """Another day for other patients, and another, until Ctrl-C."""
    number = 1
    while True:
        day = another_day(demo.plan, number)
        with hospital.watcher:
            await play_eve(hospital, day)
            await play_day(hospital, day, _SLOWLY_S)
        number += 1
