"""The closed lists every other module speaks in: channels, levels, purposes, roles, reasons.

Decides nothing. Symbols are those of the contract; a symbol that a source system sends and
we do not know is read as ``UNKNOWN``, and each user of it takes the most protective meaning.
"""

from enum import StrEnum
from typing import Final


class Topic(StrEnum):
    """The topics of contract 1, without prefix."""

    APPOINTMENTS = "appointments"
    RESULTS = "results"
    OBJECTIONS = "objections"
    PATIENTS = "patients"
    REQUESTS = "requests"
    RECEIPTS = "receipts"
    RESOLUTIONS = "resolutions"
    SEND_COMMANDS = "send-commands"
    ESCALATION_TASKS = "escalation-tasks"
    DECISIONS = "decisions"
    PATIENT_TABLE = "patient-table"
    RECORDS = "records"
    SAFETY_LOG = "safety-log"
    DEAD_LETTERS = "dead-letters"
    HEARTBEATS = "heartbeats"


STATE_TOPICS: Final = (Topic.OBJECTIONS, Topic.PATIENTS, Topic.RESOLUTIONS)
DECIDING_TOPICS: Final = (Topic.APPOINTMENTS, Topic.RESULTS, Topic.REQUESTS, Topic.RECEIPTS)
INPUT_TOPICS: Final = STATE_TOPICS + DECIDING_TOPICS


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


class Outcome(StrEnum):
    """The five ends of a request (B2). ``HOLD`` is the only one that is not terminal."""

    SEND = "SEND"
    ESCALATE = "ESCALATE"
    SUPPRESS = "SUPPRESS"
    QUARANTINE = "QUARANTINE"
    HOLD = "HOLD"


class Role(StrEnum):
    """Who owns a task (B13)."""

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


class Priority(StrEnum):
    """How soon a task must be done (B13). Ordered: ``Priority.P0 < Priority.P1`` is more urgent."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


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


class ReceiptStatus(StrEnum):
    ACCEPTED = "ACCEPTED"
    DELIVERED = "DELIVERED"
    READ = "READ"
    PERMANENT_FAILURE = "PERMANENT_FAILURE"
    TEMPORARY_FAILURE = "TEMPORARY_FAILURE"
    TECHNICAL_FAILURE = "TECHNICAL_FAILURE"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


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


class RecipientRole(StrEnum):
    PATIENT = "PATIENT"
    PROXY = "PROXY"


class TaskStatus(StrEnum):
    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    SUPERSEDED = "SUPERSEDED"
    CLOSED = "CLOSED"


class SubjectKind(StrEnum):
    APPOINTMENT = "appointment"
    RESULT = "result"
    REQUEST = "request"
    OBJECTION = "objection"
    PATIENT = "patient"
    RECORD = "record"


class Reason(StrEnum):
    """The closed list of reason codes (contract 3, B17). Also a metric label, so never personal."""

    # SUPPRESS
    DUPLICATE = "duplicate"
    STALE_VERSION = "stale_version"
    NO_NET_CHANGE = "no_net_change"
    IMMATERIAL = "immaterial"
    PAST = "past"
    REPLAY_GUARD = "replay_guard"
    SUPERSEDED = "superseded"
    DECEASED = "deceased"
    OUT_OF_SCOPE_PURPOSE = "out_of_scope_purpose"
    OBJECTION_UPHELD = "objection_upheld"
    AWAITING_FINAL = "awaiting_final"
    RESULT_CANCELLED_UNTOLD = "result_cancelled_untold"
    CLINICIAN_CHOICE = "clinician_choice"
    REMINDER_NOT_DELIVERABLE = "reminder_not_deliverable"
    COALESCED = "coalesced"

    # QUARANTINE
    UNDECODABLE = "undecodable"
    UNKNOWN_SCHEMA = "unknown_schema"
    NULL_VALUE = "null_value"
    FIELD_TOO_LONG = "field_too_long"
    CONTROL_CHARACTERS = "control_characters"
    BAD_TIME = "bad_time"
    BAD_NHS_NUMBER = "bad_nhs_number"
    KEY_MISMATCH = "key_mismatch"
    VERSION_CONFLICT = "version_conflict"
    CLOCK_FAR_AHEAD = "clock_far_ahead"
    UNKNOWN_PURPOSE = "unknown_purpose"
    UNAUTHORISED_GROUND = "unauthorised_ground"
    UNKNOWN_COMMAND = "unknown_command"
    RULE_FAILED = "rule_failed"

    # HOLD
    SETTLE = "settle"
    COALESCE = "coalesce"
    QUIET_HOURS = "quiet_hours"
    CHANNEL_WINDOW = "channel_window"
    CONTACT_LINE_CLOSED = "contact_line_closed"
    STATE_GRACE = "state_grace"
    MERGE = "merge"
    FAIL_CLOSED = "fail_closed"
    SURGE = "surge"
    AWAITING_REVIEW = "awaiting_review"
    AWAITING_APPROVAL = "awaiting_approval"

    # ESCALATE
    EMERGENCY = "emergency"
    BAD_NEWS = "bad_news"
    COMPLEX_CLINICAL = "complex_clinical"
    CRITICAL_RESULT = "critical_result"
    DISCUSS_FIRST = "discuss_first"
    WITHDRAWN_RESULT = "withdrawn_result"
    CORRECTED_AFTER_TOLD = "corrected_after_told"
    UNREVIEWED_RESULT = "unreviewed_result"
    SENSITIVE_RESULT = "sensitive_result"
    RESULT_NOT_CLASSIFIED = "result_not_classified"
    UNKNOWN_PATIENT = "unknown_patient"
    RECORD_INVALID = "record_invalid"
    IDENTITY_MISMATCH = "identity_mismatch"
    SENSITIVE_FLAG = "sensitive_flag"
    EXIT_CODE = "exit_code"
    COMMS_HOLD = "comms_hold"
    DAILY_CAP = "daily_cap"
    FOLLOW_UP_NOT_AGREED = "follow_up_not_agreed"
    NOT_SEEN_RECENTLY = "not_seen_recently"
    ETHICS_REVIEW = "ethics_review"
    NO_TEMPLATE = "no_template"
    APPROVAL_EXPIRED = "approval_expired"
    PROXY_SUSPENDED = "proxy_suspended"
    PROXY_AMBIGUOUS = "proxy_ambiguous"
    PROXY_NOT_USABLE = "proxy_not_usable"
    CHECK_WITH_PATIENT = "check_with_patient"
    COMPETENT_MINOR = "competent_minor"
    EXCLUDED_PERSON = "excluded_person"
    WHOLE_CARE_OBJECTION = "whole_care_objection"
    SERVICE_OBJECTION = "service_objection"
    PROTECTED_OBJECTION = "protected_objection"
    UNCLEAR_OBJECTION = "unclear_objection"
    CONTACT_OTHERWISE = "contact_otherwise"
    OVERRIDE_NEEDED = "override_needed"
    NO_PERMISSION = "no_permission"
    ACCESSIBLE_CONTACT_NEEDED = "accessible_contact_needed"
    NO_CONTACT_DETAIL = "no_contact_detail"
    CANNOT_ARRIVE_IN_TIME = "cannot_arrive_in_time"
    LATE_NOTIFICATION = "late_notification"
    CALL_IN_PARALLEL = "call_in_parallel"
    UNCONTACTABLE = "uncontactable"
    OPENING_WATCH = "opening_watch"
    CAPTURE_REASON = "capture_reason"
    IMPLICATIONS_NOTICE = "implications_notice"
    REVERIFY_CONTACT = "reverify_contact"
    PREFERENCE_CONFLICT = "preference_conflict"
    DATA_QUALITY = "data_quality"
    OBJECTION_UNREADABLE = "objection_unreadable"
    MISSED_ACTION = "missed_action"
    ANSWER_OBJECTION = "answer_objection"
    THREAT = "threat"
    PHONE_PREFERRED = "phone_preferred"
    AUTHORISED_CALL = "authorised_call"

    # SEND: the selection reasons of B12
    PREFERRED = "preferred"
    APP_DEFAULT = "app_default"
    NON_PREFERRED_FALLBACK = "non_preferred_fallback"
    BOUNCE_FALLBACK = "bounce_fallback"
    EXCEPTION = "exception"
    OVERRIDE_STANDING = "override_standing"
    OVERRIDE_ASSESSED = "override_assessed"
    OVERRIDE_POLICY = "override_policy"
    OVERRIDE_ONE_OFF = "override_one_off"
