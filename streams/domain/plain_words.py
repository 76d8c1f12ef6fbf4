"""Codes in the words of a hospital, for summaries and explanations read by people who never saw a reason code.

Plain text only: which code means what is decided in ``vocabulary`` and decisions.md."""

from typing import Final

ROLES: Final[dict[str, str]] = {
    "R-ADMIN": "Reception",
    "R-BOOK": "Booking and clinics",
    "R-CLIN": "Responsible clinician",
    "R-DUTY": "Duty clinician",
    "R-PHARM": "Pharmacist",
    "R-SAFE": "Safeguarding lead",
    "R-CG": "Caldicott Guardian",
    "R-IG": "Information governance",
    "R-CSO": "Clinical safety officer",
    "R-WL": "Waiting-list lead",
    "R-PH": "Public health",
    "R-DQ": "Data quality",
    "R-PLAN": "Emergency planning",
    "R-SRE": "System operations",
}

KINDS: Final[dict[str, str]] = {
    "appointment": "Appointment changes",
    "result": "Test results",
    "request": "Reminders and other requests",
    "record": "Receipts and the like",
    "objection": "Objections",
    "patient": "Patient records",
}

CHANNELS: Final[dict[str, str]] = {
    "nhs_app": "NHS App",
    "sms": "text message",
    "email": "email",
    "letter": "letter",
}

REASONS: Final[dict[str, str]] = {
    # no message was needed
    "duplicate": "the same news came before",
    "stale_version": "older than what was already known",
    "no_net_change": "nothing new for the patient",
    "immaterial": "only a room, a clinician or a few minutes changed",
    "past": "it is over, there is nothing left to tell",
    "replay_guard": "old news, sent again by a source system",
    "superseded": "a newer version came before anything was sent",
    "deceased": "the patient has died",
    "out_of_scope_purpose": "not about the patient's own care",
    "objection_upheld": "the patient objects, and it was a courtesy only",
    "awaiting_final": "the result is not final yet",
    "result_cancelled_untold": "withdrawn before anybody was told",
    "clinician_choice": "the clinician chose not to notify",
    "reminder_not_deliverable": "a reminder that could not be delivered",
    "coalesced": "told together with another result",
    # given to staff
    "critical_result": "critical result",
    "bad_news": "bad news, to be told in person",
    "discuss_first": "to be discussed with the patient first",
    "emergency": "an emergency",
    "complex_clinical": "a complex clinical matter",
    "withdrawn_result": "result withdrawn after the patient was told",
    "corrected_after_told": "result corrected after the patient was told",
    "unreviewed_result": "result not reviewed in time",
    "sensitive_result": "sensitive result",
    "result_not_classified": "result that no rule covers",
    "unknown_patient": "patient not known",
    "record_invalid": "patient record invalid",
    "identity_mismatch": "the event and the record name different people",
    "sensitive_flag": "protected person",
    "exit_code": "patient has left the area",
    "comms_hold": "all contact is on hold",
    "daily_cap": "enough messages for one day",
    "surge": "far more changes than usual",
    "follow_up_not_agreed": "a follow-up check nobody agreed to",
    "ethics_review": "an ethical look first",
    "approval_expired": "a second person did not approve in time",
    "excluded_person": "somebody who must not be told",
    "threat": "a credible threat",
    "rule_failed": "a rule of Heed failed, a person looks",
    "not_seen_recently": "patient not seen recently",
    "no_template": "no approved wording",
    "proxy_not_usable": "no usable stand-in for the patient",
    "proxy_suspended": "the stand-in's access is suspended",
    "proxy_ambiguous": "several stand-ins, none marked primary",
    "check_with_patient": "ask the patient before telling a stand-in",
    "competent_minor": "young person who decides for themselves",
    "whole_care_objection": "objection to any use of data",
    "service_objection": "objection to this service",
    "protected_objection": "objection for a protected reason",
    "unclear_objection": "objection without a clear reason",
    "contact_otherwise": "objection: reach the patient another way",
    "override_needed": "objection and short notice: a person decides",
    "no_permission": "permission is missing",
    "accessible_contact_needed": "needs an accessible format",
    "no_contact_detail": "no usable contact detail",
    "cannot_arrive_in_time": "no message would arrive in time",
    "late_notification": "the news came too late to tell",
    "call_in_parallel": "call as well, there is little time",
    "uncontactable": "messages did not arrive",
    "opening_watch": "watch that a held message goes out",
    "capture_reason": "ask for the reason of an objection",
    "implications_notice": "explain what an objection means",
    "reverify_contact": "check a contact detail",
    "preference_conflict": "wish and objection contradict each other",
    "data_quality": "put a record right",
    "objection_unreadable": "an objection could not be read",
    "missed_action": "no answer to a result notice",
    "answer_objection": "answer an objection",
    "phone_preferred": "patient would rather be called",
    "authorised_call": "call about medication",
    # still waiting
    "settle": "waiting a moment for corrections",
    "coalesce": "waiting to be told with other results",
    "quiet_hours": "quiet hours",
    "channel_window": "the channel opens again in the morning",
    "contact_line_closed": "nobody would answer the phone now",
    "state_grace": "waiting for the patient's record",
    "merge": "the patient's record is being put in order",
    "fail_closed": "the state is not to be trusted now",
    "awaiting_review": "waiting for the clinician's review",
    "awaiting_approval": "waiting for a second person",
    # why this channel
    "preferred": "the patient's own choice",
    "app_default": "the organisation's usual way",
    "non_preferred_fallback": "the next way that was open",
    "bounce_fallback": "the way before did not work",
    "exception": "the patient had agreed to it beforehand",
    "override_standing": "people had decided so for this patient",
    "override_assessed": "assessed with the patient, and the policy is in date",
    "override_policy": "the organisation's policy allows it",
    "override_one_off": "a person approved it, this once",
    # set aside
    "undecodable": "bytes that are no record",
    "unknown_schema": "a format nobody has registered",
    "null_value": "an empty record where an objection should be",
    "field_too_long": "a field far too long",
    "control_characters": "control characters in a text",
    "bad_time": "an impossible date",
    "bad_nhs_number": "an NHS number that cannot be right",
    "key_mismatch": "filed under another patient",
    "version_conflict": "two different stories under one version",
    "clock_far_ahead": "dated more than a day ahead",
    "unknown_purpose": "a purpose nobody knows",
    "unknown_command": "a receipt for a message nobody sent",
    "unauthorised_ground": "nobody authorised to ask for it",
}


def in_words(reason: str) -> str:
    """A reason code in words; a code without words is at least readable."""
    return REASONS.get(reason, reason.replace("_", " "))


def of_role(role: str) -> str:
    return ROLES.get(role, role)
