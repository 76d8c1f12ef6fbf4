"""Known vulnerabilities of what is locked, asked of the service that pip-audit asks.

Three ends, told apart: nothing known (0), something known (1), and not asked, because the service did not answer or did not
know the packages (0, with a NOTE that says so). The third is not the first: where releases are made, ``--must-answer``
makes a failure of it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from .locked import LOCK, Locked, read_lock

_SECONDS: Final = 120
_PIP_AUDIT: Final = Path(sys.executable).parent / "pip-audit"


def audit(arguments: Sequence[str]) -> int:
    packages = read_lock(LOCK.read_text(encoding="utf-8"))
    # One first: where nobody answers, the others need not be asked.
    answered = _ask(packages[:1])
    if answered and not _skipped(answered):
        answered = _ask(packages)
    told, code = judge(answered, len(packages), must_answer="--must-answer" in arguments)
    print(told)
    return code


def judge(answered: list[dict[str, Any]], count: int, *, must_answer: bool) -> tuple[str, int]:
    """What to say of the answers about ``count`` locked packages, and the exit code.

    >>> judge([], 3, must_answer=False)[1], judge([], 3, must_answer=True)[1]
    (0, 1)
    """
    known = [
        f"{one['name']} {one['version']}: {vulnerability['id']}"
        + (f", mended in {', '.join(vulnerability['fix_versions'])}" if vulnerability["fix_versions"] else "")
        for one in answered
        for vulnerability in one.get("vulns", ())
    ]
    asked = len(answered) - len(_skipped(answered))
    lines = [f"VULNERABLE: {one}" for one in known]
    if asked < count:
        lines.append(
            f"NOTE: vulnerabilities were looked up for {asked} of {count} packages: the service cannot be reached from here, "
            "or does not know the others. This says nothing about them; where there is a network, run "
            "python -m scripts.supply_chain audit --must-answer"
        )
    else:
        lines.append(f"{count} packages looked up, {len(known)} vulnerabilities known")
    return "\n".join(lines), 1 if known or (must_answer and asked < count) else 0


def _skipped(answered: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in answered if "skip_reason" in one]


def _ask(packages: Sequence[Locked]) -> list[dict[str, Any]]:
    """pip-audit's answer for each; nothing when it has none."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "requirements.txt"
        asked.write_text(
            "".join(f"{one.name}=={one.version} --hash=sha256:{one.hashes[0]}\n" for one in packages),
            encoding="utf-8",
        )
        command = [
            str(_PIP_AUDIT),
            "--disable-pip",
            "--require-hashes",
            "--format",
            "json",
            "--progress-spinner",
            "off",
        ]
        try:
            done = subprocess.run(
                [*command, "-r", str(asked)], capture_output=True, text=True, timeout=_SECONDS, check=False
            )
            found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
        except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
            return []
    return found
