"""Which pages there are, writing them, and telling which committed ones no longer say what the code does."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from streams.errors import BadUsage
from streams.policy.load import default_path, load, read

from .commands import commands
from .metric_catalogue import metrics
from .page import REFERENCE_PAGES
from .reasons import reasons
from .rights import rights
from .roles import roles
from .rules import rules
from .schemas import schemas
from .settings import settings
from .thresholds import thresholds
from .topics import topics
from .trace_page import trace

__all__ = ["project", "stale", "texts", "write"]

#: Everything in this folder is generated: a page that is no longer written is stale too.
REFERENCE: Final = Path("docs/reference")


def project() -> Path:
    """The folder of the project. Raises BadUsage for an installed copy, which has no docs to write."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "pyproject.toml").is_file():
        raise BadUsage("the docs are part of the project: run heed docs from a clone of it")
    return root


def texts(parser: argparse.ArgumentParser) -> dict[Path, str]:
    """Every page by its place in the project; ``parser`` is the whole command line. Raises RefuseToStart."""
    makers: dict[str, Callable[[], str]] = {
        "rules": rules,
        "reasons": reasons,
        "roles": lambda: roles(load(default_path())),
        "thresholds": lambda: thresholds(read(default_path())),
        "topics": topics,
        "rights": rights,
        "schemas": schemas,
        "metrics": metrics,
        "settings": settings,
        "cli": lambda: commands(parser),
    }
    found = {REFERENCE / f"{name}.md": makers[name]() for name in REFERENCE_PAGES}
    return {**found, Path("docs/trace.md"): trace(project())}


def stale(root: Path, pages: Mapping[Path, str]) -> list[Path]:
    """The pages whose committed text differs, that are missing, or that nothing writes any more."""
    different = [path for path, text in pages.items() if _committed(root / path) != text]
    left_over = (path.relative_to(root) for path in sorted((root / REFERENCE).glob("*.md")))
    return different + [path for path in left_over if path not in pages]


def write(root: Path, pages: Mapping[Path, str]) -> list[Path]:
    """Write what differs, remove what nothing writes any more; the paths that changed."""
    changed = stale(root, pages)
    (root / REFERENCE).mkdir(parents=True, exist_ok=True)
    for path in changed:
        if path in pages:
            (root / path).write_text(pages[path], encoding="utf-8")
        else:
            (root / path).unlink()
    return changed


def _committed(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
