"""Chromium where it is installed (Debian: chromium): how a page looks at a telephone's width, and pictures of pages.

    python -m tests.support.browser PAGE.html PICTURE.png --width 1250

Spoken to by the DevTools protocol over a pair of pipes, because a window of its own is never narrower than 500 pixels: what
looks right at 500 may run off a telephone at 390. Pictures are as high as the page.
"""

import argparse
import base64
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

#: Set in the pipeline, where a missing browser is a failure and no skip.
REQUIRED: Final = "TESTS_NEED_CHROMIUM"
_QUIET: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
#: What a page is asked. Whatever scrolls by itself (a wide table) may be as wide as it likes.
_ASK: Final = """(edge => {
  const scrolls = e => e && (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  const beyond = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > edge + 0.5 && !scrolls(e));
  return JSON.stringify({
    width: document.documentElement.scrollWidth,
    height: Math.ceil(document.body.getBoundingClientRect().bottom),
    words: document.body.innerText,
    beyond: beyond.map(e => `${e.tagName.toLowerCase()}: ${e.textContent.slice(0, 80)}`),
  });
})"""


class Seen(msgspec.Struct, frozen=True):
    """A page as drawn: how wide and high, in CSS pixels, what it says, and what runs off its right edge."""

    width: int
    height: int
    words: str
    beyond: tuple[str, ...]


def chromium() -> str:
    """Where it is. Skips loudly when it is missing, fails where the pipeline says that it must be there."""
    found = shutil.which("chromium")
    if found is None:
        why = "chromium is not installed (Debian, Ubuntu: apt-get install chromium)"
        if os.environ.get(REQUIRED):
            pytest.fail(why, pytrace=False)
        # No Python package brings it; .ci/run installs it where it may, and then nothing is skipped.
        pytest.skip(why)
    return found


def look(page: Path, width: int, picture: Path | None = None) -> Seen:
    """Draw a page on a screen of this width, and look at it; into ``picture``, as high as the page, if one is wanted."""
    with _tab() as tab:
        tab.say("Page.enable")
        tab.screen(width, 800)
        tab.say("Page.navigate", url=page.resolve().as_uri())
        tab.wait_for("Page.loadEventFired")
        answer = tab.say("Runtime.evaluate", expression=f"{_ASK}({width})")["result"]
        seen = msgspec.json.decode(answer["value"], type=Seen)
        if picture is not None:
            tab.screen(width, seen.height)
            drawn = tab.say("Page.captureScreenshot", format="png")["data"]
            picture.write_bytes(base64.b64decode(drawn))
        return seen


class _Tab:
    """One page of a browser, spoken to in JSON with a zero byte behind each message."""

    def __init__(self, to: int, heard: int) -> None:
        self._to = os.fdopen(to, "wb", buffering=0)
        self._heard = os.fdopen(heard, "rb")
        self._number = 0
        self._session: str | None = None
        self._events: list[str] = []
        target = self.say("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.say("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def say(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        while (answer := self._hear()).get("id") != self._number:
            self._events.append(answer.get("method", ""))
        assert "error" not in answer, answer
        return dict(answer["result"])

    def wait_for(self, event: str) -> None:
        while event not in self._events:
            self._events.append(self._hear().get("method", ""))

    def screen(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.say("Emulation.setDeviceMetricsOverride", **size)

    def close(self) -> None:
        self._to.close()
        self._heard.close()

    def _hear(self) -> dict[str, Any]:
        said = bytearray()
        while (one := self._heard.read(1)) != b"\0":
            assert one, "chromium has ended"
            said += one
        return dict(json.loads(said))


@contextlib.contextmanager
def _tab() -> Iterator[_Tab]:
    """A browser with a profile of its own, which reads commands from its descriptor 3 and answers on 4."""
    command = chromium()
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    high = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 10) for one in (theirs_in, theirs_out)]
    for one in (theirs_in, theirs_out):
        os.close(one)

    def descriptors() -> None:
        for one, number in zip(high, (3, 4), strict=True):
            os.dup2(one, number)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [command, *_QUIET, "--remote-debugging-pipe", f"--user-data-dir={profile}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=descriptors, pass_fds=(3, 4),
        )  # fmt: skip
        for one in high:
            os.close(one)
        try:
            tab = _Tab(ours_out, ours_in)
            yield tab
            tab.close()
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="A picture of a page, as high as the page.")
    parser.add_argument("page", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--width", type=int, default=1_250, help="in pixels (default 1250: a dashboard)")
    given = parser.parse_args(arguments)
    seen = look(given.page, given.width, given.picture)
    print(f"{given.picture}: {given.width} x {seen.height}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
