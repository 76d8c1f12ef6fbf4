"""NHS numbers that no person has: the 999 range, with a right or a deliberately wrong check digit."""

from random import Random
from typing import Final

from streams.domain.nhs_number import is_valid

_RANGE: Final = "999"
_FREE_DIGITS: Final = 6
_MOST: Final = 900_000  # about one in eleven beginnings has no check digit that fits


def invented_numbers(rng: Random, count: int) -> list[str]:
    """Draw ``count`` different valid numbers of the 999 range. Raises ValueError when it has not so many."""
    if count > _MOST:
        raise ValueError(f"the 999 range has no {count} test numbers; ask for at most {_MOST} patients")
    found: list[str] = []
    for free in rng.sample(range(10**_FREE_DIGITS), k=min(10**_FREE_DIGITS, count + count // 5 + 50)):
        number = _completed(f"{_RANGE}{free:0{_FREE_DIGITS}}")
        if number is not None:
            found.append(number)
        if len(found) == count:
            break
    return found


def _completed(nine: str) -> str | None:
    return next((nine + digit for digit in "0123456789" if is_valid(nine + digit)), None)


def mistyped(number: str) -> str:
    """The same number with a check digit that does not fit.

    >>> mistyped("9990548609")
    '9990548600'
    """
    return number[:9] + str((int(number[9]) + 1) % 10)
