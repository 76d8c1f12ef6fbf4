"""What the bench judges by: percentiles, what counts as written, and the lines at the end. No broker."""

import json
from pathlib import Path

import pytest

from bench import report, results
from bench.histogram import Histogram
from bench.join import respond
from bench.openloop import event_id_of
from bench.pure_cost import instructions
from bench.targets import REPORTED, Target, targets
from bench.verifying import Written, verify
from bench.workload import Join, events, join
from streams.decisions import Environment
from streams.domain.patient import PatientState
from streams.domain.position import Position
from streams.domain.records import Decision, SendCommand
from streams.kafka.codec import Codec
from streams.policy.load import default_path, load


def test_percentiles_are_within_one_per_cent() -> None:
    found = Histogram(float(value) for value in range(1, 10_001))
    for share, exact in ((50, 5_000), (99, 9_900), (99.9, 9_990)):
        assert exact <= found.percentile(share) <= exact * 1.01
    assert found.percentile(100) == found.largest == 10_000


def test_nothing_counted_has_no_percentile() -> None:
    assert Histogram().percentile(99) == 0


@pytest.fixture(scope="module")
def work() -> Join:
    return join(400, partitions=1, patients=20)


@pytest.fixture(scope="module")
def written() -> tuple[list[bytes], list[bytes]]:
    """What Heed's engine makes of the workload: decisions and commands."""
    codec, env = Codec.local(), Environment(load(default_path()), 1_796_122_800_000)
    table: dict[str, PatientState | None] = {}
    decisions: list[bytes] = []
    commands: list[bytes] = []
    for offset, event in enumerate(events(400, 20)):
        patient = event.envelope.patient_id
        response = respond(patient, table.get(patient), event, Position(event.topic, 0, offset), env)
        table[patient] = response.patient
        for output in response.outputs:
            assert isinstance(output, Decision | SendCommand)
            (decisions if isinstance(output, Decision) else commands).append(codec.encode(output))
    return decisions, commands


def _on_topic(values: list[bytes]) -> Written:
    return Written({0: list(range(len(values)))}, {0: values})


def test_what_the_join_writes_is_what_is_expected(
    work: Join, written: tuple[list[bytes], list[bytes]]
) -> None:
    decisions, commands = map(_on_topic, written)
    verdict = verify(decisions, commands, work.expected)
    assert verdict.problems == ()
    assert (verdict.decisions, verdict.commands) == (400, sum(one.send for one in work.expected))
    assert 60 < verdict.commands < 140  # a quarter


def test_a_dropped_doubled_or_reordered_record_is_found(
    work: Join, written: tuple[list[bytes], list[bytes]]
) -> None:
    decisions, commands = written
    for wrong in (
        decisions[:-1],
        [*decisions, decisions[0]],
        [*decisions[:-1], decisions[0]],
        list(reversed(decisions)),
    ):
        assert verify(_on_topic(wrong), _on_topic(commands), work.expected).problems
    assert verify(_on_topic(decisions), _on_topic(commands[1:]), work.expected).problems


def test_a_decision_tells_its_event_without_being_decoded(
    work: Join, written: tuple[list[bytes], list[bytes]]
) -> None:
    found = [event_id_of(value) for value in written[0]]
    assert found == [one.event_id for one in work.expected]


def test_the_same_seed_gives_the_same_bytes(work: Join) -> None:
    assert join(400, partitions=1, patients=20).rows == work.rows


def test_every_target_has_a_line_and_what_was_not_measured_is_not_met() -> None:
    lines = targets({})
    assert len(lines) == 19
    assert [one.name for one in lines if one.met is not False] == ["two processes against one"]
    assert lines[0].line().endswith("not measured (target: at least 1.3 x) MISSED")


@pytest.mark.parametrize(
    ("seconds", "stalls", "met", "said"),
    [
        (60, [], None, "not shown: 60 of 600 s"),
        (599, [], None, "not shown: 599 of 600 s"),
        (600, [], True, "met"),
        (60, [[12.0, 301.0]], False, "MISSED"),
        (600, [[12.0, 301.0]], False, "MISSED"),
    ],
)
def test_only_ten_minutes_without_a_stall_meet_the_target(
    seconds: float, stalls: list[list[float]], met: bool | None, said: str
) -> None:
    found = targets({"stalls": {"seconds": seconds, "stalls": stalls}})
    line = next(one for one in found if one.name.startswith("stalls"))
    assert (line.met, line.verdict()) == (met, said)
    assert line.asked


def test_the_results_file_keeps_five_fields_of_a_target(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    results.write(file, {"date": "today"}, {}, [Target("two", 1.5, "x", "reported", None, REPORTED)], {})
    assert json.loads(file.read_text()) == {
        "date": "today",
        "targets": [{"name": "two", "value": 1.5, "unit": "x", "target": "reported", "met": None}],
        "failures": {},
        "parts": {},
    }


def test_the_page_counts_what_is_asked_and_names_what_is_not_shown() -> None:
    head = report._targets([
        Target("a", 1, "x", "at least 1 x", True),
        Target("b", 0, "x", "at least 1 x", False),
        Target("c", 0, "", "none in 600 s", None, "not shown: 60 of 600 s"),
        Target("d", 1.5, "x", "reported with what limits it", None, REPORTED),
    ])  # fmt: skip
    assert head.startswith("### Targets: 1 of 3 met, 1 not shown\n")
    assert "| b | 0 x | at least 1 x | **missed** |" in head
    assert "| c | 0  | none in 600 s | not shown: 60 of 600 s |" in head


def test_a_line_says_value_target_and_verdict() -> None:
    line = Target("restore", 250_000, "records/s", "at least 200,000 records/s", True).line()
    assert line == "restore: 250,000 records/s (target: at least 200,000 records/s) met"


def test_the_page_keeps_what_stands_around_the_results() -> None:
    page = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    assert report.placed(page, "new") == f"before\n{report.BEGIN}\n\nnew\n\n{report.END}\nafter\n"
    with pytest.raises(ValueError, match="the page needs the lines"):
        report.placed("no markers", "new")


def test_instructions_are_counted_and_steady() -> None:
    counts = {instructions(lambda: sum(number for number in range(10))) for _ in range(3)}
    assert len(counts) == 1
    assert 20 < counts.pop() < 500
