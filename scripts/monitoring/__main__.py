"""Write the derived files under deploy/, or with ``--check`` say which are not as they should be (exit code 1)."""

import sys
from pathlib import Path
from typing import Any, Final

import yaml

from . import alert_tests, objectives

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
        tests / "objectives.test.yaml": _yaml(alert_tests.objective_tests(objectives.rules())),
    }


def _yaml(value: Any) -> str:
    return _NOTE + yaml.safe_dump(value, sort_keys=False, width=1_000, allow_unicode=True)


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
