"""What the cluster knows of itself: who coordinates, and whether every replica is there."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError

_PATIENCE_S: Final = 90.0


class ClusterState:
    """Asks on a connection of its own each time: the brokers come and go. ``connect``: see ``connection``."""

    def __init__(self, connect: Mapping[str, Any], group: str) -> None:
        self._connect = connect
        self._group = group

    async def coordinator(self, *, of_transactions: bool) -> int:
        """The broker, from 0, that coordinates the group, or the transactional id of its partition 0."""
        client = AIOKafkaClient(**self._connect)
        await client.bootstrap()
        try:
            kind = CoordinationType.TRANSACTION if of_transactions else CoordinationType.GROUP
            name = f"{self._group}-0" if of_transactions else self._group
            return int(await client.coordinator_lookup(kind, name)) - 1
        finally:
            await client.close()

    async def until_replicated(self) -> None:
        """Return when every partition has all its replicas in sync: only then may the next broker be hit."""
        end = time.monotonic() + _PATIENCE_S
        while not await self._replicated():
            assert time.monotonic() < end, "the replicas did not catch up in time"
            await asyncio.sleep(0.3)

    async def _replicated(self) -> bool:
        admin = AIOKafkaAdminClient(**self._connect)
        try:
            await admin.start()
            described = await admin.describe_topics()
        except KafkaError:
            return False
        finally:
            await admin.close()
        return all(
            len(partition["isr"]) == len(partition["replicas"])
            for topic in described
            for partition in topic["partitions"]
        )
