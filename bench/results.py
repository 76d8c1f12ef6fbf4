"""The results file: figures, and the machine and versions they are of."""

import json
import os
import platform
import shlex
import subprocess
import sysconfig
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from streams.worker.clock import RealClock

from .session import Found
from .targets import Target, targets

FILE: Final = Path(__file__).resolve().parent / "results" / "latest.json"
_PEERS: Final = Path(__file__).resolve().parent / "peers"
_OURS: Final = ("heed", "faust-streaming", "aiokafka", "msgspec", "fastavro", "confluent-kafka")
_SHOWN: Final = ("confluent-kafka", "aiokafka", "faust-streaming", "quixstreams", "bytewax", "fastavro")


def machine() -> dict[str, Any]:
    """What it ran on, and how busy that was besides: rates of a shared machine carry noise."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _text("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    memory = next((int(line.split()[1]) for line in _text("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "processor": cpu,
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**20),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 1),
    }


def _text(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def versions() -> dict[str, str]:
    """Of Python, Java, Heed and what it stands on, and every peer as its lock file pins it."""
    java = subprocess.run(
        ["java", "-version"], capture_output=True, text=True, check=False
    ).stderr.splitlines()
    found = {
        "python": platform.python_version(),
        "python built": how_built(sysconfig.get_config_var("CONFIG_ARGS")),
        "java": java[0] if java else "none",
    }
    found |= {name: version(name) for name in _OURS}
    for lock in sorted(_PEERS.glob("*/requirements.lock")):
        for line in lock.read_text().splitlines():
            name, _, pinned = line.partition("==")
            if name in _SHOWN:
                found[f"peer {lock.parent.name}: {name}"] = pinned.split()[0]
    pom = (_PEERS / "kafka-streams" / "pom.xml").read_text()
    found["peer kafka-streams"] = (
        pom.partition("<artifactId>kafka-streams</artifactId>")[2].split(">")[1].split("<")[0]
    )
    found["revision"] = _revision()
    return found


def how_built(arguments: str | None) -> str:
    """What of an interpreter's configure line makes it faster; the rest of that line is this machine's business.

    >>> how_built("'--prefix=/opt' '--enable-optimizations' '--with-lto=full'")
    '--enable-optimizations --with-lto'
    """
    if not arguments:
        return "not told"
    given = {argument.partition("=")[0] for argument in shlex.split(arguments)}
    lto = ["--with-lto"] if "--with-lto" in given else []
    if "--enable-optimizations" in given:
        return " ".join(["--enable-optimizations", *lto])
    return ", ".join(["without profile-guided optimisation", *lto])


def _revision() -> str:
    said = subprocess.run(
        ["git", "-C", str(_PEERS), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() or "unknown"


def measured() -> dict[str, str]:
    """When a part was measured, and of which revision: a file keeps parts of earlier runs."""
    return {"date": date(), "revision": _revision()}


def date() -> str:
    """Now, as ISO 8601 in UTC, to the second."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(RealClock().now() / 1_000, UTC).isoformat(timespec="seconds")


def write(
    file: Path, about: dict[str, Any], found: Found, lines: Sequence[Target], failures: dict[str, str]
) -> None:
    """Everything of one run."""
    file.parent.mkdir(parents=True, exist_ok=True)
    _put(file, about | {"targets": _entries(lines), "failures": failures, "parts": found})


def judged_again(file: Path) -> Found:
    """What stands in the file, judged as it would be now: what meets a target may have been settled later."""
    whole: Found = json.loads(file.read_text(encoding="utf-8"))
    whole["targets"] = _entries(targets(whole["parts"]))
    _put(file, whole)
    return whole


def _entries(lines: Sequence[Target]) -> list[Found]:
    return [line.entry() for line in lines]


def _put(file: Path, whole: Found) -> None:
    file.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
