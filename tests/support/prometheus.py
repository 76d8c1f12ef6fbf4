"""promtool, amtool, prometheus and alertmanager, where they are installed (Debian: prometheus, prometheus-alertmanager)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

#: Set in the pipeline, where a missing tool is a failure and no skip.
REQUIRED = "TESTS_NEED_PROMETHEUS"


def tool(name: str) -> str:
    """Where a tool is. Skips loudly when it is missing, fails where the pipeline says that it must be there."""
    found = shutil.which(name)
    if found is None:
        why = f"{name} is not installed (Debian, Ubuntu: apt-get install prometheus prometheus-alertmanager)"
        if os.environ.get(REQUIRED):
            pytest.fail(why, pytrace=False)
        # No Python package brings it, so make setup cannot; .ci/run installs it where it may, and then nothing is skipped.
        pytest.skip(why)
    return found


def run(name: str, *args: str | Path, given: str = "") -> str:
    """Run a tool and return what it says; fails with all of that when it finds something wrong.

    promtool needs 15 s of a processor for the rules, and a busy machine takes its time: the test's own limit counts.
    """
    ran = subprocess.run(
        [tool(name), *map(str, args)], input=given, capture_output=True, text=True, timeout=900, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
