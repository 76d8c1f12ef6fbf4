"""What people object to and why, and the grounds that may weigh against it."""

from enum import StrEnum
from typing import Final


class ObjectionAction(StrEnum):
    RECORDED = "RECORDED"
    AMENDED = "AMENDED"
    WITHDRAWN = "WITHDRAWN"
    UNKNOWN = "UNKNOWN"


class Scope(StrEnum):
    """What an objection covers (B4). ``UNKNOWN`` counts as ``WHOLE_CARE``."""

    WHOLE_CARE = "WHOLE_CARE"
    SERVICE = "SERVICE"
    METHOD = "METHOD"
    METHOD_GROUP = "METHOD_GROUP"
    METHOD_AND_SERVICE = "METHOD_AND_SERVICE"
    RECIPIENT = "RECIPIENT"
    UNKNOWN = "UNKNOWN"


class ChannelGroup(StrEnum):
    ELECTRONIC = "ELECTRONIC"
    UNKNOWN = "UNKNOWN"


class ObjectionReason(StrEnum):
    """Why a person objects (vocabulary 1.6). Never leaves the state, the audit and its owners."""

    SAFETY_DOMESTIC_ABUSE = "SAFETY_DOMESTIC_ABUSE"
    SAFETY_COERCION = "SAFETY_COERCION"
    SAFETY_STALKING = "SAFETY_STALKING"
    PROTECTED_IDENTITY = "PROTECTED_IDENTITY"
    SHARED_DEVICE_OR_ACCOUNT = "SHARED_DEVICE_OR_ACCOUNT"
    SAFEGUARDING_CHILD_OR_ADULT = "SAFEGUARDING_CHILD_OR_ADULT"
    SENSITIVE_SERVICE_PRIVACY = "SENSITIVE_SERVICE_PRIVACY"
    HARM_OR_DISTRESS = "HARM_OR_DISTRESS"
    NOT_GIVEN = "NOT_GIVEN"
    OTHER_FREE_TEXT = "OTHER_FREE_TEXT"
    UNKNOWN = "UNKNOWN"
    PREFERS_OTHER_METHOD = "PREFERS_OTHER_METHOD"
    TOO_MANY_MESSAGES = "TOO_MANY_MESSAGES"
    COST = "COST"
    DIGITAL_EXCLUSION = "DIGITAL_EXCLUSION"
    DATA_SECURITY_WORRY = "DATA_SECURITY_WORRY"
    DOES_NOT_READ_CHANNEL = "DOES_NOT_READ_CHANNEL"


#: Protected reasons that also close every channel not listed as safe (test E6).
SAFETY_REASONS: Final = frozenset(
    {
        ObjectionReason.SAFETY_DOMESTIC_ABUSE,
        ObjectionReason.SAFETY_COERCION,
        ObjectionReason.SAFETY_STALKING,
        ObjectionReason.PROTECTED_IDENTITY,
        ObjectionReason.SHARED_DEVICE_OR_ACCOUNT,
        ObjectionReason.SAFEGUARDING_CHILD_OR_ADULT,
    }
)
PROTECTED_REASONS: Final = SAFETY_REASONS | {
    ObjectionReason.SENSITIVE_SERVICE_PRIVACY,
    ObjectionReason.HARM_OR_DISTRESS,
}
UNCLEAR_REASONS: Final = frozenset(
    {ObjectionReason.NOT_GIVEN, ObjectionReason.OTHER_FREE_TEXT, ObjectionReason.UNKNOWN}
)
ORDINARY_REASONS: Final = frozenset(ObjectionReason) - PROTECTED_REASONS - UNCLEAR_REASONS


class Ground(StrEnum):
    """The eight compelling grounds of B7 (S0 lines 65 to 72)."""

    G1 = "G1"
    G2 = "G2"
    G3 = "G3"
    G4 = "G4"
    G5 = "G5"
    G6 = "G6"
    G7 = "G7"
    G8 = "G8"
