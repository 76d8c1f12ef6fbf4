"""Every scenario is a test of its own; together they reach every row, reason, ground and kind of proxy twice."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from streams.decisions.rules import ROWS
from streams.domain.events import Event, PatientSections
from streams.domain.records import Decision, EscalationTask, SendCommand
from streams.domain.vocabulary import Ground, Outcome, ProxyBasis, Reason
from streams.policy.load import default_path, read
from streams.scenarios import Coverage, Scenario, Stage, Verdict, play, read_files
from streams.scenarios.report import difference

FOLDER: Final = Path(__file__).parent / "scenarios"
SCENARIOS: Final = tuple(read_files([FOLDER]))
CASES_DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "cases-not-scenarios.md"
#: What a request may be suppressed for (decisions.md B2 and contract 3).
SUPPRESS_REASONS: Final = tuple(Reason)[: tuple(Reason).index(Reason.COALESCED) + 1]
#: The edge cases of cases.md, by number; numbers have gaps.
CASES: Final = (
    "001-011", "013", "015", "017", "019-024", "030", "032-034", "036-038", "040", "042-043", "045-047",
    "049-050", "052-053", "060-062", "064-066", "068-070", "072-075", "080-085", "087", "089-092",
    "094-095", "097", "099-100", "102", "104", "106-111", "120", "122", "124-125", "127-129", "131-134",
    "140", "143-151", "153-155", "160-161", "163", "166", "168", "170-172", "180-181", "183-196",
    "200-204", "206-217", "220-226", "228-237",
)  # fmt: skip


@cache
def stage() -> Stage:
    return Stage(read(default_path()))


@cache
def verdicts() -> tuple[Verdict, ...]:
    return tuple(play(scenario, stage()) for scenario in SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario) -> None:
    verdict = play(scenario, stage())
    assert verdict.passed, "\n".join(("", *difference(verdict)))


def test_names_are_unique() -> None:
    twice = [name for name, count in Counter(scenario.name for scenario in SCENARIOS).items() if count > 1]
    assert twice == []


def test_every_row_is_reached_by_two_scenarios() -> None:
    reached: Counter[str] = Counter()
    for verdict in verdicts():
        coverage = Coverage()
        coverage.add(verdict)
        reached.update(coverage.reached.keys())
    rows = [row for row in ROWS if row != "fault"]
    assert [row for row in rows if reached[row] < 2] == []


def test_every_reason_to_suppress_is_seen_in_two_scenarios() -> None:
    seen = Counter(
        reason
        for verdict in verdicts()
        for reason in {d.reason for d in decisions(verdict) if d.outcome is Outcome.SUPPRESS}
    )
    assert [reason for reason in SUPPRESS_REASONS if seen[reason] < 2] == []


def test_every_ground_is_seen_in_two_scenarios() -> None:
    seen = Counter(ground for verdict in verdicts() for ground in set(grounds(verdict)))
    assert [ground for ground in Ground if seen[ground] < 2] == []


def test_every_kind_of_proxy_is_written_to_in_two_scenarios() -> None:
    seen: Counter[ProxyBasis] = Counter()
    for verdict in verdicts():
        bases = {proxy_id: basis for step in verdict.scenario.given for proxy_id, basis in proxies(step.what)}
        written = {one.record.proxy_ref for one in verdict.emitted if isinstance(one.record, SendCommand)}
        seen.update({bases[ref] for ref in written if ref in bases})
    assert [basis for basis in ProxyBasis if basis is not ProxyBasis.UNKNOWN and seen[basis] < 2] == []


def test_every_case_is_a_scenario_or_listed_with_the_test_that_covers_it() -> None:
    told = {name[:4] for name in (scenario.name for scenario in SCENARIOS) if re.match(r"C\d{3} ", name)}
    listed = set(re.findall(r"^\| (C\d{3}) ", CASES_DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert [case for case in cases() if case not in told | listed] == []


def test_every_test_that_the_document_names_exists() -> None:
    named = re.findall(r"`(tests/[^`]+|deploy/[^`]+)`", CASES_DOCUMENT.read_text(encoding="utf-8"))
    assert [path for path in named if not (CASES_DOCUMENT.parents[1] / path).exists()] == []


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.name)
def test_weekdays_in_comments_are_right(file: Path) -> None:
    dated = re.compile(r"(\d{4}-\d\d-\d\dT\S+?[+-]\d\d:\d\d)[},\s]+# (Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b")
    for moment, weekday in dated.findall(file.read_text(encoding="utf-8")):
        london = datetime.fromisoformat(moment).astimezone(ZoneInfo("Europe/London"))
        assert london.strftime("%a") == weekday, moment


def test_every_clock_names_its_weekday() -> None:
    for file in FOLDER.glob("*.yaml"):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("clock:"):
                assert re.search(r"# (Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", line), f"{file.name}: {line}"


def decisions(verdict: Verdict) -> Iterator[Decision]:
    return (one.record for one in verdict.emitted if isinstance(one.record, Decision))


def grounds(verdict: Verdict) -> Iterator[Ground]:
    for one in verdict.emitted:
        if isinstance(one.record, EscalationTask) and one.record.ground is not None:
            yield one.record.ground
        elif isinstance(one.record, SendCommand) and one.record.override is not None:
            yield one.record.override.ground


def proxies(what: object) -> Iterator[tuple[str, ProxyBasis]]:
    if isinstance(what, Event) and isinstance(what.body, PatientSections):
        yield from ((proxy.proxy_id, proxy.basis) for proxy in what.body.proxies or ())


def cases() -> Iterator[str]:
    for part in CASES:
        first, _, last = part.partition("-")
        yield from (f"C{number:03d}" for number in range(int(first), int(last or first) + 1))
