"""The generated pages: committed as the code has them, complete, and true of what the scenarios do."""

from pathlib import Path

import pytest

from streams.cli import main as cli
from streams.decisions.rules import ROWS, RULES
from streams.docs import pages, reason_words, reasons, settings, thresholds
from streams.docs.key_words import PLAIN_MEANING, STRUCTURED_MEANING
from streams.docs.metric_catalogue import catalogue
from streams.docs.roles import COVERS
from streams.domain.records import Decision, EscalationTask
from streams.domain.vocabulary import ROLES, Outcome, Reason
from streams.policy.keys import PLAIN, STRUCTURED
from streams.policy.load import default_path, read
from streams.scenarios import Stage, play, read_files
from streams.settings import SECRETS, Settings

PROJECT = pages.project()


def test_the_committed_pages_are_what_the_code_says() -> None:
    """Stale: run `heed docs`."""
    assert pages.stale(PROJECT, pages.texts(cli.whole_parser())) == []


def test_pages_are_the_same_every_time() -> None:
    assert pages.texts(cli.whole_parser()) == pages.texts(cli.whole_parser())


def test_every_row_has_its_line_in_the_order_in_which_it_is_asked() -> None:
    lines = pages.texts(cli.whole_parser())[Path("docs/reference/rules.md")].splitlines()
    cells = [line.split(" | ") for line in lines if line.startswith("| ")]
    numbered = [row[1] for row in cells if row[0].removeprefix("| ").isdigit() and len(row) == 6]
    assert numbered == [rule.id for rule in RULES]
    assert all(any(f"| {row} |" in line for line in lines) for row in ROWS)


def test_every_reason_has_a_meaning_for_the_outcomes_that_give_it() -> None:
    meant = {reason for outcome in Outcome for reason in reason_words.MEANING[outcome]}
    assert meant | set(reason_words.TASKS) == set(Reason)


def test_decisions_give_no_reason_that_the_page_does_not_list_with_its_row() -> None:
    stage = Stage(read(default_path()))
    for scenario in read_files([PROJECT / "tests" / "scenarios"]):
        decided = {}
        for one in play(scenario, stage).emitted:
            if isinstance(one.record, Decision):
                decision = decided[one.record.decision_id] = one.record
                assert decision.reason in reason_words.MEANING[decision.outcome], scenario.name
                assert decision.rule in reasons.rows_giving(decision.reason), (scenario.name, decision.reason)
            elif isinstance(one.record, EscalationTask):
                own = decided.get(one.record.decision_id)
                known = {*reason_words.TASKS, *reason_words.MEANING[Outcome.ESCALATE]}
                assert one.record.reason in known or own is not None, (scenario.name, one.record.reason)


def test_every_policy_key_has_its_meaning() -> None:
    assert set(PLAIN_MEANING) == {one.key for one in PLAIN}
    assert {key.partition(".")[0] for key in STRUCTURED_MEANING} == set(STRUCTURED)


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("short_notice_hours", "a number above 0 and at most 48"),
        ("daily_cap", "a whole number from 1 to 100"),
        ("l4_enabled", "true or false"),
    ],
)
def test_what_is_allowed_is_what_the_check_refuses_by(key: str, allowed: str) -> None:
    assert thresholds.allowed(next(one for one in PLAIN if one.key == key)) == allowed


def test_every_setting_has_its_meaning_and_secrets_are_marked() -> None:
    assert set(settings.MEANING) == set(Settings.__struct_fields__)
    assert set(settings.NO_DEFAULT) <= set(Settings.__struct_fields__)
    written = settings.settings()
    assert all(f"`HEED_{name.upper()}`" in written for name in Settings.__struct_fields__)
    assert written.count(". A secret |") == len(SECRETS)
    assert "| `HEED_HEARTBEAT_S` |" in written
    assert "| `10` |" in written


def test_what_the_image_sets_is_told() -> None:
    containerfile = (PROJECT / "Containerfile").read_text("utf-8")
    for name, value in settings.IN_THE_IMAGE.items():
        assert f"HEED_{name.upper()}={value}" in containerfile
    assert "| `HEED_HTTP_HOST` |" in settings.settings()
    assert "| `127.0.0.1`; `0.0.0.0` in the image |" in settings.settings()


def test_every_role_is_described() -> None:
    assert set(COVERS) == set(ROLES)


def test_metrics_are_listed_once_with_a_meaning() -> None:
    names = [metric.name for metric in catalogue()]
    assert sorted(set(names)) == sorted(names)
    assert all(metric.says and metric.name.startswith("heed_") for metric in catalogue())


def test_check_names_stale_pages_and_writing_repairs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {Path("docs/reference/rules.md"): "rules\n", Path("docs/trace.md"): "trace\n"}
    monkeypatch.setattr(pages, "project", lambda: tmp_path)
    monkeypatch.setattr(pages, "texts", lambda parser: found)
    assert cli.main(["docs"]) == 0
    (tmp_path / "docs/reference/rules.md").write_text("something else\n")
    (tmp_path / "docs/reference/gone.md").write_text("from an earlier version\n")
    capsys.readouterr()
    assert cli.main(["docs", "--check"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said == ["stale: docs/reference/rules.md", "stale: docs/reference/gone.md", "run heed docs"]
    assert cli.main(["docs"]) == 0
    assert cli.main(["docs", "--check"]) == 0
    assert capsys.readouterr().out.endswith("2 pages are up to date\n")
    assert not (tmp_path / "docs/reference/gone.md").exists()


def test_the_command_line_page_says_a_default_once_and_no_numbers_of_a_range() -> None:
    page = pages.texts(cli.whole_parser())[Path("docs/reference/cli.md")]
    assert (
        "| `--step MINUTES` | how far the clock moves at once, 1 to 10; more is quicker, and coarser | `1` |"
        in page
    )
    assert "heed explain (--patient ID | --decision ID | --hash HASH) [--json]" in page
    assert "%(default)s" not in page
    assert "130 ended by Ctrl-C" in page
