"""Pictures of pages, with Chromium where it is installed (Debian: chromium)."""

import subprocess
import tempfile
from pathlib import Path

_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def screenshot(page: Path, picture: Path, width: int, height: int = 1_900) -> None:
    """Draw a page of this width, in CSS pixels; fails when nothing was drawn."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                "chromium", *_QUIET, f"--user-data-dir={profile}", f"--window-size={width},{height}",
                f"--screenshot={picture}", page.as_uri(),
            ],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
    assert picture.stat().st_size > 5_000
