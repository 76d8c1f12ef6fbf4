"""thresholds.md: every key of the policy file with its default, unit, allowed range and meaning (B14, B15)."""

from __future__ import annotations

from typing import Any, Final

from streams.policy.document import Document
from streams.policy.items import Item, Problems
from streams.policy.keys import PLAIN, Plain

from .key_words import CHANNELS, PLAIN_MEANING, STRUCTURED_MEANING
from .page import code, page, table

_FIELDS: Final = (
    "enabled", "approved_by", "dpia_ref", "review_due", "max_level", "window", "latency_s", "residency", "sms_nudge",
)  # fmt: skip


def thresholds(shipped: Document) -> str:
    """``shipped``: the default policy file."""
    return page(
        "Policy keys",
        "deploy/policy/default.yaml, streams/policy/keys.py and streams/docs/key_words.py",
        "A policy file is laid over the shipped one: a key that is left out has its default. `heed policy check FILE` names "
        "everything that is wrong with a file, with its line and what is allowed; `heed policy diff OLD NEW` says which "
        "decisions a change would change. A running worker takes a valid new file over without a restart and keeps the last "
        "good one otherwise.",
        "## Settings with one value",
        table(
            ("Key", "Default", "Unit", "Allowed", "Meaning"),
            (
                (code(one.key), code(_shown(_at(shipped, one.key))), unit, allowed(one), says)
                for one in PLAIN
                for unit, says in (PLAIN_MEANING[one.key],)
            ),
        ),
        "## Settings with a shape",
        table(
            ("Key", "Default", "Allowed", "Meaning"),
            (
                (code(key), _shape(_at(shipped, key)), may, says)
                for key, (may, says) in STRUCTURED_MEANING.items()
            ),
        ),
        "## Channels in the shipped policy",
        table(
            ("Channel", *_FIELDS),
            (
                (code(channel), *(_shape(_at(shipped, f"channels.{channel}.{field}")) for field in _FIELDS))
                for channel in CHANNELS
            ),
        ),
    )


def allowed(setting: Plain) -> str:
    """What a setting allows, in the words of its own refusal."""
    problems = Problems(Document("", {}, {}))
    setting.read(Item(object(), (setting.key,), problems))
    return problems.found[0].allowed


def _at(document: Document, dotted: str) -> Any:
    value: Any = document.data
    for key in dotted.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shape(value: Any) -> str:
    """A default in short: mappings as key and value, long lists counted."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shape(inner)}" for key, inner in value.items()) or "none"
    if isinstance(value, list):
        return (
            f"{len(value)} codes, in the file" if len(value) > 7 else " ".join(map(_shown, value)) or "none"
        )
    return _shown(value)
