"""Java 17, Maven, the class path of the broker, and a storage folder formatted once and then copied.

What was found is kept under ``cache/kafka-<digest of pom.xml>``: a second start asks neither Maven nor Kafka's
storage tool, which saves some three seconds.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from streams.errors import BrokerUnreachable

from . import properties

DEPLOY: Final = Path(__file__).resolve().parents[3] / "deploy" / "kafka"
POM: Final = DEPLOY / "pom.xml"
LOGGING: Final = DEPLOY / "log4j2.properties"

MIN_JAVA: Final = 17  # what Kafka 4's broker is compiled for
_MAVEN_SECONDS: Final = 600  # 43 MB over a slow line
_CLUSTER_ID: Final = "aGVlZC1sb2NhbC1rYWZrYQ"  # "heed-local-kafka"; any 16 bytes in base64 will do

INSTALL: Final = (
    "no Kafka is configured and none can be started here: set HEED_BOOTSTRAP_SERVERS, "
    "or start Docker, or install Java 17 or newer and Maven"
)

Say = Callable[[str], None]


def java() -> str | None:
    """The ``java`` to use, JAVA_HOME first; None when there is none or it is older than 17."""
    home = os.environ.get("JAVA_HOME")
    for command in ([str(Path(home) / "bin" / "java")] if home else []) + ["java"]:
        if (found := shutil.which(command)) and _java_version(found) >= MIN_JAVA:
            return found
    return None


def _java_version(command: str) -> int:
    try:
        done = subprocess.run([command, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)', done.stderr)  # 17.0.15, 21; Java 8 says 1.8.0
    return int(found.group(1)) if found else 0


def class_path(cache: Path, say: Say) -> str:
    """The jars of the broker, joined as ``java -cp`` wants them; asks Maven once.

    Raises BrokerUnreachable when Maven is missing or cannot fetch them.
    """
    folder = _folder(cache)
    file = folder / "classpath.txt"
    with _lock(folder):
        if file.exists() and _all_there(known := file.read_text(encoding="utf-8")):
            return known
        jars = _ask_maven(say)
        file.write_text(jars, encoding="utf-8")
        return jars


def copy_formatted(command: str, jars: str, cache: Path, target: Path) -> None:
    """Make ``target`` a formatted, empty storage folder; Kafka's storage tool runs once per Kafka version."""
    folder = _folder(cache)
    template = folder / "formatted"
    with _lock(folder):
        if not template.exists():
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                _format(command, jars, Path(scratch))
                (Path(scratch) / "storage").rename(template)
    shutil.copytree(template, target)


def _folder(cache: Path) -> Path:
    try:
        digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise BrokerUnreachable(
            "no Kafka is configured, and deploy/kafka/pom.xml is not here: set HEED_BOOTSTRAP_SERVERS, "
            "or run Heed from a clone of the project"
        ) from error
    folder = cache / f"kafka-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One process at a time: two test runs beside each other fetch once."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _all_there(jars: str) -> bool:
    """Maven's repository may have been emptied since."""
    return bool(jars) and all(os.path.exists(jar) for jar in jars.split(os.pathsep))


def _ask_maven(say: Say) -> str:
    mvn = shutil.which("mvn")
    if mvn is None:
        raise BrokerUnreachable(INSTALL)
    say("fetching Kafka with Maven, this once (about 45 MB)")
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "classpath.txt"
        command = [
            mvn, "--batch-mode", "--quiet", "-Dstyle.color=never", "-f", str(POM), "dependency:build-classpath",
            f"-Dmdep.outputFile={output}", "-Dmdep.includeScope=runtime",
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_MAVEN_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise BrokerUnreachable(
                f"Maven did not fetch Kafka within {_MAVEN_SECONDS} s; try again"
            ) from error
        if done.returncode != 0 or not output.exists():
            raise BrokerUnreachable(f"Maven could not fetch Kafka: {_first_error(done.stdout)}")
        return output.read_text(encoding="utf-8").strip()


def _first_error(said: str) -> str:
    errors = [
        line.removeprefix("[ERROR]").strip() for line in said.splitlines() if line.startswith("[ERROR]")
    ]
    return (
        errors[0] if errors else "no reason given; try mvn -f deploy/kafka/pom.xml dependency:build-classpath"
    )


def _format(command: str, jars: str, scratch: Path) -> None:
    settings = scratch / "server.properties"
    properties.write(settings, properties.Ports(9092, 9093), scratch / "storage")
    done = subprocess.run(
        [command, "-XX:TieredStopAtLevel=1", f"-Dlog4j2.configurationFile={LOGGING.as_uri()}", "-cp", jars,
         "kafka.tools.StorageTool", "format", "--cluster-id", _CLUSTER_ID, "--config", str(settings)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise BrokerUnreachable(
            f"Kafka could not format its storage: {said[0] if said else 'no reason given'}"
        )
