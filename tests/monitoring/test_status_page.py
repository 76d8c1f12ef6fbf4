"""The status page in a browser: it reads well on a telephone, however much there is to say."""

from pathlib import Path

import pytest

from streams.domain.plain_words import in_words, of_role
from streams.domain.vocabulary import Priority, Reason, Role, Topic
from streams.ops.status import Figure, Section, Status, Table, page
from tests.support.browser import look

pytestmark = pytest.mark.timeout(180)

#: CSS pixels: the narrowest telephone that is still about, a usual one, and a tablet.
SCREENS = (320, 390, 768)


def bad_day() -> Status:
    """Everything that a worker's page may say at once, at its longest."""
    roles = tuple((f"{of_role(role)} ({role})", *("12,345" for _ in Priority), "364 d 23 h") for role in Role)
    holds = tuple((in_words(reason), "1,234,567") for reason in Reason if in_words(reason))
    stopped = ", ".join(sorted(Topic))
    shards = tuple(
        (str(number), f"stopped: {stopped}", "23 h 59 min", "12,345,678", "1,000,000", "1,234.5 MB")
        for number in range(12)
    )
    return Status(
        "Heed worker",
        (
            "Policy 2026.11+aeb3532d0f1e4c5b9a8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f, Heed 0.1.0, 13 October 2026 10:09:08 in London",
            "Figures are of this worker's partitions; the other workers have pages of their own.",
        ),
        (
            "no Kafka answers",
            "partition 11: the patient table is older than what was decided with it; nothing is decided (runbook: backup)",
            *(f"{topic}[11]: stopped, too many records cannot be read" for topic in Topic),
        ),
        (
            Section(
                "Safety: must be 0",
                (
                    Figure("Sends in spite of an objection", "1,234,567", bad=True),
                    Figure("Protected objections set aside by a machine", "1,234,567", bad=True),
                ),
            ),
            Section("Time", (Figure("Urgent tasks not acknowledged in time", "364 d 23 h", bad=True),)),
            Section(
                "Tasks by role", Table(("For", *Priority, "Oldest"), roles, frozenset({*Priority, "Oldest"}))
            ),
            Section("Waiting on purpose", Table(("Reason", "Requests"), holds, frozenset({"Requests"}))),
            Section(
                "Shards",
                Table(
                    ("Partition", "State", "Lag", "Behind", "Patients", "Memory"),
                    shards,
                    frozenset({"Lag", "Behind", "Patients", "Memory"}),
                ),
            ),
        ),
    )


@pytest.mark.parametrize("width", SCREENS)
def test_the_page_never_runs_off_a_telephone(width: int, tmp_path: Path) -> None:
    written = tmp_path / "page.html"
    written.write_bytes(page(bad_day()))
    seen = look(written, width, tmp_path / "page.png")
    assert seen.beyond == ()
    assert seen.width == width
    for words in (
        "no Kafka answers",
        "Safety: must be 0",
        "1,234,567 (look)",
        "Tasks by role",
        "Waiting on purpose",
        "Shards",
    ):
        assert words in seen.words
    assert seen.words.index("Does not do all of its work") < seen.words.index("Safety: must be 0")


def test_a_page_that_is_too_wide_is_noticed(tmp_path: Path) -> None:
    """What this file stands on: without it a browser that measures nothing would pass everything."""
    written = tmp_path / "page.html"
    wide = "<div style='width: 450px'>too wide</div><div style='overflow-x: auto'><p style='width: 900px'>scrolls</p></div>"
    written.write_text(f"<!doctype html><meta name=viewport content='width=device-width'><body>{wide}")
    seen = look(written, 390)
    assert seen.width > 390
    assert seen.beyond == ("div: too wide",)
    assert "scrolls" in seen.words


def test_a_picture_is_as_high_as_the_page(tmp_path: Path) -> None:
    written, picture = tmp_path / "page.html", tmp_path / "page.png"
    written.write_text("<!doctype html><body style='margin: 0'><div style='height: 2345px'>high</div>")
    assert look(written, 390, picture).height == 2345
    header = picture.read_bytes()[16:24]
    assert (int.from_bytes(header[:4]), int.from_bytes(header[4:])) == (390, 2345)
