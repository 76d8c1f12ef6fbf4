"""The picture in the README shows every topic, and is the one that the catalogue draws."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_committed_picture_is_what_the_catalogue_draws() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "scripts" / "draw_flow.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
