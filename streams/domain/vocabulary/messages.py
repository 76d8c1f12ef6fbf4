"""What a message is: the channel it takes, how much it discloses, why it is asked for, what became of it."""

from enum import StrEnum
from typing import Final


class Channel(StrEnum):
    """A way to reach a person (vocabulary 1.4). ``phone_human`` is always a task, never a command."""

    NHS_APP = "nhs_app"
    SMS = "sms"
    EMAIL = "email"
    LETTER = "letter"
    PHONE_HUMAN = "phone_human"
    IM_COMMERCIAL = "im_commercial"
    AUTOMATED_VOICE = "automated_voice"
    UNKNOWN = "UNKNOWN"


ELECTRONIC: Final = frozenset(
    {Channel.NHS_APP, Channel.SMS, Channel.EMAIL, Channel.IM_COMMERCIAL, Channel.AUTOMATED_VOICE}
)
#: Channels that a send command can name (B5); a human call is a task.
SENDABLE: Final = (Channel.NHS_APP, Channel.SMS, Channel.EMAIL, Channel.LETTER, Channel.IM_COMMERCIAL)


class Level(StrEnum):
    """How much a message discloses (vocabulary 1.3). Ordered: ``Level.L0 < Level.L1``."""

    L0 = "L0"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    L4 = "L4"
    L5 = "L5"


class Purpose(StrEnum):
    """Why a message is asked for (vocabulary 1.5)."""

    APPT_CONFIRM = "APPT_CONFIRM"
    APPT_REMINDER = "APPT_REMINDER"
    APPT_CHANGE = "APPT_CHANGE"
    APPT_CANCEL = "APPT_CANCEL"
    APPT_REINSTATE = "APPT_REINSTATE"
    APPT_VIRTUAL_INVITE = "APPT_VIRTUAL_INVITE"
    RESULT_AVAILABLE = "RESULT_AVAILABLE"
    RESULT_NORMAL = "RESULT_NORMAL"
    PRESCRIPTION_READY = "PRESCRIPTION_READY"
    ADMIN_REPLY = "ADMIN_REPLY"
    FOLLOW_UP_CHECK = "FOLLOW_UP_CHECK"
    VACCINATION_INVITE = "VACCINATION_INVITE"
    SCREENING_INVITE = "SCREENING_INVITE"
    WAITLIST_VALIDATION = "WAITLIST_VALIDATION"
    IMPLICATIONS_NOTICE = "IMPLICATIONS_NOTICE"
    TRANSPARENCY_NOTICE = "TRANSPARENCY_NOTICE"
    COMMUNICABLE_ALERT = "COMMUNICABLE_ALERT"
    OUTAGE_WELFARE = "OUTAGE_WELFARE"
    THREAT_CONTACT = "THREAT_CONTACT"
    MEDICATION_ERROR = "MEDICATION_ERROR"
    EMERGENCY_TRIAGE = "EMERGENCY_TRIAGE"
    BAD_NEWS = "BAD_NEWS"
    COMPLEX_CLINICAL = "COMPLEX_CLINICAL"
    DIRECT_MARKETING = "DIRECT_MARKETING"
    RESEARCH = "RESEARCH"
    STAFF_TO_STAFF = "STAFF_TO_STAFF"
    UNKNOWN = "UNKNOWN"


class ReceiptStatus(StrEnum):
    ACCEPTED = "ACCEPTED"
    DELIVERED = "DELIVERED"
    READ = "READ"
    PERMANENT_FAILURE = "PERMANENT_FAILURE"
    TEMPORARY_FAILURE = "TEMPORARY_FAILURE"
    TECHNICAL_FAILURE = "TECHNICAL_FAILURE"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"
