"""The picture in the README shows every topic, and is the one that the catalogue draws."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "flow.svg"


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


def test_the_readme_counts_the_topics_as_the_picture_does() -> None:
    label = re.search(r"from (\w+) input topics through the worker into (\w+) output", PICTURE.read_text())
    assert label
    (shown,) = re.findall(r"!\[([^\]]+)\]\(docs/flow\.svg\)", (ROOT / "README.md").read_text())
    assert f"from {label[1]} topics" in shown
    assert f"into {label[2]};" in shown
