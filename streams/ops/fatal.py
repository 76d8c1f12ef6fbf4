"""The one way a long-running process gives up: a line that says why, then the process is gone.

No hook runs and nothing is flushed, so that nothing can be committed any more. The supervisor starts it
again; opening a shard settles whatever was left unknown (architecture.md section 7).
"""

import asyncio
import os
import sys
from typing import Final, NoReturn

from .logging import get_logger, place_of

log = get_logger("heed.fatal")

#: Something happened that only a new start can put right. 2 is kept for what a new start will not.
EXIT_LOST: Final = 1


def give_up(event: str, error: BaseException | None = None, **fields: object) -> NoReturn:
    """Log ``event`` with the type and place of ``error``, and end the process at once."""
    if error is not None:
        fields |= {"error": type(error).__name__, "where": place_of(error)}
        if error.__cause__ is not None:
            fields |= {"cause": type(error.__cause__).__name__, "cause_where": place_of(error.__cause__)}
    log.critical(event, **fields)
    sys.stderr.flush()
    os._exit(EXIT_LOST)


def must_not_end(task: asyncio.Task[None]) -> None:
    """A done-callback: a background task that raises takes the process with it."""
    if not task.cancelled() and (error := task.exception()) is not None:
        give_up("task_failed", error, task=task.get_name())
