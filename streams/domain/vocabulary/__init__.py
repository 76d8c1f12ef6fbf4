"""The closed lists every other module speaks in: channels, levels, purposes, roles, reasons.

Decides nothing. Symbols are those of the contract; a symbol that a source system sends and
we do not know is read as ``UNKNOWN``, and each user of it takes the most protective meaning.
"""

from .care import AppointmentStatus, InitiatedBy, Mode, Release, ResultStatus, StartsPrecision
from .members import quick_members
from .messages import ELECTRONIC, SENDABLE, Channel, Level, Purpose, ReceiptStatus
from .objections import (
    ORDINARY_REASONS,
    PROTECTED_REASONS,
    SAFETY_REASONS,
    UNCLEAR_REASONS,
    ChannelGroup,
    Ground,
    ObjectionAction,
    ObjectionReason,
    Scope,
)
from .outcomes import Outcome, Reason, SubjectKind
from .people import Death, NeedKind, PermissionState, ProxyBasis, ProxyMode, RecipientRole, RecordStatus
from .tasks import ROLES, Priority, ResolutionKind, Role, TaskStatus
from .topics import DECIDING_TOPICS, INPUT_TOPICS, STATE_TOPICS, Topic

__all__ = [
    "DECIDING_TOPICS",
    "ELECTRONIC",
    "INPUT_TOPICS",
    "ORDINARY_REASONS",
    "PROTECTED_REASONS",
    "ROLES",
    "SAFETY_REASONS",
    "SENDABLE",
    "STATE_TOPICS",
    "UNCLEAR_REASONS",
    "AppointmentStatus",
    "Channel",
    "ChannelGroup",
    "Death",
    "Ground",
    "InitiatedBy",
    "Level",
    "Mode",
    "NeedKind",
    "ObjectionAction",
    "ObjectionReason",
    "Outcome",
    "PermissionState",
    "Priority",
    "ProxyBasis",
    "ProxyMode",
    "Purpose",
    "Reason",
    "ReceiptStatus",
    "RecipientRole",
    "RecordStatus",
    "Release",
    "ResolutionKind",
    "ResultStatus",
    "Role",
    "Scope",
    "StartsPrecision",
    "SubjectKind",
    "TaskStatus",
    "Topic",
]

quick_members()
