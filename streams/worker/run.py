"""A worker from start to stop: check, open the port, join the group, work, and leave cleanly on SIGTERM."""

import faust

from streams.ops.fatal import give_up
from streams.ops.health import HealthServer
from streams.ops.logging import get_logger, set_up
from streams.ops.person import use_key
from streams.ops.process import (
    collect_rarely,
    in_background,
    limit_stopping,
    say_when_ready,
    stop_signal,
    warn_unless_encrypted,
)
from streams.settings import Settings

from .app import build_app
from .bootstrap import build_kafka, build_parts
from .host import Host
from .measuring import Measuring
from .status_page import status_of
from .watch import Watch

log = get_logger("heed.worker")


async def run_worker(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT; 0 then. Raises RefuseToStart; anything fatal ends the process itself."""
    set_up(settings.log)
    use_key(settings.log_key)
    warn_unless_encrypted(settings)
    parts = await build_parts(settings)
    kafka, barrier = await build_kafka(settings)
    measuring = Measuring(parts, kafka, barrier, settings.recorder_group)
    watch = Watch(settings, parts, measuring)
    host = Host(parts, kafka, barrier, watch.turn)
    health = HealthServer(
        settings.http_host,
        settings.http_port,
        alive=lambda: watch.alive(host),
        ready=lambda: watch.ready(host),
        notes=parts.policy_file.notes,
        status=lambda: status_of(parts, host, measuring, watch.ready(host)),
    )
    url = await health.open()
    log.told("listening", url=url, group=settings.worker_group, partitions=parts.names.partitions,
             policy=parts.policy.version)  # fmt: skip
    if settings.clock is not None:
        log.warning("simulated_clock", clock=settings.clock)

    collect_rarely()
    app = build_app(kafka, parts.names, host, settings.state_dir / "faust", settings.instance)
    stop = stop_signal()
    in_background(barrier.run(), "barrier")
    in_background(watch.keep_beating(), "beat")
    in_background(_start(app, host), "start")
    in_background(measuring.keep_looking(host, lambda: watch.ready(host)), "measure")
    in_background(measuring.keep_counting(host), "count")
    in_background(measuring.keep_looking_at_open_work(host), "open work")
    in_background(watch.keep_checking_topics(host), "topics")
    in_background(parts.policy_file.keep_looking(), "policy")
    in_background(say_when_ready(host.settled), "ready")
    in_background(_end_with(app), "faust")
    await stop.wait()

    watch.stopping = True
    log.info("stopping")
    limit_stopping()
    await host.close()
    await app.stop()
    await kafka.offsets.close()
    await health.close()
    parts.traces.close()
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
