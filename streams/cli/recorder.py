"""``heed recorder``: put on record whatever was emitted, as long as it runs."""

import argparse
from typing import Final

from streams.settings import Settings

NAME: Final = "recorder"
HELP: Final = "write each command, task and objection into the record topic; runs until it is stopped"

EXAMPLES: Final = """\
A process of its own with its own consumer group: what was emitted is recorded even when no worker runs. Start
as many as there are partitions, at most. It answers /metrics, /livez and /readyz at the address in the log
line `listening`, and writes `ready` to standard error when it has its partitions. SIGTERM stops it within 5 s.

examples:
  heed recorder
  HEED_HTTP_PORT=9101 heed recorder
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES


def run(args: argparse.Namespace, settings: Settings) -> int:
    import asyncio

    from streams.recorder.run import run_recorder
    from streams.worker.clock import RealClock, clock_from

    return asyncio.run(run_recorder(settings, clock_from(settings), RealClock()))
