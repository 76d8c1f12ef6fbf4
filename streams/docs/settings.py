"""settings.md: every setting with its meaning and default, and which are secrets."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from streams.settings import LOCAL_PARTITIONS, SECRETS, Settings

from .page import code, codes, page, table

#: What each setting means; ``NO_DEFAULT`` says what holds where there is no value.
MEANING: Final[dict[str, str]] = {
    "bootstrap_servers": "Kafka's brokers, `host:port`, several with commas",
    "security_protocol": "How to talk to the brokers",
    "sasl_mechanism": "How to prove who we are, with one of the SASL protocols",
    "sasl_plain_username": "The user of a SASL protocol",
    "sasl_plain_password": "Its password",
    "ssl_cafile": "PEM: the authorities that may have signed the brokers' certificates",
    "ssl_certfile": "PEM: our certificate, for brokers that ask for one",
    "ssl_keyfile": "PEM: its key",
    "ssl_password": "The password of that key file",
    "schema_registry_url": "A Confluent-compatible Schema Registry",
    "topic_prefix": "Before every topic's name; letters, digits and . _ -, at most 100",
    "partitions": f"Partitions of every topic, for `heed topics create`: 1 to 1000; {LOCAL_PARTITIONS} on the local broker",
    "replication_factor": "Copies of every partition, for `heed topics create`: 1 to 9; 1 on the local broker",
    "worker_group": "The consumer group of the workers, and the start of their transactional ids",
    "recorder_group": "The consumer group of the recorders, and not the workers'",
    "instance": "A name that this process alone has and keeps over restarts: one that comes back has its partitions "
    "at once. Letters, digits and . _ -, at most 200",
    "policy": "The policy file",
    "http_host": "Where metrics, health and the status page are served",
    "http_port": "Their port; 0 is a free one, which the log line `listening` tells",
    "heartbeat_s": "Seconds between two heartbeats into each partition (`heed recorder`): 1 to 60; 0 sends none",
    "log": "The least important line that is still written, beside `listening`",
    "traces": "Where spans go; what is not off needs the extra `heed[otel]`",
    "log_key": "Names patients in log lines by a keyed hash; 16 characters and more",
    "state_dir": "Where local state lies: the local broker, the demo's logs",
    "clock": "A shifted clock, for the demo and tests; refused unless HEED_CLOCK_ALLOWED is `demo`",
}
NO_DEFAULT: Final[dict[str, str]] = {
    "bootstrap_servers": "the one of `heed kafka up`, if it runs",
    "ssl_cafile": "the system's certificates",
    "schema_registry_url": "none; ids from `schemas/registry.json`",
    "policy": "the shipped `deploy/policy/default.yaml`",
    "log_key": "none: patients are not named at all",
    "clock": "none: the machine's clock",
}
#: What Containerfile sets.
IN_THE_IMAGE: Final = {"http_host": "0.0.0.0"}  # noqa: S104 (a word of the page)


def settings() -> str:
    names = Settings.__struct_fields__
    return page(
        "Settings",
        "streams/settings.py and streams/docs/settings.py",
        "Where Heed runs. Each is a variable, or the same name in lower case without `HEED_` in a TOML file "
        "(`heed --config FILE`, or HEED_CONFIG); a variable goes before the file, and an empty one is as good as none. A name "
        "that does not exist, or a value that is not allowed, is one line and exit code 2. What is decided about patients "
        "is in the policy file ([thresholds.md](thresholds.md)).",
        table(
            ("Variable", "Meaning", "Default"),
            ((code(f"HEED_{name.upper()}"), _meaning(name), _default(name)) for name in names),
        ),
        "## Secrets",
        f"{codes(f'HEED_{name.upper()}' for name in SECRETS)} are secrets: they are refused in the TOML file and shown in no log. "
        "Instead of the value, the same name with `_FILE` names a file that holds nothing else.",
    )


def _meaning(name: str) -> str:
    kind = Settings.__annotations__[name]
    choices = f": {codes(kind)}" if isinstance(kind, type) and issubclass(kind, StrEnum) else ""
    return f"{MEANING[name]}{choices}{'. A secret' if name in SECRETS else ''}"


def _default(name: str) -> str:
    value: Any = _DEFAULTS[name]
    if name in IN_THE_IMAGE:
        return f"{code(value)}; {code(IN_THE_IMAGE[name])} in the image"
    if value is None or value == "":
        return NO_DEFAULT.get(name, "none")
    if isinstance(value, Path):
        return code(value.as_posix())
    return code(f"{value:g}" if isinstance(value, float) else value)


_DEFAULTS: Final[dict[str, Any]] = {name: getattr(Settings(), name) for name in Settings.__struct_fields__}
