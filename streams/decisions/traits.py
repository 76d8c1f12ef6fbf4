"""Which rows cannot concern a case, told from a few facts: most patients have no proxy and object to nothing.

A row that names traits is asked only of cases that have one of them. Leaving a row out changes no outcome,
since it would have answered None; a test asks every left-out row all the same. What it buys: some twenty
calls fewer for the usual event.
"""

from __future__ import annotations

from typing import Final

from .case import Case

ALWAYS: Final = 0
OTHERS: Final = 1  # a proxy, a child, an adult without capacity: somebody else may receive the message
OBJECTS: Final = 2  # any objection, active or withdrawn
SENSITIVE: Final = 4
WAITING: Final = 8  # an open task or a message on its way
EVERY: Final = OTHERS | OBJECTS | SENSITIVE | WAITING


def traits_of(case: Case) -> int:
    """The traits of a case; rows change only its context, never these."""
    patient = case.patient
    identity = patient.identity
    traits = 0
    if (
        patient.proxies
        or case.minor
        or case.asked.copy_to is not None
        or (identity is not None and identity.lacks_capacity)
    ):
        traits |= OTHERS
    if patient.objections:
        traits |= OBJECTS
    if case.sensitive:
        traits |= SENSITIVE
    if patient.tasks or patient.sent:
        traits |= WAITING
    return traits
