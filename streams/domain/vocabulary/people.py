"""What a patient's record says of the person, of what they permit and need, and of who stands in for them."""

from enum import StrEnum


class RecordStatus(StrEnum):
    VALID = "VALID"
    INVALID = "INVALID"
    MERGING = "MERGING"
    SUPERSEDED = "SUPERSEDED"
    UNKNOWN = "UNKNOWN"


class Death(StrEnum):
    NONE = "NONE"
    INFORMAL = "INFORMAL"
    FORMAL = "FORMAL"
    REMOVED = "REMOVED"
    UNKNOWN = "UNKNOWN"


class PermissionState(StrEnum):
    NOT_ASKED = "NOT_ASKED"
    OPTED_IN = "OPTED_IN"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    UNKNOWN = "UNKNOWN"


class NeedKind(StrEnum):
    LARGE_PRINT = "LARGE_PRINT"
    BRAILLE = "BRAILLE"
    EASY_READ = "EASY_READ"
    AUDIO = "AUDIO"
    BSL = "BSL"
    INTERPRETER = "INTERPRETER"
    TEXT_RELAY = "TEXT_RELAY"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class ProxyBasis(StrEnum):
    PARENTAL = "PARENTAL"
    NOMINATED = "NOMINATED"
    LPA = "LPA"
    COURT_DEPUTY = "COURT_DEPUTY"
    BEST_INTERESTS = "BEST_INTERESTS"
    UNKNOWN = "UNKNOWN"


class ProxyMode(StrEnum):
    STANDS_IN = "STANDS_IN"
    INSTEAD_OF = "INSTEAD_OF"
    COPY = "COPY"
    UNKNOWN = "UNKNOWN"


class RecipientRole(StrEnum):
    PATIENT = "PATIENT"
    PROXY = "PROXY"
