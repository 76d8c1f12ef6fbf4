"""What several commands ask of their arguments: numbers within bounds, and files that can be written at the end."""

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path

from streams.errors import BadUsage


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A whole number of ``least`` or more, for ``type=`` of argparse.

    >>> whole(1)("12")
    12
    """
    allowed = f"a whole number of {least} or more" if most is None else f"a whole number, {least} to {most}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
        return number

    return read


def above_zero(text: str) -> float:
    """A number above 0, for ``type=`` of argparse."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not (number > 0 and math.isfinite(number)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def check_can_write(option: str, file: Path) -> None:
    """Before the work, so that it is not lost for want of a place. Raises BadUsage."""
    folder = file.absolute().parent
    if not folder.is_dir():
        raise BadUsage(f"{option} {file}: there is no folder {folder}")
    if file.is_dir():
        raise BadUsage(f"{option} {file}: is a folder; name a file")
    if not os.access(file if file.exists() else folder, os.W_OK):
        raise BadUsage(f"{option} {file}: may not be written")
