"""``heed rebuild``: bring a patient table that was restored from a backup up to date."""

import argparse
import asyncio
from typing import Final

from streams.settings import Settings

NAME: Final = "rebuild"
HELP: Final = "bring a patient table that was restored from a backup up to what inputs and outputs show"

EXAMPLES: Final = """\
For a table that is older than what was decided with it: restored from a backup, or emptied. Workers refuse it
(/readyz: "the patient table is older than what was decided with it"). Stop all workers, call this, start them again.

Objections and everything else that people said since is applied. What had been decided is taken from the decisions,
messages and tasks topics, so that nothing is sent a second time; what had been read and is in none of them is decided
as soon as a worker runs. Nothing is decided or sent here. A partition whose table is up to date is left as it is.

examples:
  heed rebuild
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.triage.rebuild import Rebuilt, rebuild
    from streams.worker.clock import clock_from

    def say(one: Rebuilt) -> None:
        if not one.decisions:
            print(f"partition {one.partition}: up to date, left as it is")
            return
        print(
            f"partition {one.partition}: {one.decisions:,} decisions since, {one.inputs:,} inputs, {one.patients:,} patients "
            f"brought up to date, {one.asked_again:,} requests to be decided"
        )

    asyncio.run(rebuild(settings, clock_from(settings).now(), say))
    return 0
