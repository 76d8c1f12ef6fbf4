"""Work for people: who owns a task, how soon it must be done, and what they answer."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """Who owns a task (B13). ``UNKNOWN``: a word that we do not know; it owns nothing and approves nothing."""

    ADMIN = "R-ADMIN"
    BOOK = "R-BOOK"
    CLIN = "R-CLIN"
    DUTY = "R-DUTY"
    PHARM = "R-PHARM"
    SAFE = "R-SAFE"
    CG = "R-CG"
    IG = "R-IG"
    CSO = "R-CSO"
    WL = "R-WL"
    PH = "R-PH"
    DQ = "R-DQ"
    PLAN = "R-PLAN"
    SRE = "R-SRE"
    UNKNOWN = "UNKNOWN"


#: Every role that somebody holds.
ROLES: Final = tuple(role for role in Role if role is not Role.UNKNOWN)


class Priority(StrEnum):
    """How soon a task must be done (B13). Ordered: ``Priority.P0 < Priority.P1`` is more urgent."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class TaskStatus(StrEnum):
    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    SUPERSEDED = "SUPERSEDED"
    CLOSED = "CLOSED"


class ResolutionKind(StrEnum):
    CLAIMED = "CLAIMED"
    RELEASED = "RELEASED"
    CONTACTED = "CONTACTED"
    LETTER_SENT = "LETTER_SENT"
    ACCEPTED_NOT_CONTACTED = "ACCEPTED_NOT_CONTACTED"
    OVERRIDE_APPROVED = "OVERRIDE_APPROVED"
    OVERRIDE_REFUSED = "OVERRIDE_REFUSED"
    CLOSED = "CLOSED"
    STANDING_DECISION = "STANDING_DECISION"
    STANDING_REVOKED = "STANDING_REVOKED"
    UNKNOWN = "UNKNOWN"
