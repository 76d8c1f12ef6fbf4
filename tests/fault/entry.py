"""``python -m tests.fault.entry worker|recorder``: the real process, which can be told where to die.

SIGUSR1: die by SIGKILL in the next transaction, after everything was produced and before the commit.
SIGUSR2: die after the next commit, before the process knows of it. Nothing else differs from ``heed``.
"""

import os
import signal
import sys
from types import FrameType
from typing import Final

from streams.cli.main import main
from streams.kafka.outbox import Outbox
from streams.kafka.transaction import ShardProducer

_ARMED: Final = {"before": False, "after": False}


class DyingProducer(ShardProducer):
    """Dies by its own hand at the worst moments."""

    async def _produce(self, outbox: Outbox) -> None:
        await super()._produce(outbox)
        if _ARMED["before"] and outbox.records:
            os.kill(os.getpid(), signal.SIGKILL)

    async def commit(self, outbox: Outbox, next_offsets: dict[tuple[str, int], int]) -> None:  # type: ignore[override]
        await super().commit(outbox, next_offsets)
        if _ARMED["after"] and outbox.records:
            os.kill(os.getpid(), signal.SIGKILL)


def _arm(number: int, _frame: FrameType | None) -> None:
    _ARMED["before" if number == signal.SIGUSR1 else "after"] = True


if __name__ == "__main__":
    import streams.recorder.writing as writing
    import streams.worker.host as host

    signal.signal(signal.SIGUSR1, _arm)
    signal.signal(signal.SIGUSR2, _arm)
    for module in (host, writing):
        vars(module)["ShardProducer"] = DyingProducer
    sys.exit(main(sys.argv[1:]))
