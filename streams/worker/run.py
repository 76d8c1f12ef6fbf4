"""A worker from start to stop: check, open the port, join the group, work, and leave cleanly on SIGTERM."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final

import faust

from streams.ops.fatal import give_up, must_not_end
from streams.ops.health import HealthServer
from streams.ops.logging import get_logger, set_up
from streams.settings import Settings

from .app import build_app
from .bootstrap import build_kafka, build_parts
from .host import Host
from .watch import Watch

log = get_logger("heed.worker")

#: A clean stop finishes the turns in hand, leaves the group and closes; it must not take longer. Seconds.
STOP_S: Final = 5.0


async def run_worker(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT; 0 then. Raises RefuseToStart; anything fatal ends the process itself."""
    set_up(settings.log)
    parts = await build_parts(settings)
    kafka, barrier = await build_kafka(settings)
    watch = Watch(settings, parts, kafka, barrier)
    host = Host(parts, kafka, barrier, watch.turn)
    health = HealthServer(
        settings.http_host,
        settings.http_port,
        alive=lambda: watch.alive(host),
        ready=lambda: watch.ready(host),
    )
    url = await health.open()
    log.info("listening", url=url, group=settings.worker_group, partitions=parts.names.partitions)
    if settings.clock is not None:
        log.warning("simulated_clock", clock=settings.clock)

    app = build_app(kafka, parts.names, host, settings.state_dir / "faust")
    stop = _on_signals()
    _in_background(barrier.run(), "barrier")
    _in_background(watch.keep_beating(), "beat")
    _in_background(_start(app, host), "start")
    _in_background(watch.keep_measuring(host), "measure")
    _in_background(watch.keep_checking_topics(host), "topics")
    _in_background(_say_when_ready(host), "ready")
    _in_background(_end_with(app), "faust")
    await stop.wait()

    watch.stopping = True
    log.info("stopping")
    asyncio.get_running_loop().call_later(STOP_S, give_up, "stop_took_too_long")
    await host.close()
    await app.stop()
    await kafka.offsets.close()
    await health.close()
    log.info("stopped")
    return 0


async def _start(app: faust.App, host: Host) -> None:
    """Start Faust; its consumer exists before it joins the group."""
    host.consumer = app.consumer
    await app.start()


async def _end_with(app: faust.App) -> None:
    """Faust ends by itself only when one of its services has crashed: so do we."""
    await app.wait_until_stopped()
    if not app.should_stop or app.crashed:
        give_up("faust_crashed", app.crash_reason)


async def _say_when_ready(host: Host) -> None:
    """One line ``ready`` on standard error, the first time everything assigned is being read."""
    await host.settled.wait()
    sys.stderr.write("ready\n")
    sys.stderr.flush()


def _on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


_tasks: set[asyncio.Task[Any]] = set()


def _in_background(work: Coroutine[Any, Any, None], name: str) -> None:
    task = asyncio.create_task(work, name=name)
    _tasks.add(task)
    task.add_done_callback(must_not_end)
    task.add_done_callback(_tasks.discard)
