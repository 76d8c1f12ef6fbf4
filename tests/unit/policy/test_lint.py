"""LNT-01 to LNT-14: each rule refuses what it is for, and leaves a clean wording alone."""

from dataclasses import replace as changed

import msgspec
import pytest

from streams.domain.time import DAY
from streams.domain.vocabulary import Channel, Level, NeedKind, Purpose
from streams.policy.lint import Severity, lint
from streams.policy.load import default_path, read, templates_folder
from streams.policy.parameters import Kind
from streams.policy.phrases import reading_age
from streams.policy.template_files import read_folder
from streams.policy.templates import Replies, Text
from tests.support.times import uk
from tests.support.wordings import CLEAN, ENDING, ORGANISATION, Wording, findings, registry

OPENING = "((organisation)): we have a message for you. "


def rules(*wordings: Wording) -> set[str]:
    return {finding.rule for finding in findings(*wordings) if finding.severity is Severity.ERROR}


def said(rule: str, wording: Wording) -> str:
    return " | ".join(finding.message for finding in findings(wording) if finding.rule == rule)


def test_a_clean_wording_has_no_findings() -> None:
    assert findings(Wording()) == ()


def test_the_shipped_wordings_are_clean() -> None:
    shipped = read_folder(templates_folder(read(default_path())))
    assert shipped.problems == ()
    assert lint(shipped.registry, at=uk("Sat 21 Nov 2026 12:00")) == ()
    assert all(set(template.languages) == {"en", "cy"} for template in shipped.registry.templates)


def test_every_sendable_purpose_is_shipped_at_its_level() -> None:
    shipped = read_folder(templates_folder(read(default_path()))).registry
    top = {
        Purpose.RESULT_AVAILABLE: Level.L3,
        Purpose.RESULT_NORMAL: Level.L4,
        Purpose.PRESCRIPTION_READY: Level.L2,
        Purpose.FOLLOW_UP_CHECK: Level.L2,
        Purpose.VACCINATION_INVITE: Level.L2,
        Purpose.SCREENING_INVITE: Level.L2,
        Purpose.MEDICATION_ERROR: Level.L2,
        Purpose.COMMUNICABLE_ALERT: Level.L0,
        Purpose.THREAT_CONTACT: Level.L0,
    }
    never = {
        "EMERGENCY_TRIAGE",
        "BAD_NEWS",
        "COMPLEX_CLINICAL",
        "DIRECT_MARKETING",
        "RESEARCH",
        "STAFF_TO_STAFF",
    }
    for purpose in Purpose:
        if purpose is Purpose.UNKNOWN or purpose in never:
            assert shipped.levels(purpose) == ()
        else:
            assert shipped.levels(purpose)[0] is top.get(purpose, Level.L1), purpose


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        ("LNT-01", "We have a message for you from us. Please contact us."),
        ("LNT-02", OPENING + "Please pay now."),
        ("LNT-02", OPENING + "Tell us your password."),
        ("LNT-02", OPENING + "Rhowch eich manylion banc."),
        ("LNT-02", OPENING + "Reply with your date of birth."),
        ("LNT-02", OPENING + "Please confirm your NHS number."),
        ("LNT-03", OPENING + "See https://bit.ly/abc"),
        ("LNT-03", OPENING + "See https://evil.example.com/page"),
        ("LNT-03", OPENING + "See http://www.example.org/page"),
        ("LNT-03", OPENING + "See www.example.org/page"),
        ("LNT-03", OPENING + "See https://www.example.org/page?utm_source=sms"),
        ("LNT-03", OPENING + "See https://www.example.org/page#me"),
        ("LNT-03", OPENING + "Open nhsapp://messages"),
        ("LNT-03", OPENING + "Open tel:01632960001"),
        ("LNT-03", OPENING + "See https://www.example.org/a and https://www.example.org/b"),
        ("LNT-03", OPENING + "See ((website)) and https://www.example.org/b"),
        ("LNT-03", OPENING + "Click here."),
        ("LNT-04", OPENING + "Call 01632 960 999."),
        ("LNT-04", OPENING + "Call 0909 879 0001."),
        ("LNT-04", OPENING + "Call +44 870 123 4567."),
        ("LNT-05", OPENING + "Failure to answer has consequences."),
        ("LNT-05", OPENING + "Answer within 2 hours."),
        ("LNT-05", OPENING + "This is your final notice."),
        ("LNT-05", OPENING + "This is urgent."),
        ("LNT-05", OPENING + "Mae hyn yn fater brys."),
        ("LNT-07", OPENING + "Come to ((site))."),
        ("LNT-07", OPENING + "Come to {{site}}."),
        ("LNT-07", OPENING + "Come to ${site}."),
        ("LNT-07", OPENING + "Come to ((site)."),
        ("LNT-07", OPENING + "Come to %(site)s."),
        ("LNT-08", OPENING + "Come to the Oncology Day Unit."),
        ("LNT-08", OPENING + "Your result is ready."),
        ("LNT-08", OPENING + "See https://www.example.org/sexual-health"),
        ("LNT-09", "((organisation)): your appointment. Please contact us."),
        ("LNT-13", OPENING + "<b>Please</b> contact us."),
        ("LNT-13", OPENING + "![logo](https://www.example.org/logo.png)"),
        ("LNT-13", OPENING + "See the attached letter."),
        ("LNT-13", OPENING + "Please\u200b contact us."),
        ("LNT-13", OPENING + "Please\x07 contact us."),
    ],
)
def test_refused(rule: str, body: str) -> None:
    assert rule in rules(Wording(body=body))


@pytest.mark.parametrize(
    "body",
    [
        OPENING + "We will never ask for your password.",
        OPENING + "See https://www.example.org/page.",
        OPENING + "Call 01632 960 002, or +44 1632 960001.",
        OPENING + "See ((website))",
        "Message from Example NHS Trust: please contact us.",
        OPENING + "In an emergency call 999 or 111.",
        OPENING + "We can see you in clinic 3.",
    ],
)
def test_not_refused(body: str) -> None:
    assert rules(Wording(body=body)) == set()


def test_lnt_01_sender() -> None:
    assert "not registered; use one of ExampleNHS" in said("LNT-01", Wording(sender="NHSresults"))
    assert "longer than 11" in said("LNT-01", Wording(sender="ExampleNHSTrust"))


def test_lnt_04_the_organisations_own_number_must_be_listed_and_ordinary() -> None:
    dear = msgspec.structs.replace(ORGANISATION, phone="0870 123 4567", phones=("0870 123 4567",))
    assert "LNT-04" in {finding.rule for finding in findings(Wording(), organisation=dear)}
    unlisted = msgspec.structs.replace(ORGANISATION, phones=())
    assert "LNT-04" in {finding.rule for finding in findings(Wording(), organisation=unlisted)}


def test_lnt_05_urgent_is_for_its_grounds() -> None:
    assert rules(Wording(body=OPENING + "This is urgent.", urgent=True)) == set()
    flagged = Wording(urgent=True, purposes={Purpose.APPT_REMINDER})
    assert "grounds G1, G3, G4, G7, G8 only" in said("LNT-12", flagged)


def test_lnt_06_another_way_to_check() -> None:
    ending = " To change how we contact you, tell us. Please do not reply."
    assert "LNT-06" in rules(Wording(ending=ending))
    assert "LNT-06" not in rules(Wording(ending=ending + " Look in the NHS App."))
    assert "LNT-06" not in rules(Wording(ending=ending + " Call 01632 960 002."))


def test_lnt_07_declared_placeholders() -> None:
    body = OPENING + "Come to ((site))."
    assert rules(Wording(body=body, parameters={"site": Kind.PLACE})) == set()
    assert "a place, which L0 may not contain" in said(
        "LNT-07", Wording(body=body, level=Level.L0, parameters={"site": Kind.PLACE})
    )
    assert "not used" in said("LNT-07", Wording(parameters={"site": Kind.PLACE}))
    text = OPENING + "((words))"
    assert rules(Wording(body=text, level=Level.L0, parameters={"words": Kind.FREE_TEXT})) == set()
    assert rules(Wording(body=text, level=Level.L1, parameters={"words": Kind.FREE_TEXT})) == {"LNT-07"}
    assert "allowed: none" in said(
        "LNT-07", Wording(body=body, level=Level.L5, parameters={"site": Kind.PLACE})
    )


def test_lnt_08_sender_and_subject() -> None:
    assert "sender name 'GumHub' gives away 'gum'" in said("LNT-08", Wording(sender="GumHub"))  # C187
    assert "the subject says 'result'" in said("LNT-08", Wording(subject="Your result"))


def test_lnt_09_a_locked_screen() -> None:
    early = Wording(body="((organisation)) ((site)): please contact us.", parameters={"site": Kind.PLACE})
    assert "contain ((site))" in said("LNT-09", early)
    assert "the subject say 'appointment*'" in said("LNT-09", Wording(subject="Your appointment"))
    short = Wording(body="((organisation)): hello", ending="")
    assert "LNT-09" not in rules(short)


def test_lnt_10_replies() -> None:
    silent = ENDING.replace("Please do not reply, replies are not read.", "")
    assert "LNT-10" in rules(Wording(ending=silent))
    assert "LNT-10" not in rules(Wording(ending=silent, channels={Channel.LETTER}))
    assert "LNT-10" in rules(Wording(ending=silent, replies=Replies.READ))
    assert "LNT-10" not in rules(Wording(ending=silent + " In an emergency call 999.", replies=Replies.READ))


def test_lnt_11_a_way_to_object() -> None:
    ending = " Call ((phone)). Please do not reply, replies are not read."
    assert "LNT-11" in rules(Wording(ending=ending))
    linked = ending + " ((website))"
    assert "LNT-11" not in rules(Wording(ending=linked, channels={Channel.SMS}))
    assert "LNT-11" in rules(Wording(ending=linked))  # an email has room to say it
    assert "LNT-11" in rules(Wording(ending=linked, channels={Channel.SMS}, level=Level.L2))


@pytest.mark.parametrize(
    ("wording", "message"),
    [
        (Wording(author="same", approver="same"), "approved by its author, same"),  # C188
        (Wording(author=""), "no author"),
        (Wording(approver=""), "no approver"),
        (Wording(level=Level.L3, clinical_approver=""), "no clinical_approver, which L3 needs"),
        (Wording(level=Level.L3, clinical_approver="writer"), "clinically approved by its author"),
        (Wording(review_due=None), "no review_due"),
        (Wording(subject=""), "no subject"),
        (Wording(level=Level.L4), "lists email, which may carry L3 at most"),
        (Wording(body=OPENING + "x" * 800), "can need 7 text message parts"),
        (Wording(body=OPENING + "ŵ" * 400), "ŵ halve the room"),
        (
            Wording(
                body=OPENING + "Notwithstanding organisational considerations regarding interdepartmental "
                "communication responsibilities we respectfully recommend reconsideration of arrangements"
            ),
            "reading age",
        ),
    ],
)
def test_lnt_12(wording: Wording, message: str) -> None:
    assert message in said("LNT-12", wording)


def test_lnt_12_a_placeholder_counts_at_its_longest() -> None:
    body = OPENING + "((site)) " * 13
    assert "LNT-12" in rules(Wording(body=body, parameters={"site": Kind.PLACE}))
    assert "LNT-12" not in rules(
        Wording(body=body, parameters={"site": Kind.PLACE}, channels={Channel.EMAIL})
    )


def test_lnt_12_variants_are_a_warning() -> None:
    bilingual = msgspec.structs.replace(ORGANISATION, languages=("en", "cy"))
    missing = findings(Wording(), organisation=bilingual)
    assert [(f.rule, f.severity) for f in missing] == [("LNT-12", Severity.WARNING)]
    assert "not written in cy" in missing[0].message
    letter = Wording(channels={Channel.LETTER})
    assert [f.severity for f in findings(letter)] == [Severity.WARNING]
    accessible = changed(letter, formats={Channel.LETTER: frozenset({NeedKind.LARGE_PRINT})})
    assert findings(accessible) == ()


@pytest.mark.parametrize(
    ("at", "severity", "message"),
    [
        ("Tue 30 Mar 2027 23:59:59.999", None, ""),
        ("Thu 01 Apr 2027 12:00", Severity.WARNING, "1 days past"),  # C189
        ("Mon 03 May 2027 12:00", Severity.ERROR, "33 days past"),
    ],
)
def test_review_dates_are_judged_when_a_time_is_given(
    at: str, severity: Severity | None, message: str
) -> None:
    found = lint(registry(Wording()), at=uk(at), grace=30 * DAY)
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])
    assert all(message in finding.message for finding in found)


def test_an_undated_wording_is_an_error_at_any_time() -> None:
    found = lint(registry(Wording(review_due=None)), at=uk("Tue 01 Dec 2026 09:00"))
    assert [finding.rule for finding in found] == ["LNT-12"]


def test_lnt_14_result_notices_read_alike() -> None:
    notice = Wording(id="a", level=Level.L3, purposes={Purpose.RESULT_AVAILABLE}, body=CLEAN)
    other = changed(notice, id="b", body=OPENING + "A result needs your attention.")
    assert rules(notice, changed(notice, id="b")) == set()
    assert rules(notice, other) == {"LNT-14"}
    assert "reads differently from a on email" in str(findings(notice, other)[0])
    # another purpose, another format or another channel is no way to tell
    assert rules(notice, changed(other, purposes={Purpose.RESULT_NORMAL})) == set()
    assert rules(notice, changed(other, channels={Channel.NHS_APP})) == set()
    large = {channel: frozenset({NeedKind.EASY_READ}) for channel in (Channel.SMS, Channel.EMAIL)}
    assert rules(notice, changed(other, formats=large)) == set()


def test_lnt_14_compares_each_language() -> None:
    notice = Wording(id="a", level=Level.L3, purposes={Purpose.RESULT_AVAILABLE})
    welsh = changed(notice, texts={"cy": Text("", CLEAN + ENDING)})
    other = changed(notice, id="b", texts={"cy": Text("", CLEAN + " " + ENDING)})
    found = [finding for finding in findings(welsh, other) if finding.rule == "LNT-14"]
    assert {finding.language for finding in found} == {"cy"}


def test_a_finding_is_one_line_with_its_place() -> None:
    finding = next(f for f in findings(Wording(sender="Nobody")) if f.rule == "LNT-01")
    assert str(finding).startswith("templates.yaml:1: wording (en): LNT-01 error: the sender name 'Nobody'")
    assert "(en)" not in str(next(f for f in findings(Wording(author=""))))


def test_reading_age_of_nothing_is_the_lowest() -> None:
    assert reading_age("") == 5
    assert reading_age("We table the people here.") <= 10
