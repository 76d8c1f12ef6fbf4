"""Write the derived files under deploy/, or with ``--check`` say which are not as they should be (exit code 1).

``--runbooks https://git.example.org/heed/blob/main/`` makes the alerts' links to runbooks whole ones, from then on; with
an empty word they are paths in the repository again, as shipped.
"""

import re
import sys
from pathlib import Path
from typing import Any, Final

import yaml

from . import alert_tests, dashboards, objectives, strimzi

_DEPLOY: Final = Path(__file__).resolve().parents[2] / "deploy"
_NOTE: Final = "# Written by `python -m scripts.monitoring`; change it there.\n"


def derived() -> dict[Path, str]:
    """Every derived file and what it should say."""
    rules = _DEPLOY / "prometheus" / "rules"
    tests = _DEPLOY / "prometheus" / "tests"
    alerts = yaml.safe_load((rules / "alerts.yaml").read_text(encoding="utf-8"))
    burning = _linked(objectives.rules(), alerts)
    return {
        rules / "objectives.yaml": _yaml(burning),
        tests / "alerts.test.yaml": _yaml(alert_tests.alert_tests(alerts)),
        _DEPLOY / "kubernetes" / "strimzi" / "topics.yaml": _yamls(strimzi.topics()),
        _DEPLOY / "kubernetes" / "strimzi" / "users.yaml": _yamls(strimzi.users()),
        _DEPLOY / "kubernetes" / "monitoring" / "rules.yaml": _yamls(
            [_prometheus_rule("heed-alerts", alerts), _prometheus_rule("heed-objectives", burning)]
        ),
        tests / "objectives.test.yaml": _yaml(alert_tests.objective_tests(burning)),
        **{_DEPLOY / "grafana" / name: text for name, text in dashboards.written().items()},
    }


def with_runbooks(alerts: str, base: str) -> str:
    """The text of alerts.yaml with every link to a runbook below ``base``, an address that ends with a slash.

    >>> with_runbooks("runbook_url: docs/runbooks/flow.md#laghigh", "https://git.example.org/heed/blob/main/")
    'runbook_url: https://git.example.org/heed/blob/main/docs/runbooks/flow.md#laghigh'
    >>> with_runbooks("runbook_url: https://git.example.org/docs/runbooks/flow.md#laghigh", "")
    'runbook_url: docs/runbooks/flow.md#laghigh'
    """
    return re.sub(r"(?m)runbook_url: \S*?docs/runbooks/", f"runbook_url: {base}docs/runbooks/", alerts)


def _linked(rules: dict[str, Any], alerts: dict[str, Any]) -> dict[str, Any]:
    """These rules, their runbooks where those of the alerts are."""
    url = alerts["groups"][0]["rules"][0]["annotations"]["runbook_url"]
    base = url[: url.index("docs/runbooks/")]
    for rule in (rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule):
        rule["annotations"]["runbook_url"] = base + rule["annotations"]["runbook_url"]
    return rules


def _yaml(value: Any) -> str:
    return _NOTE + yaml.safe_dump(value, sort_keys=False, width=1_000, allow_unicode=True)


def _yamls(values: list[dict[str, Any]]) -> str:
    return _NOTE + yaml.safe_dump_all(values, sort_keys=False, width=1_000, allow_unicode=True)


def _prometheus_rule(name: str, rules: Any) -> dict[str, Any]:
    """What the Prometheus operator reads; its selector may want a label of its own."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": name},
        "spec": {"groups": rules["groups"]},
    }


def main(arguments: list[str]) -> int:
    if "--runbooks" in arguments:
        base = arguments[arguments.index("--runbooks") + 1]
        file = _DEPLOY / "prometheus" / "rules" / "alerts.yaml"
        file.write_text(with_runbooks(file.read_text("utf-8"), base), encoding="utf-8")
    stale = {
        path: text for path, text in derived().items() if not path.exists() or path.read_text("utf-8") != text
    }
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(_DEPLOY.parent)} is not what python -m scripts.monitoring writes")
        return 1 if stale else 0
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(_DEPLOY.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
