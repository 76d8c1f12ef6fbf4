"""The alerts of deploy/, and what may be named in them: read once for the tests of alerts, dashboards and runbooks."""

import re
from pathlib import Path
from typing import Any, Final

import yaml
from prometheus_client import REGISTRY

import streams.recorder.metrics
import streams.worker.metrics  # noqa: F401  # they register what processes show

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOY: Final = ROOT / "deploy"
RULES: Final = sorted((DEPLOY / "prometheus" / "rules").glob("*.yaml"))


def _rules() -> list[dict[str, Any]]:
    return [
        rule
        for file in RULES
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


ALERTS: Final = [rule for rule in _rules() if "alert" in rule]
NAMES: Final = [rule["alert"] for rule in ALERTS]


def runbook(rule: dict[str, Any]) -> tuple[str, str]:
    """The page and the heading that an alert leads to, wherever the repository is shown."""
    url = rule["annotations"]["runbook_url"]
    page, anchor = url[url.index("docs/runbooks/") :].split("#")
    return page, anchor


def recorded() -> set[str]:
    """Names of the recording rules."""
    meant = (DEPLOY / "kubernetes" / "monitoring" / "meant.yaml").read_text("utf-8")
    return {rule["record"] for rule in _rules() if "record" in rule} | set(
        re.findall(r"record: (\S+)", meant)
    )


def exposed() -> set[str]:
    """Names of what /metrics has, of worker and recorder."""
    known = {
        name for family in REGISTRY.collect() for name in (family.name, *(s.name for s in family.samples))
    }
    return known | {f"{name}{end}" for name in known for end in ("_total", "_bucket", "_count", "_sum")}


def heading(text: str) -> str:
    """The anchor of a Markdown heading."""
    return re.sub(r"[^\w -]", "", text.strip().lower()).replace(" ", "-")
