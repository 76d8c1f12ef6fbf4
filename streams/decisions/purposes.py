"""What each purpose may disclose, and to which families of purposes rules refer (B3, B7)."""

from typing import Final

from streams.domain.vocabulary import Ground, Level, Priority, Purpose, Role

#: The level a purpose is written for (vocabulary 1.3); caps may lower it, nothing raises it.
LEVEL_OF: Final[dict[Purpose, Level]] = {
    Purpose.APPT_CONFIRM: Level.L1,
    Purpose.APPT_REMINDER: Level.L1,
    Purpose.APPT_CHANGE: Level.L1,
    Purpose.APPT_CANCEL: Level.L1,
    Purpose.APPT_REINSTATE: Level.L1,
    Purpose.APPT_VIRTUAL_INVITE: Level.L1,
    Purpose.RESULT_AVAILABLE: Level.L3,
    Purpose.RESULT_NORMAL: Level.L4,
    Purpose.PRESCRIPTION_READY: Level.L2,
    Purpose.ADMIN_REPLY: Level.L1,
    Purpose.FOLLOW_UP_CHECK: Level.L2,
    Purpose.VACCINATION_INVITE: Level.L2,
    Purpose.SCREENING_INVITE: Level.L2,
    Purpose.WAITLIST_VALIDATION: Level.L1,
    Purpose.IMPLICATIONS_NOTICE: Level.L1,
    Purpose.TRANSPARENCY_NOTICE: Level.L1,
    Purpose.COMMUNICABLE_ALERT: Level.L0,
    Purpose.OUTAGE_WELFARE: Level.L1,
    Purpose.THREAT_CONTACT: Level.L0,
    Purpose.MEDICATION_ERROR: Level.L2,
}

APPOINTMENT_PURPOSES: Final = frozenset(p for p in Purpose if p.startswith("APPT_"))
RESULT_PURPOSES: Final = frozenset({Purpose.RESULT_AVAILABLE, Purpose.RESULT_NORMAL})
CLINICAL_PURPOSES: Final = RESULT_PURPOSES | {Purpose.FOLLOW_UP_CHECK, Purpose.MEDICATION_ERROR}
INVITES: Final = frozenset({Purpose.VACCINATION_INVITE, Purpose.SCREENING_INVITE})
#: Rows 6.1, 6.2 and 9.0: what may be suppressed for an objection.
COURTESY: Final = INVITES | {Purpose.APPT_REMINDER, Purpose.TRANSPARENCY_NOTICE}
OUT_OF_SCOPE: Final = frozenset({Purpose.DIRECT_MARKETING, Purpose.RESEARCH, Purpose.STAFF_TO_STAFF})
#: Sent for safety: exempt from the daily cap (3.9) and from quiet hours (B6).
SAFETY_PURPOSES: Final = frozenset(
    {
        Purpose.COMMUNICABLE_ALERT,
        Purpose.OUTAGE_WELFARE,
        Purpose.THREAT_CONTACT,
        Purpose.MEDICATION_ERROR,
    }
)

#: A purpose that is itself one of the eight grounds (B7), and who may raise it.
GROUND_OF: Final[dict[Purpose, Ground]] = {
    Purpose.COMMUNICABLE_ALERT: Ground.G1,
    Purpose.WAITLIST_VALIDATION: Ground.G2,
    Purpose.OUTAGE_WELFARE: Ground.G4,
    Purpose.APPT_VIRTUAL_INVITE: Ground.G6,
    Purpose.THREAT_CONTACT: Ground.G7,
    Purpose.MEDICATION_ERROR: Ground.G8,
}
RAISERS: Final[dict[Purpose, frozenset[Role]]] = {
    Purpose.COMMUNICABLE_ALERT: frozenset({Role.PH}),
    Purpose.WAITLIST_VALIDATION: frozenset({Role.WL}),
    Purpose.OUTAGE_WELFARE: frozenset({Role.PLAN}),
    Purpose.THREAT_CONTACT: frozenset({Role.SAFE}),
    Purpose.MEDICATION_ERROR: frozenset({Role.PHARM, Role.CLIN, Role.DUTY}),
}

#: 1.8: never a message, always a person.
NEVER_SENT: Final[dict[Purpose, tuple[Role, Priority]]] = {
    Purpose.EMERGENCY_TRIAGE: (Role.DUTY, Priority.P0),
    Purpose.BAD_NEWS: (Role.CLIN, Priority.P1),
    Purpose.COMPLEX_CLINICAL: (Role.CLIN, Priority.P2),
}


def role_for(purpose: Purpose) -> Role:
    """Who contacts the patient otherwise (rows 7.6 and 9.2): clinic, clinician or reception."""
    if purpose in APPOINTMENT_PURPOSES:
        return Role.BOOK
    if purpose in RESULT_PURPOSES or purpose is Purpose.FOLLOW_UP_CHECK:
        return Role.CLIN
    return Role.ADMIN
