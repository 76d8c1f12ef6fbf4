"""A changed policy file: taken over as a whole, or kept out as a whole with a line that says why (C213)."""

import asyncio
import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from streams.errors import BadPolicy
from streams.ops import metrics, policy_file
from streams.ops.logging import JsonLine
from streams.ops.policy_file import PolicyFile, Rejected
from streams.policy.load import default_path, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A policy of an organisation's own, with a folder of wordings of its own."""
    shutil.copytree(default_path().parent / "templates", tmp_path / "templates")
    path = tmp_path / "policy.yaml"
    path.write_text('version: "1"\ntemplates: templates\nshort_notice_hours: 48\n')
    return path


@pytest.fixture
def watched(file: Path) -> Iterator[PolicyFile]:
    watched = PolicyFile(file)
    yield watched
    metrics.POLICY_INFO.clear()


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    """What ``heed.policy`` writes, as the JSON lines of a running process."""
    written: list[dict[str, object]] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(JsonLine().format(record)))

    logger, handler, before = (
        logging.getLogger("heed.policy"),
        Collect(),
        logging.getLogger("heed.policy").level,
    )
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(before)


def looked_twice(watched: PolicyFile) -> None:
    """Two looks, as ``keep_looking`` takes them."""
    for _ in range(2):
        if (found := watched.look()) is not None:
            watched.settle(found)


def rejected() -> float:
    return REGISTRY.get_sample_value("heed_config_rejected_total") or 0.0


def info(version: str) -> float | None:
    return REGISTRY.get_sample_value("heed_policy_info", {"version": version})


def test_a_valid_new_file_is_in_force_and_shown(
    watched: PolicyFile, file: Path, lines: list[dict[str, object]]
) -> None:
    before = watched.current.version
    file.write_text('version: "2"\ntemplates: templates\nshort_notice_hours: 24\n')
    looked_twice(watched)
    assert watched.current.short_notice == 24 * 3_600_000
    assert watched.current.version == load(file).version
    assert (info(before), info(watched.current.version)) == (None, 1.0)
    assert [line["event"] for line in lines] == ["policy_changed"]
    assert (lines[0]["before"], lines[0]["version"]) == (before, watched.current.version)
    assert watched.notes() == []


def test_an_invalid_file_keeps_the_last_good_policy_whole_and_says_where(
    watched: PolicyFile, file: Path, lines: list[dict[str, object]]
) -> None:
    good, counted = watched.current, rejected()
    file.write_text('version: "2"\ntemplates: templates\nl4_enabled: true\nshort_notice_hours: 72\n')
    looked_twice(watched)
    looked_twice(watched)
    assert watched.current is good
    assert not watched.current.l4_enabled
    assert rejected() == counted + 1
    assert info(good.version) == 1.0
    (line,) = lines
    assert (line["event"], line["level"], line["file"]) == ("policy_rejected", "error", str(file))
    assert (line["line"], line["key"]) == (4, "short_notice_hours")
    assert (line["what"], line["allowed"]) == ("is 72", "a number above 0 and at most 48")
    assert (line["problems"], line["keeps"]) == (1, good.version)
    (note,) = watched.notes()
    assert note.startswith(f"the policy file was rejected, still deciding by {good.version}: {file}:4: ")


def test_the_repaired_file_ends_the_note(
    watched: PolicyFile, file: Path, lines: list[dict[str, object]]
) -> None:
    good = file.read_text()
    file.write_text("short_notice_hours: [")
    looked_twice(watched)
    assert watched.notes()
    file.write_text(good)
    looked_twice(watched)
    assert watched.notes() == []
    assert [line["event"] for line in lines] == ["policy_rejected", "policy_as_before"]


def test_a_file_that_is_still_being_written_is_not_read(watched: PolicyFile, file: Path) -> None:
    """Cut off in the middle it may be valid: what is missing has the shipped value."""
    file.write_text('version: "2"\ntemplates: templates\n')
    assert watched.look() is None
    file.write_text('version: "2"\ntemplates: templates\nrequire_verified: true\n')
    assert watched.look() is None
    found = watched.look()
    assert not isinstance(found, Rejected)
    assert found is not None
    assert found.require_verified


def test_a_changed_wording_makes_a_new_version(watched: PolicyFile, file: Path) -> None:
    before = watched.current.version
    wording = file.parent / "templates" / "appointments.yaml"
    wording.write_text(wording.read_text().replace("version: 1", "version: 2", 1))
    looked_twice(watched)
    assert watched.current.version != before


def test_wordings_of_earlier_versions_are_kept_for_the_record(watched: PolicyFile, file: Path) -> None:
    """A message sent just before the change is recorded just after it."""
    wording = file.parent / "templates" / "appointments.yaml"
    seen = {template.ref for template in watched.current.templates.templates}
    for version in (2, 3):
        wording.write_text(wording.read_text().replace(f"version: {version - 1}", f"version: {version}", 1))
        looked_twice(watched)
        seen |= {template.ref for template in watched.current.templates.templates}
    known = [template.ref for template in watched.for_records.templates.templates]
    assert set(known) == seen
    assert len(known) == len(seen)


def test_a_file_that_is_gone_is_rejected_not_replaced_by_the_shipped_one(
    watched: PolicyFile, file: Path
) -> None:
    good = watched.current
    file.unlink()
    looked_twice(watched)
    assert watched.current is good
    assert "cannot be read" in watched.notes()[0]


def test_a_defect_of_the_reader_keeps_the_last_good_policy_too(
    watched: PolicyFile, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> None:
        raise KeyError("secret text")

    monkeypatch.setattr(policy_file, "check", broken)
    file.write_text('version: "2"\ntemplates: templates\n')
    looked_twice(watched)
    assert "cannot be checked (KeyError at " in watched.notes()[0]
    assert "secret text" not in watched.notes()[0]


def test_a_process_never_starts_on_a_bad_policy(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text('version: "1"\noverride_policies: {G2: {valid_to: 2027-01-01}}\n')
    with pytest.raises(BadPolicy, match=r"policy\.yaml:2: override_policies\.G2\.valid_to"):
        PolicyFile(path)


async def test_looking_goes_on_by_itself(
    watched: PolicyFile, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_file, "LOOK_EVERY_S", 0.01)
    looking = asyncio.create_task(watched.keep_looking())
    await asyncio.to_thread(file.write_text, 'version: "2"\ntemplates: templates\nshort_notice_hours: 12\n')
    async with asyncio.timeout(10):
        while watched.current.short_notice != 12 * 3_600_000:
            await asyncio.sleep(0.01)
    looking.cancel()
