"""Policy files for tests: a few lines laid over the shipped policy, and what is wrong with them."""

from functools import cache
from pathlib import Path
from typing import Any

from streams.policy.document import Document
from streams.policy.load import check, default_path, load_overrides, read
from streams.policy.model import Policy

__all__ = ["policy", "problems", "shipped"]


@cache
def shipped() -> Document:
    return read(default_path())


def policy(**overrides: Any) -> Policy:
    """The shipped policy with some keys set; a dot is written as two underscores."""
    return load_overrides(shipped(), {key.replace("__", "."): value for key, value in overrides.items()})


def problems(folder: Path, text: str) -> list[str]:
    """Check a file of these lines (and a version); each problem as ``line: key: what; allowed: ...``."""
    file = folder / "policy.yaml"
    file.write_text(f'version: "1"\n{text}\n', encoding="utf-8")
    return [str(problem).removeprefix(f"{file}:") for problem in check(file)]
