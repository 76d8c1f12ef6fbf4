"""``heed verify`` as an operator types it."""

import json
import subprocess
import sys

import pytest

from streams.settings import Settings
from tests.support.running import PROJECT, environment

pytestmark = pytest.mark.timeout(60)


def typed(settings: Settings, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "streams", "verify", *words],
        env=environment(settings), cwd=PROJECT, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip


def test_nothing_fed_is_clean(created: Settings) -> None:
    done = typed(created, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["checked"]["inputs"] == report["waiting"] == 0
    assert not any(report["differences"].values())


def test_words_end_with_the_verdict(created: Settings) -> None:
    assert typed(created).stdout.splitlines()[-1].startswith("clean")


def test_without_topics_it_cannot_be_told(settings: Settings) -> None:
    done = typed(settings)
    assert done.returncode == 2
    assert "not found" in done.stderr
