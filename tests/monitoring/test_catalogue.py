"""Every metric that was asked for is there, or docs/monitoring.md says under which name, or why not."""

from typing import Final

import pytest

from tests.monitoring.rules import ROOT, exposed

#: Tables D1 and D2 of the requirements for monitoring, without the prefix.
ASKED_FOR: Final = """
access_anomalies_total accreditation_days_left channel_circuit_open channel_failure_ratio clock_skew_seconds
config_rejected_total conservation_gap consumer_lag contacts_bounced_total contacts_shared contacts_unverified_ratio
content_purge_overdue critical_task_latency_seconds dead_letter_total decision_seconds decisions_total delivery_total
deputy_reassign_total duplicates_total escalation_oldest_seconds escalations_open escalations_total
events_consumed_total fail_closed_active forbidden_resolution_total holds_open holds_overdue
implications_notice_overdue inbound_high_risk_total incidents_total metric_worsened_total
objected_channel_sends_total objection_answer_overdue objection_propagation_seconds objection_reason_missing
objections_active override_reviews_open partition_mismatch record_duplicates_total record_lag_seconds record_missing
registration_incomplete repeat_contacts_total report_generated_timestamp requests_total response_seconds
result_alert_latency_seconds result_no_contact_overdue results_unreviewed_oldest_seconds role_uncovered
send_commands_total send_to_receipt_seconds short_notice_outcome_total short_notice_time_left_hours
short_notice_total sla_breach_total stale_total standing_decisions_expiring state_store_bytes table_recovery_active
task_ack_seconds task_complete_seconds tasks_unowned template_lint_failures_total template_review_overdue
unjustified_objected_sends_total version_gap_total
"""


@pytest.mark.parametrize("name", ASKED_FOR.split())
def test_what_was_asked_for_is_measured_or_explained(name: str) -> None:
    explained = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
    assert f"heed_{name}" in exposed() or f"`{name}`" in explained
