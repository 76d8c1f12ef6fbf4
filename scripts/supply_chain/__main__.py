"""``bill`` writes deploy/sbom.cdx.json, or with ``--check`` says whether it is as it should be; ``audit`` looks up what is known."""

import sys

from .audit import audit
from .bill import FILE, bill


def main(arguments: list[str]) -> int:
    match arguments:
        case ["bill"]:
            FILE.write_text(bill(), encoding="utf-8")
            return 0
        case ["bill", "--check"]:
            if FILE.exists() and FILE.read_text(encoding="utf-8") == bill():
                return 0
            print(
                "deploy/sbom.cdx.json is not what the lock file says: run python -m scripts.supply_chain bill"
            )
            return 1
        case ["audit", *more]:
            return audit(more)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
