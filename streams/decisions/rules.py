"""The ordered table of B3: lay it beside decisions.md and read both from top to bottom.

Each row names its id, what it says, the reasons it may give, the line of the guidance it comes from and
the kinds of request it is asked of. The first row that answers with an outcome ends the walk; a row that
answers with a changed case only changes the context. Rows 1.1 to 1.6 are about records, not requests:
``decisions.intake`` asks them before there is a case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from streams.domain.vocabulary import Reason, SubjectKind

from . import content, overrides, recipients, relevance, results, selection, status
from .traits import (
    ALWAYS,
    BY_PERSON,
    EVERY,
    FLAGGED,
    OBJECTS,
    OTHERS,
    SENSITIVE,
    STOPPED,
    UNUSUAL,
    WAITING,
)

APPOINTMENT: Final = frozenset({SubjectKind.APPOINTMENT})
RESULT: Final = frozenset({SubjectKind.RESULT})
REQUEST: Final = frozenset({SubjectKind.REQUEST})
ANY: Final = APPOINTMENT | RESULT | REQUEST


class Rule(msgspec.Struct, frozen=True):
    """One row. ``ask`` takes the case (from row 7 on: the case with its channels tested)."""

    id: str
    title: str
    reasons: tuple[Reason, ...]
    source: str
    kinds: frozenset[SubjectKind]
    ask: Callable[[Any], Any]
    only: int = ALWAYS  # asked only of cases with one of these traits


R: Final = Reason  # short, so that a row stays a row

INTAKE_ROWS: Final = (
    ("1.1", "The bytes could not be read, or an objection was empty", "S2 line 34"),
    ("1.2", "A field is too long, has control characters or an impossible date", "S2 line 34"),
    ("1.3", "The NHS number or the message key does not fit", "S2 line 26"),
    ("1.4", "The same event, or the same version with the same content, came before", "S2 line 26"),
    ("1.5", "A newer version is already known, or the same version says something else", "S2 line 26"),
    ("1.6", "The event says it happens in the future", "S2 line 28"),
)
#: Ids that end a decision outside the table: after a send, and by a person's resolution.
OTHER_ROWS: Final = (
    ("B6", "The message waits until it may leave", "S0 line 67"),
    ("10", "After sending: what the receipts say", "S0 line 69"),
    ("B6.2", "The message did not arrive; the next channel, or a person", "S0 line 69"),
    ("9.8", "A person approved or refused this one override", "S0 line 74"),
    ("fault", "A rule failed; a person looks at it", "S2 line 30"),
)

# fmt: off
RULES: Final[tuple[Rule, ...]] = (
    Rule("1.7", "Not about the person's own care", (R.OUT_OF_SCOPE_PURPOSE,), "S1 line 5", REQUEST, relevance.out_of_scope),
    Rule("1.8", "Emergency, bad news or a complex matter: a clinician, never a message", (R.EMERGENCY, R.BAD_NEWS, R.COMPLEX_CLINICAL), "S2 line 52", REQUEST, relevance.never_a_message),
    Rule("1.9", "The purpose is not known", (R.UNKNOWN_PURPOSE,), "S0 line 5", REQUEST, relevance.unknown_purpose),
    Rule("1.10", "A ground needs an authorised person behind it", (R.UNAUTHORISED_GROUND,), "S0 line 74", REQUEST, relevance.unauthorised_ground),
    Rule("B10.1", "The result was withdrawn", (R.WITHDRAWN_RESULT, R.RESULT_CANCELLED_UNTOLD, R.SUPERSEDED), "S2 line 30", RESULT, results.withdrawn),
    Rule("B10.2", "A critical result goes to the duty clinician at once", (R.CRITICAL_RESULT,), "S2 line 53", RESULT, results.critical),
    Rule("B10.3", "Bad news, discuss first, or abnormal and not released", (R.BAD_NEWS, R.DISCUSS_FIRST), "S2 line 53", RESULT, results.needs_conversation),
    Rule("1.11", "A credible threat: safeguarding reaches the person", (R.THREAT,), "S0 line 71", REQUEST, relevance.threat),
    Rule("1.11", "Wrong medication: a call at once, beside the message", (R.AUTHORISED_CALL,), "S0 line 72", REQUEST, relevance.wrong_medication),
    Rule("2.1", "Wait until the feed has settled", (R.SETTLE,), "S2 line 28", APPOINTMENT | RESULT, relevance.settle),
    Rule("2.2", "What still waits for the same thing is withdrawn", (), "S2 line 28", ANY, relevance.withdraw_older, WAITING),
    Rule("B1", "Attended or not: we know it now, nobody needs a message", (R.PAST,), "S0 line 67", APPOINTMENT, relevance.state_only, UNUSUAL),
    Rule("1.2", "The status or the mode is one we do not know: a person reads it", (R.DATA_QUALITY,), "S2 line 28", APPOINTMENT, relevance.unknown_status, UNUSUAL),
    Rule("2.3", "Nothing differs from what the recipient was last told", (R.NO_NET_CHANGE,), "S2 line 28", APPOINTMENT | RESULT, relevance.no_net_change),
    Rule("2.3", "The appointment does not take place any more", (R.SUPERSEDED,), "S2 line 28", REQUEST, relevance.cancelled_meanwhile),
    Rule("2.4", "Nothing in the future is affected", (R.PAST,), "S0 line 67", APPOINTMENT | REQUEST, relevance.past),
    Rule("2.5", "Only immaterial details changed", (R.IMMATERIAL,), "S0 line 67", APPOINTMENT, relevance.immaterial),
    Rule("2.6", "The patient asked for the change", (), "S0 line 67", APPOINTMENT, relevance.patients_own_change, UNUSUAL),
    Rule("2.7", "A replay, or too old to matter", (R.REPLAY_GUARD,), "S2 line 28", ANY, relevance.replay_guard),
    Rule("3.1", "The state is not to be trusted now", (R.FAIL_CLOSED,), "S0 line 56", ANY, status.fail_closed, STOPPED),
    Rule("3.2", "The patient is not known", (R.STATE_GRACE, R.UNKNOWN_PATIENT), "S2 line 26", ANY, status.unknown_patient, FLAGGED),
    Rule("3.3", "A death is recorded", (R.DECEASED,), "S2 line 28", ANY, status.deceased, FLAGGED),
    Rule("3.4", "The record is invalid or being merged", (R.MERGE, R.RECORD_INVALID, R.SUPERSEDED), "S2 line 26", ANY, status.record_invalid, FLAGGED),
    Rule("3.5", "Event and record disagree on who this is", (R.IDENTITY_MISMATCH,), "S2 line 26", ANY, status.identity_mismatch),
    Rule("3.6", "A protected person", (R.SENSITIVE_FLAG,), "S0 line 33", ANY, status.sensitive_flag, FLAGGED),
    Rule("3.7", "The patient has left the list", (R.EXIT_CODE,), "S0 line 98", ANY, status.exit_code, FLAGGED),
    Rule("3.8", "All contact is on hold", (R.COMMS_HOLD,), "S0 line 56", ANY, status.comms_hold, FLAGGED),
    Rule("3.9", "The patient has had enough messages today", (R.DAILY_CAP,), "S2 line 135", ANY, status.daily_cap),
    Rule("3.10", "Far more changes than usual: a person confirms first", (R.SURGE,), "S2 line 141", APPOINTMENT, status.surge, STOPPED),
    Rule("B10.4", "A preliminary result", (R.AWAITING_FINAL,), "S2 line 46", RESULT, results.preliminary),
    Rule("B10.5", "Corrected after the patient was told", (R.CORRECTED_AFTER_TOLD,), "S2 line 30", RESULT, results.corrected),
    Rule("B10.6", "The clinician decided not to notify", (R.CLINICIAN_CHOICE,), "S2 line 46", RESULT, results.clinicians_choice),
    Rule("B10.9", "The agreed threshold is in another unit", (), "S2 line 46", RESULT, results.units_differ),
    Rule("B10.7", "Nobody has reviewed it yet", (R.AWAITING_REVIEW, R.UNREVIEWED_RESULT), "S2 line 68", RESULT, results.unreviewed),
    Rule("B10.8", "A sensitive test", (R.SENSITIVE_RESULT, R.CONTACT_LINE_CLOSED), "S0 line 33", RESULT, results.sensitive),
    Rule("B10.9", "Normal, and agreed beforehand", (), "S2 line 46", RESULT, results.normal),
    Rule("B10.10", "A result is available, contact us", (R.CONTACT_LINE_CLOSED,), "S1 line 20", RESULT, results.available),
    Rule("B10.11", "Anything else is for a clinician", (R.RESULT_NOT_CLASSIFIED,), "S2 line 53", RESULT | REQUEST, results.not_classified),
    Rule("1.2", "An appointment we do not know, or not whether it stands, or where", (R.DATA_QUALITY,), "S2 line 28", REQUEST, content.appointment_unclear),
    Rule("4.2", "A follow-up check nobody agreed to", (R.FOLLOW_UP_NOT_AGREED,), "S2 line 47", REQUEST, content.follow_up_not_agreed),
    Rule("4.3", "A clinical message to somebody not seen recently", (R.NOT_SEEN_RECENTLY,), "S2 line 55", RESULT | REQUEST, content.not_seen_recently),
    Rule("4.4", "A sensitive service says less", (), "S0 line 33", ANY, content.cap_if_sensitive, SENSITIVE),
    Rule("4.5", "An ethical look first", (R.ETHICS_REVIEW,), "S0 line 31", REQUEST, content.ethics),
    Rule("4.6", "No approved wording", (R.NO_TEMPLATE,), "S2 line 143", ANY, content.no_template),
    Rule("4.7", "A second person has to approve", (R.AWAITING_APPROVAL, R.APPROVAL_EXPIRED), "S0 line 107", REQUEST, content.second_person),
    Rule("6.3", "Somebody the patient wants left out", (), "S0 line 53", ANY, content.remove_recipients, OTHERS),
    Rule("B11.2", "The patient has turned 16", (R.PROXY_SUSPENDED,), "S0 line 29", ANY, recipients.turned_sixteen, OTHERS),
    Rule("B11.5", "The proxy has to be reviewed", (R.PROXY_SUSPENDED,), "S0 line 29", ANY, recipients.review_due, OTHERS),
    Rule("B11.8", "No usable proxy", (R.PROXY_NOT_USABLE,), "S1 line 12", ANY, recipients.not_usable, OTHERS),
    Rule("B11.9", "A result needs a proxy with results in scope", (R.PROXY_NOT_USABLE,), "S1 line 12", RESULT, recipients.no_results_scope, OTHERS),
    Rule("B11.10", "Sensitive: ask the patient before telling a proxy", (R.CHECK_WITH_PATIENT,), "S1 line 14", ANY, recipients.check_with_patient, OTHERS),
    Rule("B11.11", "An excluded person", (R.EXCLUDED_PERSON,), "S0 line 31", ANY, recipients.excluded_person, OTHERS),
    Rule("B11.3", "A competent young person", (R.COMPETENT_MINOR,), "S1 line 14", ANY, recipients.competent_minor, OTHERS),
    Rule("B11.13", "Several proxies and no primary one", (R.PROXY_AMBIGUOUS,), "S0 line 27", ANY, recipients.ambiguous, OTHERS),
    Rule("B11.4", "The parental proxy of a child", (), "S0 line 27", ANY, recipients.parental_proxy, OTHERS),
    Rule("B11.6", "The stand-in of an adult without capacity", (), "S0 line 29", ANY, recipients.acting_for_adult, OTHERS),
    Rule("B11.7", "The person the patient nominated", (), "S0 line 27", ANY, recipients.nominated, OTHERS),
    Rule("B11.1", "The patient", (R.DATA_QUALITY,), "S0 line 19", ANY, recipients.patient_themselves),
    Rule("6.1", "An objection to the whole care", (R.OBJECTION_UPHELD, R.WHOLE_CARE_OBJECTION), "S0 line 53", ANY, content.whole_care_objection, OBJECTS),
    Rule("6.2", "An objection to this service", (R.OBJECTION_UPHELD, R.SERVICE_OBJECTION), "S0 line 53", ANY, content.service_objection, OBJECTS),
    Rule("7", "Test every channel", (), "S0 line 42", ANY, selection.test),
    Rule("9.8", "A person approved this one override", (R.OVERRIDE_ONE_OFF,), "S0 line 74", ANY, overrides.by_one_off, BY_PERSON),
    Rule("B5", "The patient would rather be called", (R.PHONE_PREFERRED,), "S0 line 42", ANY, selection.phone_preferred, BY_PERSON),
    Rule("B10", "Told together with the notice before it", (R.COALESCE, R.COALESCED), "S1 line 20", RESULT, results.coalesce),
    Rule("7.1", "An eligible channel", (R.PREFERRED, R.APP_DEFAULT, R.NON_PREFERRED_FALLBACK, R.BOUNCE_FALLBACK, R.EXCEPTION), "S0 line 42", ANY, selection.send),
    Rule("9.0", "A courtesy yields to an objection", (R.OBJECTION_UPHELD,), "S0 line 56", ANY, overrides.courtesy),
    Rule("9.1", "Protected or unclear, safety, or every method: a person", (R.PROTECTED_OBJECTION, R.UNCLEAR_OBJECTION, R.CONTACT_OTHERWISE), "S0 line 74", ANY, overrides.never_automatic),
    Rule("9.2", "No ground applies", (R.CONTACT_OTHERWISE,), "S0 line 56", ANY, overrides.no_ground),
    Rule("9.3", "This organisation never overrides automatically", (R.OVERRIDE_NEEDED,), "S0 line 74", ANY, overrides.overrides_off),
    Rule("9.4", "A standing decision is on file", (R.OVERRIDE_STANDING,), "S0 line 74", ANY, overrides.by_standing_decision),
    Rule("9.5", "The objection was assessed, and the policy is in date", (R.OVERRIDE_ASSESSED,), "S0 line 74", ANY, overrides.by_assessment),
    Rule("9.6", "The organisation's policy allows this ordinary reason", (R.OVERRIDE_POLICY,), "S0 line 74", ANY, overrides.by_policy),
    Rule("9.7", "Nothing is on file: the owner of the ground decides", (R.OVERRIDE_NEEDED,), "S0 line 74", ANY, overrides.ask_the_owner),
    Rule("7.3", "Permission is missing", (R.NO_PERMISSION, R.REMINDER_NOT_DELIVERABLE, R.UNCONTACTABLE), "S2 line 127", ANY, selection.no_permission),
    Rule("7.4", "A communication need is not met", (R.ACCESSIBLE_CONTACT_NEEDED, R.REMINDER_NOT_DELIVERABLE, R.UNCONTACTABLE), "S2 line 129", ANY, selection.need_unmet),
    Rule("7.5", "No usable contact detail", (R.NO_CONTACT_DETAIL, R.REMINDER_NOT_DELIVERABLE, R.UNCONTACTABLE), "S0 line 38", ANY, selection.no_detail),
    Rule("4.6", "No approved wording is left", (R.NO_TEMPLATE,), "S2 line 143", ANY, selection.wording_missing),
    Rule("7.6", "It cannot arrive in time", (R.CANNOT_ARRIVE_IN_TIME, R.REMINDER_NOT_DELIVERABLE, R.UNCONTACTABLE), "S0 line 67", ANY, selection.too_late),
)
# fmt: on

#: By kind of request and traits: the rows to ask, in order.
RULES_FOR: Final[dict[tuple[SubjectKind, int], tuple[Rule, ...]]] = {
    (kind, traits): tuple(
        rule for rule in RULES if kind in rule.kinds and (rule.only == ALWAYS or rule.only & traits)
    )
    for kind in (SubjectKind.APPOINTMENT, SubjectKind.RESULT, SubjectKind.REQUEST)
    for traits in range(EVERY + 1)
}


#: Every row that a decision can name, in the order in which rows are asked; "7" only prepares the next ones.
ROWS: Final[tuple[str, ...]] = tuple(
    dict.fromkeys(
        [row[0] for row in INTAKE_ROWS]
        + [rule.id for rule in RULES if rule.id != "7"]
        + [row[0] for row in OTHER_ROWS]
    )
)


def title_of(rule_id: str) -> str:
    """What a row says, in words, for people who read a rule path (``heed explain``)."""
    for row_id, title, _ in (*INTAKE_ROWS, *OTHER_ROWS):
        if row_id == rule_id:
            return title
    for rule in RULES:
        if rule.id == rule_id:
            return rule.title
    return "A row of an earlier version"
