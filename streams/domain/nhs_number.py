"""NHS numbers: ten digits, the last a check digit modulo 11 (NHS Data Dictionary)."""

from __future__ import annotations

from typing import Final

_WEIGHTS: Final = (10, 9, 8, 7, 6, 5, 4, 3, 2)


def normalised(number: str) -> str:
    """Without the spaces people write (C062)."""
    return number.replace(" ", "")


def is_valid(number: str) -> bool:
    """Tell whether the check digit fits; a computed digit of 10 is never valid (C062).

    >>> is_valid("999 054 8609"), is_valid("9990548608"), is_valid("999054860")
    (True, False, False)
    """
    digits = normalised(number)
    if len(digits) != 10 or not (digits.isascii() and digits.isdigit()):
        return False
    total = sum(weight * (ord(digit) - 48) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    check = 11 - total % 11
    return (0 if check == 11 else check) == ord(digits[9]) - 48
