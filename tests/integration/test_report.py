"""``heed report`` over what a worker and a recorder have written on a real broker."""

import csv
from pathlib import Path
from typing import Any

import pytest

from streams.cli.main import main
from streams.domain.time import DAY, MINUTE
from streams.domain.vocabulary import Topic
from streams.settings import Settings
from tests.support.outside import Sender, appointment, committed, envelope, now, objection, outputs, patient
from tests.support.running import Heed, set_environment, until
from tests.support.times import uk

pytestmark = pytest.mark.timeout(180)

TUESDAY = uk("Tue 13 Oct 2026 10:00")
PEOPLE = 7


def figures(folder: Path) -> dict[tuple[str, str, str, str], str]:
    with (folder / "figures.csv").open(encoding="utf-8", newline="") as file:
        return {
            (one["month"], one["table"], one["row"], one["column"]): one["value"]
            for one in csv.DictReader(file)
        }


def test_a_month_from_the_topics(at_once: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven told by text, seven who object and become tasks, which somebody deals with; five unreadable."""
    clock = {"HEED_CLOCK": f"2026-10-13T10:00:00+01:00@{now()}x1", "HEED_CLOCK_ALLOWED": "demo"}
    set_environment(monkeypatch, at_once, **clock)
    with Heed("worker", at_once, **clock), Heed("recorder", at_once, **clock):
        with Sender(at_once) as sender:
            for number in range(2 * PEOPLE):
                sender.send(Topic.PATIENTS, patient(f"P{number}", TUESDAY))
            for number in range(PEOPLE):
                sender.send(
                    Topic.OBJECTIONS, objection(f"P{number}", TUESDAY, reason="SAFETY_DOMESTIC_ABUSE")
                )
        with Sender(at_once) as sender:
            for number in range(2 * PEOPLE):
                sender.send(Topic.APPOINTMENTS, appointment(f"P{number}", TUESDAY, TUESDAY + 20 * DAY))
            for number in range(5):
                sender.raw(Topic.RESULTS, b"P%d" % (PEOPLE + number), b"no record at all")
        until(lambda: len(committed(at_once, Topic.SEND_COMMANDS)) == PEOPLE, 60)

        def open_tasks() -> list[str]:
            found = outputs(at_once, Topic.ESCALATION_TASKS)
            return [one.task_id for one in found if one.reason == "protected_objection" and one.version == 1]

        until(lambda: len(open_tasks()) == PEOPLE, 60)
        tasks = {one.task_id: one for one in outputs(at_once, Topic.ESCALATION_TASKS)}
        with Sender(at_once) as sender:
            for task_id in open_tasks():
                done: dict[str, Any] = {
                    "task_id": task_id,
                    "kind": "CONTACTED",
                    "by": "u1",
                    "role": str(tasks[task_id].role),
                    "purposes": [],
                }
                sender.send(Topic.RESOLUTIONS, envelope(tasks[task_id].patient_id, TUESDAY + MINUTE, **done))

        def closed() -> int:
            return sum(one.status == "CLOSED" for one in outputs(at_once, Topic.ESCALATION_TASKS))

        until(lambda: closed() == PEOPLE, 60)
        until(lambda: sum(one.kind == "MESSAGE" for one in outputs(at_once, Topic.RECORDS)) == PEOPLE, 60)
    assert main(["report", "--month", "2026-10", "--out", str(tmp_path / "pack")]) == 0
    found = figures(tmp_path / "pack")
    assert found["2026-10", "messages", "APPT_CONFIRM", "sms"] == "7"
    assert found["2026-10", "messages by day", "2026-10-13", ""] == "7"
    assert found["2026-10", "outcomes", "SEND", ""] == "7"
    assert found["2026-10", "outcomes", "QUARANTINE", ""] == "5"
    assert found["2026-10", "objections", "RECORDED", ""] == "7"
    assert found["2026-09", "outcomes", "total", ""] == "0"
    assert found["2026-10", "done", "total", "in time"] == "7"
    assert ("2026-10", "done", "total", "late") not in found
    for name in ("report.md", "report.html", "messages-by-day.svg"):
        said = (tmp_path / "pack" / name).read_text(encoding="utf-8")
        assert said
        for secret in ("DOMESTIC_ABUSE", "447700", "Ada", ">P1<"):
            assert secret not in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--month", "2026-13"], "allowed: YYYY-MM"),
        (["--month", "2099-01"], "has not begun"),
        ([], "--month"),
    ],
)
def test_wrong_use_is_one_line(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", *words]) == 2
    assert says in capsys.readouterr().err
