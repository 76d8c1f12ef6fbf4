"""``heed worker``: decide, as long as it runs."""

import argparse
from typing import Final

from streams.settings import Settings

NAME: Final = "worker"
HELP: Final = "read events, decide, and write commands and tasks; runs until it is stopped"

EXAMPLES: Final = """\
Start as many as there are partitions, at most: they share them out, and take over from one that dies. Each
checks the topics first and refuses to start on unsafe ones (exit code 2). It writes `ready` to standard error
when it has its partitions, and answers /metrics, /livez and /readyz at the address in the log line `listening`.
SIGTERM stops it within 5 s. Any other end is exit code 1: start it again.

examples:
  heed worker
  HEED_HTTP_PORT=9100 HEED_LOG=warning heed worker
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES


def run(args: argparse.Namespace, settings: Settings) -> int:
    import asyncio

    from streams.worker.run import run_worker

    return asyncio.run(run_worker(settings))
