"""Where Heed runs: brokers, names, ports, folders. Read once at the start, then passed in.

A TOML file (``--config FILE``, or ``HEED_CONFIG``) and ``HEED_*`` variables over it: key ``topic_prefix`` of the
file is variable ``HEED_TOPIC_PREFIX``. Secrets come by variable (``HEED_SASL_PLAIN_PASSWORD``) or by a file that
holds nothing else (``HEED_SASL_PLAIN_PASSWORD_FILE``); in the TOML file they are refused, because that file is
copied, mailed and committed. What is decided about patients is not here but in the policy file.
Source: contract 4.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.errors import BadUsage

PRODUCTION_PARTITIONS: Final = 12  # contract 1
LOCAL_PARTITIONS: Final = 4

#: Refused in the TOML file; each may come by a file of its own.
SECRETS: Final = ("sasl_plain_password", "ssl_password", "log_key")
_LOG_KEY_LENGTH: Final = 16
_NOT_A_SETTING: Final = ("config",)  # names the file itself
_TOPIC_PREFIX: Final = re.compile(r"[A-Za-z0-9._-]{0,100}")  # what Kafka allows in a topic's name
_INSTANCE: Final = re.compile(r"[A-Za-z0-9._-]{1,200}")  # what Kafka allows in a member's name


class SecurityProtocol(StrEnum):
    """How to talk to the brokers, as aiokafka names it."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"


class SaslMechanism(StrEnum):
    """How to prove who we are, as aiokafka names it."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


class LogLevel(StrEnum):
    """The least important line that is still written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class TracesTo(StrEnum):
    """Where spans go; off: trace context is passed on, and no span is made."""

    OFF = "off"
    CONSOLE = "console"
    OTLP = "otlp"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting of contract 4, with its default.

    ``bootstrap_servers`` is empty when none is configured and no background broker runs; what needs Kafka then
    refuses to start. ``clock`` shifts time for the demo and tests (streams/worker/clock.py).
    """

    bootstrap_servers: str = ""  # host:port, several with commas
    security_protocol: SecurityProtocol = SecurityProtocol.PLAINTEXT
    sasl_mechanism: SaslMechanism = SaslMechanism.PLAIN
    sasl_plain_username: str | None = None
    sasl_plain_password: str | None = None
    ssl_cafile: Path | None = None  # PEM; the system's certificates when not set
    ssl_certfile: Path | None = None  # PEM, for brokers that ask for a client certificate
    ssl_keyfile: Path | None = None
    ssl_password: str | None = None  # of the key file
    schema_registry_url: str | None = None
    topic_prefix: str = ""
    partitions: int = PRODUCTION_PARTITIONS  # for `heed topics create`
    replication_factor: int = 3  # for `heed topics create`; 1 on the local broker
    worker_group: str = "heed-worker"  # also the start of the transactional ids
    recorder_group: str = "heed-recorder"
    instance: str | None = None  # kept over restarts: a process that comes back has its partitions at once
    policy: Path | None = None  # the shipped default when not set
    http_host: str = "127.0.0.1"
    http_port: int = 0  # 0: a free one
    heartbeat_s: float = 10.0  # between two heartbeats into each partition (heed recorder); 0: none
    log: LogLevel = LogLevel.INFO
    traces: TracesTo = TracesTo.OFF  # console and otlp need the extra heed[otel]
    log_key: str | None = None  # names patients in log lines by a keyed hash; not at all without one
    state_dir: Path = Path(".heed")
    clock: str | None = None

    def __repr__(self) -> str:
        """As usual, without the secrets: settings end up in logs."""
        shown = {name: "***" if name in SECRETS and value else value for name, value in _fields(self)}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def topic(self, name: str) -> str:
        """The name of a topic of contract 1 on this cluster."""
        return self.topic_prefix + name


def _fields(settings: Settings) -> Iterator[tuple[str, Any]]:
    for name in settings.__struct_fields__:
        yield name, getattr(settings, name)


def default_state_dir() -> Path:
    """``.heed`` in the project when Heed runs from a clone, else in the working directory."""
    clone = Path(__file__).resolve().parents[1]
    return (clone if (clone / "pyproject.toml").exists() else Path.cwd()) / ".heed"


def load(
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    find_local: Callable[[Path], str | None] = lambda _state_dir: None,
) -> Settings:
    """Read the file, then the variables over it.

    Where no broker is configured, ``find_local`` may know one of this machine; partitions and replication
    then default to what suits it. Raises BadUsage that names the file or variable, what is wrong, and what
    is allowed.
    """
    environ = os.environ if environ is None else environ
    if config is None and environ.get("HEED_CONFIG"):
        config = Path(environ["HEED_CONFIG"])
    given = _Given()
    if config is not None:
        _read_file(config, given)
    _read_variables(environ, given)
    given.defaults["state_dir"] = str(default_state_dir())
    settings = given.settings()
    if not settings.bootstrap_servers and (local := find_local(settings.state_dir)):
        given.defaults |= {
            "bootstrap_servers": local,
            "partitions": LOCAL_PARTITIONS,
            "replication_factor": 1,
        }
        settings = given.settings()
    return settings


class _Given:
    """Values as written, and where: for the message when one is wrong."""

    def __init__(self) -> None:
        self.defaults: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        self.places: dict[str, str] = {}

    def put(self, name: str, value: Any, place: str) -> None:
        self.values[name] = value
        self.places[name] = place

    def settings(self) -> Settings:
        try:
            made = msgspec.convert(self.defaults | self.values, Settings, strict=False, dec_hook=_path)
        except msgspec.ValidationError as error:
            # msgspec ends its message with the path: "... - at `$.http_port`"
            what, _, path = str(error).partition(" - at `$.")
            raise BadUsage(f"{self.places[path.rstrip('`')]}: {_in_words(what, path.rstrip('`'))}") from None
        self._check(made)
        return made

    def _check(self, made: Settings) -> None:
        for name, wrong, allowed in (
            ("partitions", not 1 <= made.partitions <= 1_000, _NUMBER["partitions"]),
            ("replication_factor", not 1 <= made.replication_factor <= 9, _NUMBER["replication_factor"]),
            ("heartbeat_s", made.heartbeat_s != 0 and not 1 <= made.heartbeat_s <= 60, _NUMBER["heartbeat_s"]),
            ("http_port", not 0 <= made.http_port <= 65_535, _NUMBER["http_port"]),
            ("topic_prefix", not _TOPIC_PREFIX.fullmatch(made.topic_prefix), "letters, digits, . _ -, at most 100"),
            ("bootstrap_servers", not _addresses(made.bootstrap_servers), "host:port, several with commas"),
            ("instance", made.instance is not None and not _INSTANCE.fullmatch(made.instance),
             "letters, digits, . _ -, at most 200"),
            ("worker_group", not made.worker_group.strip(), "a name"),
            ("recorder_group", not made.recorder_group.strip() or made.recorder_group == made.worker_group,
             "a name, and not the worker's"),
        ):  # fmt: skip
            if wrong:
                place = self.places.get(name, name)
                raise BadUsage(f"{place}: {getattr(made, name)!r} is not allowed here; allowed: {allowed}")
        if made.log_key is not None and len(made.log_key) < _LOG_KEY_LENGTH:
            raise BadUsage(
                f"{self.places['log_key']}: too short to protect anybody; allowed: {_LOG_KEY_LENGTH} characters and more, "
                "at random"
            )
        needs_name = made.security_protocol.startswith("SASL")
        if needs_name and not (made.sasl_plain_username and made.sasl_plain_password):
            raise BadUsage(
                f"{self.places['security_protocol']}: {made.security_protocol} needs HEED_SASL_PLAIN_USERNAME and "
                "HEED_SASL_PLAIN_PASSWORD or HEED_SASL_PLAIN_PASSWORD_FILE"
            )


def _path(kind: type, value: object) -> Path:
    if kind is not Path:
        # msgspec's way to say that a hook does not know a type: only a new field of Settings could bring one here.
        raise NotImplementedError(f"a setting of type {kind}")
    if not isinstance(value, str):
        raise ValueError("not a path; allowed: text in quotes")
    return Path(value).expanduser()


def _addresses(value: str) -> bool:
    return not value or all(re.fullmatch(r"\s*\S+:\d{1,5}\s*", one) for one in value.split(","))


_CLOCK_ALLOWED: Final = "HEED_CLOCK_ALLOWED"
#: What each number may be.
_NUMBER: Final = {
    "partitions": "1 to 1000",
    "replication_factor": "1 to 9",
    "heartbeat_s": "0 (none), or 1 to 60 seconds",
    "http_port": "0 (a free one) to 65535",
}
#: How texts look of which something is asked.
_TEXT: Final = {"bootstrap_servers": "host:port (several: with commas)"}


def _in_words(what: str, name: str) -> str:
    """msgspec's messages speak of types; say what may be written instead."""
    annotation = Settings.__annotations__.get(name)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return f"not a value of {name}; allowed: {', '.join(annotation)}"
    if annotation in (int, float):
        return f"not a {'whole number' if annotation is int else 'number'}; allowed: {_NUMBER[name]}"
    if what.startswith("not "):  # in words already
        return what
    return f"not text; allowed: {_TEXT.get(name, 'text')} in quotes"


def _read_file(config: Path, given: _Given) -> None:
    try:
        written = tomllib.loads(config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadUsage(f"{config}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadUsage(f"{config}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadUsage(f"{config}: is not TOML: {error}") from None
    for name, value in written.items():
        place = f"{config}: {name}"
        if name in SECRETS:
            raise BadUsage(
                f"{place}: a secret does not belong in this file; set HEED_{name.upper()} or HEED_{name.upper()}_FILE"
            )
        if name not in Settings.__struct_fields__:
            raise BadUsage(f"{place}: there is no such setting{_nearest(name, Settings.__struct_fields__)}")
        given.put(name, value, place)


def _read_variables(environ: Mapping[str, str], given: _Given) -> None:
    known = {f"HEED_{name.upper()}": name for name in Settings.__struct_fields__}
    secret_files = {f"HEED_{name.upper()}_FILE": name for name in SECRETS}
    others = {f"HEED_{name.upper()}" for name in _NOT_A_SETTING} | {_CLOCK_ALLOWED}
    for variable, value in environ.items():
        if not variable.startswith("HEED_") or variable in others or value == "":
            continue
        if name := known.get(variable):
            given.put(name, value, variable)
        elif name := secret_files.get(variable):
            given.put(name, _secret(Path(value), variable), variable)
        else:
            raise BadUsage(
                f"{variable}: there is no such setting{_nearest(variable, [*known, *secret_files])}"
            )
    _check_clock(environ, given)


def _check_clock(environ: Mapping[str, str], given: _Given) -> None:
    """A shifted clock decides about quiet hours and deadlines at the wrong time: nowhere but in the demo."""
    if "clock" in given.values and environ.get(_CLOCK_ALLOWED) != "demo":
        raise BadUsage(
            f"{given.places['clock']}: a shifted clock would send at the wrong time of day and miss deadlines; "
            f"it is for the demo and tests, which say so with {_CLOCK_ALLOWED}=demo"
        )


def _secret(file: Path, variable: str) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise BadUsage(f"{variable}: {file} cannot be read: {reason}") from None


def _nearest(name: str, names: "tuple[str, ...] | list[str]") -> str:
    """What was meant, or every name. HEED_ is no likeness: all begin with it."""
    bare = {one.removeprefix("HEED_"): one for one in names}
    close = difflib.get_close_matches(name.removeprefix("HEED_"), bare, n=1)
    return f"; did you mean {bare[close[0]]}?" if close else f"; allowed: {', '.join(names)}"
