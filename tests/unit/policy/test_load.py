"""An organisation's own file over the shipped policy, and a scenario's overrides."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from streams.domain.calendar import local_date
from streams.domain.time import SECOND
from streams.domain.vocabulary import Channel, Ground, Level, Purpose, Role
from streams.errors import BadPolicy
from streams.policy.load import check, default_path, load, load_overrides, read
from streams.policy.model import OverrideMode, PhoneCover, RecordMode, SmsNudge
from tests.support.policies import policy, shipped
from tests.support.times import uk

# --- a file over the shipped one ---


def test_what_a_file_leaves_out_is_as_shipped(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text('version: "7"\nsettle_s: {appointment: 5}\nchannels: {sms: {max_level: L1}}\n')
    p = load(file)
    assert p.settle_appointment == 5 * SECOND
    assert p.settle_result == 30 * SECOND
    assert p.channels[Channel.SMS].max_level is Level.L1
    assert p.channels[Channel.SMS].enabled
    assert p.version.startswith("7+")


def test_a_file_without_a_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("daily_cap: 3\n")
    with pytest.raises(BadPolicy, match=r'own\.yaml: version: is missing; allowed: text, such as "2026\.11"'):
        load(file)


def test_a_refusal_names_every_problem_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text('version: "7"\ndaily_cap: 0\nshort_notice_hours: 99\n')
    with pytest.raises(BadPolicy) as refused:
        load(file)
    first, second = str(refused.value).splitlines()
    assert first.startswith(f"{file}:2: daily_cap: is 0")
    assert second.startswith(f"{file}:3: short_notice_hours: is 99")


def test_a_copy_written_by_another_yaml_library_is_the_same_policy(tmp_path: Path) -> None:
    text = default_path().read_text(encoding="utf-8")
    file = tmp_path / "copy.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(text)), encoding="utf-8")
    copied, original = load(file), load(default_path())
    assert copied.quiet_hours == original.quiet_hours
    assert copied.channels == original.channels
    assert copied.calendar == original.calendar


def test_a_file_may_name_its_own_templates(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text('version: "7"\ntemplates: wordings\n')
    with pytest.raises(BadPolicy, match="wordings: there is no such folder of templates"):
        load(file)
    file.write_text('version: "7"\ntemplates: [wordings]\n')
    with pytest.raises(BadPolicy, match=r"own\.yaml:2: templates: is not the path of a folder"):
        load(file)


def test_a_wording_that_fails_the_lint_refuses_the_policy_until_it_is_put_right(tmp_path: Path) -> None:
    folder = tmp_path / "wordings"
    folder.mkdir()
    for path in (default_path().parent / "templates").glob("*.yaml"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    file = tmp_path / "own.yaml"
    file.write_text('version: "7"\ntemplates: wordings\n')
    good = load(file)
    target = folder / "results-and-medicines.yaml"
    clean = target.read_text(encoding="utf-8")
    target.write_text(clean.replace("A result is ready.", "Your biopsy result is ready."), encoding="utf-8")
    (problem,) = check(file)
    assert str(problem).startswith(
        f"{target}:15: result-available (en): LNT-08: the wording says 'biopsy' (test)"
    )
    target.write_text(clean.replace("A result is ready.", "There is a result."), encoding="utf-8")
    other = load(file)
    assert other.version != good.version
    target.write_text(
        clean.replace("author: communications-officer", "author: information-governance-lead"), "utf-8"
    )
    assert any("approved by its author" in str(p) for p in check(file))  # C188


# --- overrides ---


def test_dotted_and_nested_keys() -> None:
    assert policy(settle_s__appointment=0).settle_appointment == 0
    nested = load_overrides(shipped(), {"settle_s": {"appointment": 0}, "override_mode": "never"})
    assert (nested.settle_appointment, nested.settle_result) == (0, 30 * SECOND)
    assert nested.override_mode is OverrideMode.NEVER
    mixed = load_overrides(
        shipped(), {"channels.sms": {"window": {"to": "20:00"}}, "channels.sms.latency_s": 1}
    )
    window = mixed.channels[Channel.SMS].window
    assert window is not None
    assert (window.start, window.end, mixed.channels[Channel.SMS].latency) == (480, 1200, SECOND)


def test_an_override_policy_with_its_time() -> None:
    text = policy(override_policies__G3__valid_to="2026-12-31T00:00:00+00:00")
    moment = policy(override_policies__G3__valid_to=datetime(2026, 12, 31, tzinfo=UTC))
    assert text.override_policies[Ground.G3].valid_to == uk("Thu 31 Dec 2026 00:00")
    assert moment.override_policies == text.override_policies


def test_what_another_yaml_reader_makes_of_values() -> None:
    p = policy(quiet_hours__from=1320, im_commercial=False, channels__nhs_app__sms_nudge=False)
    assert p.quiet_hours.start == 22 * 60
    assert p.channels[Channel.NHS_APP].sms_nudge is SmsNudge.OFF


def test_no_overrides_is_the_policy_itself() -> None:
    assert load_overrides(shipped(), {}) == load(default_path())


def test_equal_overrides_share_a_policy_and_others_have_another_version() -> None:
    assert policy(daily_cap=2) is policy(daily_cap=2)
    assert policy(daily_cap=2).version != policy(daily_cap=3).version
    again = read(default_path())
    assert load_overrides(again, {"daily_cap": 2}) == policy(daily_cap=2)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"setle_s.appointment": 0}, "policy: setle_s: is not a key here; did you mean settle_s?"),
        ({"settle_s.apointment": 0}, "policy: settle_s.apointment: is not a key here"),
        ({"daily_cap.x": 0}, "policy: daily_cap: is a mapping"),
        ({"short_notice_hours": 0}, "policy: short_notice_hours: is 0"),
        (
            {"override_policies.G3": {"valid_to": "2026-12-31T00:00:00Z", "reasons": ["OTHER_FREE_TEXT"]}},
            "C110",
        ),
    ],
)
def test_overrides_are_checked(overrides: dict[str, object], message: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        load_overrides(shipped(), overrides)
    assert message in str(refused.value)


def test_a_scenario_may_try_what_a_file_may_not_say() -> None:
    assert policy(override_mode="policy").override_mode is OverrideMode.POLICY
    abroad = policy(channels__sms__residency="US").channels[Channel.SMS]
    unapproved = policy(channels__sms__approved_by="").channels[Channel.SMS]
    undated = policy(channels__sms__review_due=None).channels[Channel.SMS]
    assert (abroad.enabled, unapproved.enabled, undated.enabled) == (False, False, True)
    assert undated.review_due is None


def test_strict_channels_lower_texts_and_emails() -> None:
    strict = policy(strict_channels=True).channels
    assert (strict[Channel.SMS].max_level, strict[Channel.EMAIL].max_level) == (Level.L1, Level.L1)
    assert strict[Channel.NHS_APP].max_level is Level.L4


def test_roles_with_absences() -> None:
    away = [{"person": "booking-desk", "from": "2026-12-01", "to": "2026-12-02T12:00:00+00:00"}]
    (absence,) = load_overrides(shipped(), {"roles.R-BOOK.absences": away}).roles[Role.BOOK].absences
    assert (absence.person, absence.start, absence.end) == (
        "booking-desk",
        uk("Tue 01 Dec 2026 00:00"),
        uk("Wed 02 Dec 2026 12:00"),
    )


def test_other_choices() -> None:
    assert policy(honour_phone_preference="all").honour_phone_preference == {PhoneCover.ALL}
    assert policy(honour_phone_preference=False).honour_phone_preference == frozenset()
    assert policy(record_mode__APPT_CANCEL="summary").record_mode[Purpose.APPT_CANCEL] is RecordMode.SUMMARY
    assert policy(channels__sms__window="any").channels[Channel.SMS].window is None
    closed = policy(bank_holidays=["2026-12-02"]).calendar
    assert closed.bank_holidays == {local_date(uk("Wed 02 Dec 2026 12:00"))}
    moved = policy(bank_holidays={"extra": ["2026-12-02"], "not": ["2026-12-25"]}).calendar.bank_holidays
    assert local_date(uk("Wed 02 Dec 2026 12:00")) in moved
    assert local_date(uk("Fri 25 Dec 2026 12:00")) not in moved
    assert local_date(uk("Mon 28 Dec 2026 12:00")) in moved


def test_many_overrides_take_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    load_overrides(shipped(), {})
    monkeypatch.setattr("streams.policy.load._CACHE_LIMIT", 20)  # the oldest are forgotten and made again
    started = time.perf_counter()
    for number in range(100):
        policy(settle_s__appointment=number)
    assert policy(settle_s__appointment=1).settle_appointment == SECOND
    assert time.perf_counter() - started < 5  # about 2 ms each; generous for a busy machine
