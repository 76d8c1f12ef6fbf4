"""``python -m tests.fault.requeuing before|after|never ...``: ``heed ...`` that dies by SIGKILL around its commit.

before: everything is produced and nothing committed. after: committed, and the process does not know it.
"""

import os
import signal
import sys
from typing import Any

from aiokafka import AIOKafkaProducer

from streams.cli.main import main
from streams.triage import requeue


class Dying(AIOKafkaProducer):
    """Dies by its own hand at the worst moments."""

    moment = "never"

    async def commit_transaction(self) -> None:
        if self.moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        await super().commit_transaction()
        if self.moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Dying.moment = sys.argv[1]
    patched: dict[str, Any] = vars(requeue)
    patched["AIOKafkaProducer"] = Dying
    sys.exit(main(sys.argv[2:]))
