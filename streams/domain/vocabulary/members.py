"""How a member of a closed list is looked up: as Python 3.12 does it, on 3.11 too.

Up to 3.11 enum classes have a hook for names they do not find (``EnumType.__getattr__``). Members are ordinary
attributes since 3.11 and never need it; Python 3.12 took it out for that reason (gh-95083). While it is there,
``Reason.PAST`` costs three times as much, and a decision looks some hundred members up.
"""

from __future__ import annotations

from enum import EnumType


def quick_members() -> None:
    """Take the hook out where it still exists; a name that no list has is an AttributeError as before."""
    if "__getattr__" in vars(EnumType):
        del EnumType.__getattr__  # type: ignore[attr-defined]
