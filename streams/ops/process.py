"""What every long-running process does alike: background tasks that must not end, and a clean stop on a signal."""

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from typing import Any, Final

from streams.settings import SecurityProtocol, Settings

from .fatal import give_up, must_not_end
from .logging import get_logger

#: A clean stop finishes what is in hand, leaves the group and closes; it must not take longer. Seconds.
STOP_S: Final = 4.5

log = get_logger("heed.process")

_ENCRYPTED: Final = (SecurityProtocol.SSL, SecurityProtocol.SASL_SSL)
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})

_tasks: set[asyncio.Task[Any]] = set()


def collect_rarely() -> None:
    """Let Python's cycle collector look less often, and never again at what is loaded by now.

    A turn makes tens of thousands of short-lived values without a cycle among them; at Python's usual
    threshold of 700 the collector costs a tenth and more of the time, and finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def in_background(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Run beside everything else; if it raises, the process ends (``fatal``)."""
    task = asyncio.create_task(work, name=name)
    _tasks.add(task)
    task.add_done_callback(must_not_end)
    task.add_done_callback(_tasks.discard)
    return task


def stop_signal() -> asyncio.Event:
    """Set by SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def warn_unless_encrypted(settings: Settings) -> None:
    """Patients' data readable on the way from machine to machine: somebody should have decided that."""
    hosts = {address.strip().rpartition(":")[0] for address in settings.bootstrap_servers.split(",")}
    known = hosts - {""}  # none is configured: whoever needs one says so
    if settings.security_protocol not in _ENCRYPTED and not known <= _THIS_MACHINE:
        log.warning("unencrypted", protocol=settings.security_protocol, see="docs/security.md")


def limit_stopping() -> None:
    """From now on there are STOP_S seconds left to end by ourselves."""
    asyncio.get_running_loop().call_later(STOP_S, give_up, "stop_took_too_long")


async def say_when_ready(settled: asyncio.Event) -> None:
    """One line ``ready`` on standard error, the first time the process has its partitions (contract 4)."""
    await settled.wait()
    sys.stderr.write("ready\n")
    sys.stderr.flush()
