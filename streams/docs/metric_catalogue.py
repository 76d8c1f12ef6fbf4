"""metrics.md: every metric a process can show, from the modules called ``metrics``."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from .page import code, codes, page, table

_ENDS: Final = {"counter": "_total"}


class Metric(msgspec.Struct, frozen=True, order=True):
    """One metric as /metrics names it."""

    name: str
    type: str
    labels: tuple[str, ...]
    says: str
    module: str


def metrics() -> str:
    found = list(catalogue())
    parts: list[str] = []
    for module in dict.fromkeys(metric.module for metric in found):
        ours = [metric for metric in found if metric.module == module]
        parts.append(f"## {module}")
        parts.append(
            table(
                ("Metric", "Type", "Labels", "Meaning"),
                ((code(one.name), one.type, codes(one.labels), one.says) for one in ours),
            )
        )
    return page(
        "Metrics",
        "the files called metrics.py",
        "Answered by `/metrics` of the worker and the recorder, in Prometheus's text format. Labels come from closed lists: "
        "no patient, free text or service code is ever one. Histograms have `_bucket`, `_sum` and `_count`. Those of "
        "`streams.ops` are every process's.",
        *parts,
    )


def catalogue() -> Iterator[Metric]:
    """Every metric, by module and then as the module lists them."""
    package = Path(__file__).resolve().parents[1]
    for file in sorted(package.glob("**/metrics.py")):
        module = ".".join(("streams", *file.relative_to(package).with_suffix("").parts))
        for one in vars(importlib.import_module(module)).values():
            is_one = callable(getattr(one, "collect", None)) and not isinstance(one, type)
            if is_one and not hasattr(one, "register"):  # a registry collects everything
                yield from _metrics(one, module)


def _metrics(collector: Any, module: str) -> Iterator[Metric]:
    describe = getattr(collector, "describe", collector.collect)
    for family in describe():
        if family.name.startswith("heed_"):
            yield Metric(
                family.name + _ENDS.get(family.type, ""),
                family.type,
                tuple(getattr(collector, "_labelnames", ())),
                family.documentation,
                module.removesuffix(".metrics"),
            )
