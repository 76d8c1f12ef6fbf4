"""The pack as it is read: what it says, what it compares, and that no small number is in any of its files."""

import csv
import io
import re

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from streams.domain.records import Decision, EscalationTask, InputRef, RecordEntry, SafetyEntry, Subject
from streams.domain.time import DAY, HOUR, MINUTE, Instant
from streams.domain.vocabulary import Outcome, Priority, Purpose, Reason, Role, SubjectKind, TaskStatus, Topic
from streams.report.content import pack_of
from streams.report.counts import Counts, months_before
from streams.report.drawing import Bar, columns, rows
from streams.report.month import Month
from streams.report.publishing import Facts
from streams.report.tasks import Tasks
from streams.report.worsening import Measure
from streams.report.writing import markdown, metrics, page, table_of_figures
from tests.support.policies import policy
from tests.support.times import uk

NOVEMBER = Month(2026, 11)
OCTOBER = NOVEMBER.earlier(1)
MADE = uk("Wed 02 Dec 2026 09:00")
SUBJECT = Subject(SubjectKind.APPOINTMENT, "A1")


def decision(outcome: Outcome, reason: Reason, at: Instant) -> Decision:
    return Decision(
        "d", "e", InputRef("appointments", 0, 1), "patient-17", outcome, reason, "7.1", ("7.1",), Purpose.APPT_CANCEL,
        SUBJECT, None, None, None, (), 1, "p1", at, at,
    )  # fmt: skip


def entry(channel: str, at: Instant, override: str = "", purpose: str = "APPT_CANCEL") -> RecordEntry:
    basis = (
        f"purpose: {purpose}; GDPR 6(1)(e), 9(2)(h); duty; channel: {channel}, preferred; policy p1{override}"
    )
    return RecordEntry(
        "r",
        Topic.SEND_COMMANDS,
        "c",
        "patient-17",
        "MESSAGE",
        "EXACT",
        "Dear Ada",
        None,
        "NORMAL",
        basis,
        at,
        at,
    )


def task(number: int, at: Instant) -> EscalationTask:
    return EscalationTask(
        f"t{number}", 1, TaskStatus.OPEN, "patient-17", "d", Role.BOOK, (), Priority.P1, Reason.OVERRIDE_NEEDED, SUBJECT,
        None, at + HOUR, at + 30 * MINUTE, "rota", (), (), None, None, "p1", at,
    )  # fmt: skip


def month_of_figures(counts: Counts, month: Month, times: int) -> None:
    at = month.start + 9 * HOUR
    for number in range(20 * times):
        counts.decision(decision(Outcome.SEND, Reason.PREFERRED, at))
        counts.decision(decision(Outcome.HOLD, Reason.SETTLE, at))
        counts.entry(entry("sms", at + number % 28 * DAY))
    for _ in range(8):
        counts.entry(entry("letter", at))
        counts.decision(decision(Outcome.SUPPRESS, Reason.DUPLICATE, at))
    for _ in range(3):
        counts.entry(entry("email", at, "; override G3, decision d9"))
        counts.incident(SafetyEntry("s", "patient-17", "near_miss_identity", SUBJECT, None, None, at))
    tasks = Tasks(month.start)
    for number in range(10 * times**2):
        tasks.version(task(number, at))
        counts.decision(decision(Outcome.ESCALATE, Reason.OVERRIDE_NEEDED, at))
    for one in tasks.tasks.values():
        counts.task(one, MADE)


def facts(*, before: bool = True) -> Facts:
    counts = Counts(months_before(NOVEMBER, 3))
    month_of_figures(counts, NOVEMBER, 3)
    if before:
        month_of_figures(counts, OCTOBER, 2)
    return Facts(counts, NOVEMBER, 3, policy(), MADE, {Topic.RECEIPTS: NOVEMBER.start + DAY})


def test_what_the_pack_says() -> None:
    said = markdown(pack_of(facts()))
    assert said.startswith("# Messages to patients: November 2026\n")
    assert "71 messages were put on patients' records, +39% against the month before (51)." in said
    assert "90 tasks were raised for staff, +125% against the month before (40)." in said
    assert "| given to staff | 90 | 40 | +125% |" in said
    assert "| Booking and clinics | 0 | 90 | 90 | 0% |" not in said
    assert "Worse by more than a fifth than in October 2026: share of requests given to staff." in said
    assert (
        "receipts: what came before 2 November 2026 is no longer kept; November 2026 is not complete" in said
    )


def test_small_numbers_are_in_no_file() -> None:
    pack = pack_of(facts())
    said = markdown(pack)
    assert "| near miss: event and record name different people | \\* | \\* | – |" in said
    assert "| G3 change within 48 hours | \\* | \\* | – |" in said
    assert "email" not in said  # 3 of them: put together with the 8 letters
    figures = list(csv.DictReader(io.StringIO(table_of_figures(pack))))
    assert {"2026-11", "2026-10", "2026-09"} == {one["month"] for one in figures}
    for one in figures:
        assert one["value"] == "*" or int(one["value"]) == 0 or int(one["value"]) >= 5


def test_the_metrics_are_such_that_prometheus_reads_them() -> None:
    said = metrics(pack_of(facts()))
    families = {one.name: one.samples for one in text_string_to_metric_families(said)}
    (made,) = families["heed_report_generated_timestamp_seconds"]
    assert (made.value, made.labels) == (MADE / 1_000, {"month": "2026-11"})
    worsened = {one.labels["metric"]: one.value for one in families["heed_metric_worsened"]}
    assert worsened["share_of_requests_given_to_staff"] == 1
    assert worsened["share_of_tasks_taken_on_late_or_overdue"] == 0


def test_no_patient_is_in_any_file() -> None:
    pack = pack_of(facts())
    for text in (markdown(pack), page(pack), table_of_figures(pack)):
        assert not re.search("patient-17|Dear Ada", text)


def test_a_first_month_is_compared_with_nothing() -> None:
    said = markdown(pack_of(facts(before=False)))
    assert "Nothing that can be compared is worse" in said
    assert "after none in the month before" in said


def test_an_empty_month() -> None:
    empty = msgspec.structs.replace(facts(), counts=Counts(months_before(NOVEMBER, 3)))
    said = markdown(pack_of(empty))
    assert "0 messages were put on patients' records" in said
    assert "No tasks of the month are on file." in said


def test_the_page_holds_everything_and_runs_nothing() -> None:
    shown = page(pack_of(facts()))
    assert shown.count("<svg") == 4
    assert 'lang="en-GB"' in shown
    for absent in ("<script", "http://", "https://"):
        assert absent not in shown.replace("http://www.w3.org/2000/svg", "")


def test_a_hidden_bar_is_neither_zero_nor_a_value() -> None:
    for drawn in (columns([Bar("1", None), Bar("2", 7)]), rows([Bar("a", None, 6)], ("Nov 26", "Oct 26"))):
        assert "stroke-dasharray" in drawn
        assert ">*</text>" in drawn


def test_worse_by_more_than_a_fifth() -> None:
    assert not Measure("m", 0.12, 0.10).worse
    assert Measure("m", 0.1201, 0.10).worse
    assert Measure("m", 5, 0).worse
    assert not Measure("m", None, 0.1).worse
