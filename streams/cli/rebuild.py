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

A partition is STOPPED (it sends nothing until somebody resumes it) by an objection that cannot be read, and by a patient
for whom the table has no room: the exit code is 1 then, and each is named, by the keyed hash of log lines or else by where
their last objection lies. A task tells R-SRE of their objections, and a dead letter keeps each (runbook: ShardPaused).

examples:
  heed rebuild
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES


def run(args: argparse.Namespace, settings: Settings) -> int:
    from streams.triage.rebuild import rebuild
    from streams.triage.rebuilt import Rebuilt
    from streams.worker.clock import clock_from

    def say(one: Rebuilt) -> None:
        if not one.decisions:
            print(f"partition {one.partition}: up to date, left as it is")
            return
        print(
            f"partition {one.partition}: {one.decisions:,} decisions since, {one.inputs:,} inputs, {one.patients:,} patients "
            f"brought up to date, {one.asked_again:,} requests to be decided"
        )
        if one.stopped:
            print(
                f"partition {one.partition}: STOPPED, {len(one.unwritable):,} patients could not be written"
            )
        for whom in one.unwritable:
            print(f"  {whom}")

    done = asyncio.run(rebuild(settings, clock_from(settings).now(), say))
    return 1 if any(one.unwritable for one in done) else 0
