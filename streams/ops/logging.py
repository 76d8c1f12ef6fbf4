"""Structured log lines: an event's constant name, and facts as fields. One JSON object a line, on stderr.

No line names a person: no patient id, no name, no address, no free text, no objection's reason (C193).
Topic, partition, offset, the ids of decisions and commands, the trace id and, where a key is set, a keyed hash of the
patient (``person``) lead to the rest. Exceptions appear as type and place, never with their
text, which may quote data. Other libraries' lines pass through the same formatter with their arguments
left out; a line without arguments may have been put together before (asyncio writes a failed task with its exception), so
that only its place is told. Faust and aiokafka are heard only when something is wrong.
"""

import json
import logging
import sys
import threading
import traceback
import warnings
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Final

#: Libraries that write a line per try, and quote member ids and bytes in them.
QUIET: Final = {
    "aiokafka": logging.CRITICAL,  # a line per retry; what matters reaches us as an exception
    "asyncio": logging.ERROR,
    "faust": logging.ERROR,
    "kafka": logging.ERROR,
    "mode": logging.ERROR,
    "streams": logging.ERROR,  # what Faust writes in the name of our subclasses; our own loggers are "heed.*"
}


class EventLogger:
    """``log.warning("commit_unknown", shard=3, next="restart")``: a name and facts, nothing formatted."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: object) -> None:
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        self._write(logging.INFO, event, fields)

    def told(self, event: str, **fields: object) -> None:
        """An info line that is written whatever the level: where a process listens is nowhere else (contract 4: port 0)."""
        self._logger.handle(
            self._logger.makeRecord(
                self._logger.name, logging.INFO, "", 0, event, (), None, extra={"facts": fields}
            )
        )

    def warning(self, event: str, **fields: object) -> None:
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        self._write(logging.ERROR, event, fields)

    def critical(self, event: str, **fields: object) -> None:
        self._write(logging.CRITICAL, event, fields)

    def _write(self, level: int, event: str, fields: dict[str, object]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={"facts": fields})


def get_logger(name: str) -> EventLogger:
    return EventLogger(name)


class JsonLine(logging.Formatter):
    """A record as one JSON object: at (UTC), level, logger, event, then its facts."""

    def format(self, record: logging.LogRecord) -> str:
        facts: dict[str, Any] | None = getattr(record, "facts", None)
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record),
        }
        line |= facts or {}
        if record.exc_info and record.exc_info[1] is not None:
            line |= {"error": type(record.exc_info[1]).__name__, "where": place_of(record.exc_info[1])}
        return json.dumps(line, default=str)


def _event(record: logging.LogRecord) -> str:
    """Our own event's name; of a library its unformatted message, whose arguments may carry anything, or its place."""
    ours = record.name.partition(".")[0] == "heed"
    if isinstance(record.msg, str) and (ours or record.args):
        return record.msg
    return f"{record.module}.py:{record.lineno} {record.funcName}"


def place_of(error: BaseException) -> str:
    """Where an error came from: ``module.py:line function``, innermost frame; never its text.

    >>> try: [].pop()
    ... except IndexError as error: place_of(error).endswith("<module>")
    True
    """
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "unknown"
    last = frames[-1]
    return f"{last.filename.rsplit('/', 2)[-1]}:{last.lineno} {last.name}"


def set_up(level: str) -> None:
    """Write lines of at least ``level`` (debug, info, warning, error) to standard error, nothing else."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    warnings.showwarning = _warned
    logging.raiseExceptions = False  # a line that cannot be written would be printed with its text
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)
    # What nothing catches: Python would print its text.
    sys.excepthook = lambda kind, error, trace: _uncaught(error)
    threading.excepthook = lambda uncaught: _uncaught(uncaught.exc_value)


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: object = None,
) -> None:
    """A warning of Python's: its kind and its place, which tell it from others; its text may quote data."""
    where = f"{'/'.join(PurePath(filename).parts[-2:])}:{lineno}"
    get_logger("heed.process").warning("python_warning", kind=category.__name__, where=where)


def _uncaught(error: BaseException | None) -> None:
    if error is not None:
        get_logger("heed.process").critical("uncaught", error=type(error).__name__, where=place_of(error))
