"""20 000 events while processes die: nothing lost, doubled, out of order or sent against an objection."""

import os
from pathlib import Path
from typing import Final

import pytest

from streams.settings import Settings

from .blows import Blow
from .figures import line_of, note
from .run import Run, play

#: Another one is given with FAULT_SEED. FAULT_RUNS=docs/reliability/runs.jsonl adds the run's line there, and to the page.
SEED: Final = 2026
BLOWS: Final = (
    Blow.KILL, Blow.KILL_BEFORE_COMMIT, Blow.KILL_AFTER_COMMIT, Blow.KILL_ALL, Blow.KILL_RECORDER, Blow.TERM, Blow.TERM,
)  # fmt: skip


@pytest.mark.timeout(240)
async def test_nothing_is_lost_doubled_or_out_of_order_whatever_dies(
    created: Settings, tmp_path: Path
) -> None:
    seed = int(os.environ.get("FAULT_SEED", SEED))
    print(f"FAULT_SEED={seed}")  # noqa: T201
    ran = await play(Run(20_000, seed, BLOWS), created, tmp_path)
    print(f"{ran.fed} events, {ran.seconds} s, first output after {ran.costs()}, {ran.report.checked}")  # noqa: T201
    if runs := os.environ.get("FAULT_RUNS"):
        note(line_of(ran, "test", created.partitions, brokers=1), Path(runs))
    assert ran.fed >= 20_000
    assert ran.counts().total() == len(BLOWS)
    assert ran.report.clean, [str(finding) for finding in ran.report.findings[:20]]
    assert not ran.report.notes
    assert ran.report.waiting == ran.report.unrecorded == 0
    assert ran.report.checked["messages to objectors"] > 0
    assert all(code == 0 for code in ran.exit_codes.values()), ran.exit_codes
