"""What the sources say of appointments and results."""

from enum import StrEnum


class AppointmentStatus(StrEnum):
    BOOKED = "BOOKED"
    CANCELLED = "CANCELLED"
    ATTENDED = "ATTENDED"
    DID_NOT_ATTEND = "DID_NOT_ATTEND"
    UNKNOWN = "UNKNOWN"


class StartsPrecision(StrEnum):
    INSTANT = "INSTANT"
    DAY = "DAY"


class Mode(StrEnum):
    IN_PERSON = "IN_PERSON"
    VIDEO = "VIDEO"
    PHONE = "PHONE"
    UNKNOWN = "UNKNOWN"


class InitiatedBy(StrEnum):
    PROVIDER = "PROVIDER"
    PATIENT = "PATIENT"
    UNKNOWN = "UNKNOWN"


class ResultStatus(StrEnum):
    PRELIMINARY = "PRELIMINARY"
    FINAL = "FINAL"
    CORRECTED = "CORRECTED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


class Release(StrEnum):
    NOTIFY = "NOTIFY"
    DO_NOT_NOTIFY = "DO_NOT_NOTIFY"
    DISCUSS_FIRST = "DISCUSS_FIRST"
    UNSET = "UNSET"
    UNKNOWN = "UNKNOWN"
