"""Codes in the words of a governance meeting; those of plain_words for all else."""

from typing import Final

PURPOSES: Final = {
    "APPT_CONFIRM": "appointment confirmed",
    "APPT_REMINDER": "appointment reminder",
    "APPT_CHANGE": "appointment changed",
    "APPT_CANCEL": "appointment cancelled",
    "APPT_REINSTATE": "cancelled appointment takes place after all",
    "APPT_VIRTUAL_INVITE": "invitation to a video appointment",
    "RESULT_AVAILABLE": "result is available",
    "RESULT_NORMAL": "result is normal",
    "PRESCRIPTION_READY": "prescription ready",
    "ADMIN_REPLY": "administrative reply",
    "FOLLOW_UP_CHECK": "follow-up check",
    "VACCINATION_INVITE": "vaccination invitation",
    "SCREENING_INVITE": "screening invitation",
    "WAITLIST_VALIDATION": "waiting-list question",
    "IMPLICATIONS_NOTICE": "what an objection means",
    "TRANSPARENCY_NOTICE": "how data is used",
    "COMMUNICABLE_ALERT": "communicable disease alert",
    "OUTAGE_WELFARE": "welfare during an outage",
    "THREAT_CONTACT": "contact about a threat",
    "MEDICATION_ERROR": "medication error",
    "none": "not known",
}
CHANNELS: Final = {
    "nhs_app": "NHS App",
    "sms": "text message",
    "email": "email",
    "letter": "letter",
    "none": "not known",
}
OUTCOMES: Final = {
    "SEND": "told by message",
    "ESCALATE": "given to staff",
    "SUPPRESS": "no message needed",
    "QUARANTINE": "set aside: unreadable or impossible",
}
PRIORITIES: Final = {
    "P0": "P0 at once",
    "P1": "P1 urgent",
    "P2": "P2 next day",
    "P3": "P3 two days",
    "P4": "P4 five days",
}
STATUSES: Final = {
    "ACCEPTED": "accepted",
    "DELIVERED": "delivered",
    "READ": "read",
    "PERMANENT_FAILURE": "failed for good",
    "TEMPORARY_FAILURE": "failed for now",
    "TECHNICAL_FAILURE": "technical failure",
    "REFUSED": "refused",
}
FAILED: Final = ("PERMANENT_FAILURE", "TEMPORARY_FAILURE", "TECHNICAL_FAILURE", "REFUSED")
OBJECTIONS: Final = {
    "RECORDED": "recorded",
    "AMENDED": "amended",
    "WITHDRAWN": "withdrawn",
    "UNKNOWN": "changed",
}
GROUNDS: Final = {
    "G1": "G1 communicable disease",
    "G2": "G2 waiting list",
    "G3": "G3 change within 48 hours",
    "G4": "G4 emergency or outage",
    "G5": "G5 other ways have failed",
    "G6": "G6 link to a virtual consultation",
    "G7": "G7 credible threat",
    "G8": "G8 medication error",
}
INCIDENTS: Final = {
    "near_miss_identity": "near miss: event and record name different people",
    "late_notification": "news that came too late to tell",
    "action_missed": "action missed: nobody answered in time",
    "objected_send_during_propagation": "message on its way when the objection arrived",
    "receipt_conflict": "receipts that contradict each other",
    "partition_resumed": "sends resumed after an unreadable objection",
    "already_claimed": "a task taken on by two people",
    "closed_without_outcome": "a task closed without saying what came of it: refused",
    "override_not_accepted": "an approval that was not accepted",
    "standing_decision_refused": "a standing decision that was refused",
    "resolution_without_task": "an action on a task that does not exist",
    "resolution_not_understood": "an action that could not be understood",
    "resume_refused": "resuming refused: not by the right role",
}
