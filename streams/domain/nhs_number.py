"""NHS numbers: ten digits, the last a check digit modulo 11 (NHS Data Dictionary)."""

from __future__ import annotations

from functools import lru_cache


def normalised(number: str) -> str:
    """Without the spaces people write (C062)."""
    return number.replace(" ", "")


@lru_cache(maxsize=4_096)
def is_valid(number: str) -> bool:
    """Tell whether the check digit fits; a computed digit of 10 is never valid (C062).

    Numbers that begin with 0 to 3 are Scotland's (a birth date comes first) and Northern Ireland's (320 to 399):
    they have the same check digit, and name other people here (C072).

    >>> is_valid("999 054 8609"), is_valid("9990548608"), is_valid("999054860"), is_valid("3200000015")
    (True, False, False, False)

    Remembered: an event's number is often its patient's NHS App address too, and has come before.
    """
    digits = normalised(number)
    if len(digits) != 10 or digits < "4" or not (digits.isascii() and digits.isdigit()):
        return False
    a, b, c, d, e, f, g, h, i, check = digits.encode()
    # Weights 10 to 2, written out. 2 592 is what the code of "0" adds.
    total = 10 * a + 9 * b + 8 * c + 7 * d + 6 * e + 5 * f + 4 * g + 3 * h + 2 * i - 2_592
    return (11 - total % 11) % 11 == check - 48
