"""What each key of the policy file means, and its unit where it has one."""

from __future__ import annotations

from typing import Final

from streams.domain.vocabulary import Channel
from streams.policy.channels import ALLOWED_RESIDENCY, CHANNEL_CEILING
from streams.policy.model import AppFirst, OverrideMode, PermissionModel, PhoneCover, RecordMode, SmsNudge

# fmt: off
#: Plain settings: unit, meaning. Their bounds are in streams/policy/keys.py.
PLAIN_MEANING: Final[dict[str, tuple[str, str]]] = {
    "l4_enabled": ("", "A normal result may be told in words, under an agreement, by NHS App or letter"),
    "strict_channels": ("", "Texts and emails carry appointment facts (L1) at most"),
    "im_commercial": ("", "Commercial messaging apps may be used once their channel is approved"),
    "require_verified": ("", "A contact detail that was not verified lately is not used at all"),
    "short_notice_hours": ("hours", "An affected start this near is short notice; exactly this near counts"),
    "min_useful_notice_min": ("minutes", "Travel time: the patient must know this long before the start"),
    "settle_s.appointment": ("seconds", "Wait for corrections of an appointment"),
    "settle_s.result": ("seconds", "Wait for corrections of a result"),
    "coalesce_min": ("minutes", "Further results within this time of a notice are told together"),
    "state_grace_s": ("seconds", "An event of an unknown patient waits this long for the patient"),
    "merge_hold_min": ("minutes", "An event of a record that is being merged waits this long"),
    "skew_tolerance_min": ("minutes", "An event this far in the future counts from its arrival"),
    "skew_reject_h": ("hours", "An event further in the future is set aside (an objection is applied)"),
    "objection_lag_max_s": ("seconds", "Behind on objections by more than this, nothing is sent"),
    "max_event_age_days": ("days", "An older event that affects nothing in the future is not told"),
    "contact_line_min": ("minutes", "A result notice goes only when the contact line stays open this long"),
    "letter_lead_days": ("working days", "A letter arrives by 18:00 of the last of these; the first is the day after"),
    "app_unread_short_h": ("hours", "An unread app message is followed by the next channel after this, at short notice"),
    "app_unread_h": ("hours", "The same, otherwise"),
    "confirm_within_h": ("hours", "Without a delivery receipt the next channel follows after this; sooner at short notice"),
    "verify_age_days": ("days", "A contact detail verified longer ago carries L1 at most, and is verified again"),
    "daily_cap": ("messages", "To one patient in a London day; safety messages do not count"),
    "proxy_review_age": ("years", "From this age on a parental proxy waits for a review"),
    "proxy_suspend_age": ("years", "At this age a parental proxy ends"),
    "not_seen_days": ("days", "A clinical message needs a contact within this time, or an encounter it belongs to"),
    "standing_decision_months": ("months", "The longest life of a decision made in advance"),
    "review_sla_days": ("working days", "An unreviewed result becomes a clinician's task after this"),
    "missed_action_days": ("days", "No contact after a result notice: a clinician looks"),
    "materiality_min": ("minutes", "A shift of a start from here on is told"),
    "action_buffer_min": ("minutes", "Tasks fall due this long before it would be too late"),
    "surge.factor": ("times normal", "Changes of one service in ten minutes that stop for a person to confirm"),
    "surge.minimum": ("changes", "And at least so many"),
    "override_alert_rate": ("share of short-notice changes a day", "More overrides than this are no longer case by case"),
    "template_grace_days": ("days", "A wording past its review date may be used this long"),
}

_WINDOW: Final = "two different times HH:MM, London; to earlier than from means the next day"
_WEEKLY: Final = "from and to (HH:MM, within a day), days (Mon to Sun, or daily), bank_holidays open or closed"

#: Keys with a shape of their own: what is allowed, meaning. ``<...>`` stands for each of a closed list.
STRUCTURED_MEANING: Final[dict[str, tuple[str, str]]] = {
    "version": ("text", "The organisation's own number; decisions carry it with a fingerprint of the whole content"),
    "organisation": ("text", "An id for logs and records, not the name that patients see"),
    "permission_model": (", ".join(PermissionModel), "What a patient who was never asked may be sent electronically (B9)"),
    "override_mode": (", ".join(OverrideMode), "What besides a one-off decision may set a method objection aside (B7)"),
    "nhs_app_first": (", ".join(AppFirst), "When the NHS App comes before other channels (B5)"),
    "honour_phone_preference": (f"a list of {', '.join(PhoneCover)}; or none", "Where a wish to be phoned makes a call task"),
    "record_mode.<purpose>": (", ".join(RecordMode), "Exact wording or a summary in the record; default is for purposes not named"),
    "quiet_hours": (_WINDOW, "Messages that can wait, wait"),
    "urgent_window": (f"{_WINDOW}; at least the time outside quiet_hours", "When short-notice messages go in spite of quiet hours"),
    "service_hours": (_WEEKLY, "Working time, for deadlines"),
    "contact_line": (f"service_hours, or what differs from them: {_WEEKLY}", "When somebody answers the number that result notices give"),
    "working_days": ("days; the service is open on at least one", "Working days, for letters and deadlines"),
    "bank_holidays": ("region (england, wales, scotland, northern-ireland) with extra and not; or a list of dates", "Days that count as no working day"),
    "organisation_order": ("every enabled channel", "The order of channels for a patient without a preference"),
    "sensitive_services": ("service and test codes", "Told with a generic place, else only please contact us; nothing to a proxy unasked (4.4)"),
    "channels.<channel>.enabled": ("true or false; on needs approved_by, dpia_ref and review_due", "Whether the channel may be used (E1)"),
    "channels.<channel>.approved_by": ("text", "Who approved it"),
    "channels.<channel>.dpia_ref": ("text", "The data protection impact assessment"),
    "channels.<channel>.review_due": ("a date", "From this London day on the channel is closed until it is reviewed; for email the end of its accreditation"),
    "channels.<channel>.max_level": (", ".join(f"{channel} up to {level}" for channel, level in CHANNEL_CEILING.items()), "The highest level it may carry (E3)"),
    "channels.<channel>.window": (f"any, or {_WEEKLY}", "When its provider delivers"),
    "channels.<channel>.latency_s": ("0 to 86400 seconds", "How long delivery takes"),
    "channels.<channel>.residency": (", ".join(ALLOWED_RESIDENCY), "Where its provider keeps messages"),
    "channels.nhs_app.sms_nudge": (", ".join(SmsNudge), "Whether the provider may text people about an unread app message (B5)"),
    "roles.<role>": ("primary, deputies, lead, on_call, absences; every role, nobody their own deputy", "Who holds each role (B13)"),
    "override_policies.<ground>.valid_to": ("a time with its offset", "Until when the organisation's policy for the ground is in date (9.5)"),
    "override_policies.<ground>.reasons": ("ordinary reasons; never for G2 and G7", "Reasons that need no assessment (9.6, only with override_mode: policy)"),
    "override_policies.<ground>.acknowledged_by": ("R-CG and R-IG, when reasons are listed", "Who acknowledged them"),
    "templates": ("a folder, relative to the file", "The approved wordings; left out, the shipped ones"),
}
# fmt: on

#: The order of the channels in the table of channels.
CHANNELS: Final = tuple(channel for channel in Channel if channel in CHANNEL_CEILING)
