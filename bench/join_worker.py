"""``heed worker`` with the join of workload 1 in the place of the rules; everything else is the product's own.

HEED_BOOTSTRAP_SERVERS=... HEED_TOPIC_PREFIX=... python -m bench.join_worker
"""

import asyncio
import sys
from typing import Any, cast

from bench import join
from streams.settings import load
from streams.worker import bootstrap
from streams.worker.run import run_worker


def main() -> int:
    """As ``heed worker``."""
    cast(Any, bootstrap).decisions = join
    return asyncio.run(run_worker(load()))


if __name__ == "__main__":
    sys.exit(main())
