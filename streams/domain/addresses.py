"""Whether a contact detail can be used as the one address of a command (E2, I14).

Judges the form only: a well-formed detail may still belong to somebody else.
"""

from __future__ import annotations

import re
from typing import Final

from .nhs_number import is_valid, normalised
from .vocabulary import Channel

# 07 followed by 1-5 or 7-9: mobiles. 070 and 076 are personal numbers and pagers (Ofcom), not phones.
_UK_MOBILE: Final = re.compile(r"(?:\+44|0044|0)7[1-57-9][0-9]{8}")
# One mailbox, no display name, no list: a separator or line break would add a recipient (C150, A4-12).
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_POSTCODE: Final = re.compile(r"\b[A-Za-z]{1,2}[0-9][A-Za-z0-9]?\s*[0-9][A-Za-z]{2}\b")
_COUNTRY: Final = re.compile(r"^(?:\+44|0044)")
_SPACES: Final = str.maketrans("", "", " -()")


def is_well_formed(channel: Channel, value: str) -> bool:
    """Tell whether ``value`` can be an address on ``channel``; landlines and lists cannot (C149, C150).

    >>> is_well_formed(Channel.SMS, "07700 900123"), is_well_formed(Channel.SMS, "020 7946 0000")
    (True, False)
    """
    if channel is Channel.SMS:
        return (_UK_MOBILE.fullmatch(value) or _UK_MOBILE.fullmatch(value.translate(_SPACES))) is not None
    if channel is Channel.EMAIL:
        return _EMAIL.fullmatch(value) is not None
    if channel is Channel.NHS_APP:
        return is_valid(value)
    if channel is Channel.LETTER:
        return _POSTCODE.search(value) is not None and value.count(",") + value.count("\n") >= 1
    return bool(value)


def same_place(channel: Channel, value: str) -> tuple[Channel, str]:
    """What two details have in common when messages to them reach the same place, however they are written.

    >>> same_place(Channel.SMS, "07700 900123") == same_place(Channel.SMS, "+44 7700 900123")
    True
    """
    if channel is Channel.SMS:
        return channel, _COUNTRY.sub("0", value.translate(_SPACES))
    if channel is Channel.NHS_APP:
        return channel, normalised(value)
    return channel, " ".join(value.replace(",", " ").split()).casefold()
