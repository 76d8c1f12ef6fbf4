"""Write the derived files under deploy/, or with ``--check`` say which are not as they should be (exit code 1)."""

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
    return {
        rules / "objectives.yaml": _yaml(objectives.rules()),
        tests / "alerts.test.yaml": _yaml(alert_tests.alert_tests(alerts)),
        _DEPLOY / "kubernetes" / "strimzi" / "topics.yaml": _yamls(strimzi.topics()),
        _DEPLOY / "kubernetes" / "strimzi" / "users.yaml": _yamls(strimzi.users()),
        _DEPLOY / "kubernetes" / "monitoring" / "rules.yaml": _yamls(
            [_prometheus_rule("heed-alerts", alerts), _prometheus_rule("heed-objectives", objectives.rules())]
        ),
        tests / "objectives.test.yaml": _yaml(alert_tests.objective_tests(objectives.rules())),
        **{_DEPLOY / "grafana" / name: text for name, text in dashboards.written().items()},
    }


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
