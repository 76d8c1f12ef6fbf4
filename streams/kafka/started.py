"""Starts and stops clients of aiokafka so that none is left behind: a start that fails may have connected by then, and a stop
may end in the middle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer

Client = TypeVar("Client", bound=Any)


@asynccontextmanager
async def started(client: Client) -> AsyncIterator[Client]:
    """A consumer, producer or admin client from its start to its stop. aiokafka's own ``async with`` stops none whose
    start fails. Raises KafkaError."""
    stop = client.close if hasattr(client, "close") else client.stop  # as an admin client has it
    try:
        await client.start()
        yield client
    finally:
        if isinstance(client, AIOKafkaConsumer):
            await end_fetches(client)
        await stop()


async def end_fetches(consumer: AIOKafkaConsumer) -> None:
    """To be called before ``consumer.stop``, which awaits each fetch that it cancels: one that a broker had left unanswered and
    that waits to be tried again raises there, as if the caller were cancelled, and no connection is closed any more."""
    fetcher = consumer._fetcher
    if fetcher is None:  # its start failed
        return
    tasks = [fetcher._fetch_task, *fetcher._pending_tasks]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    fetcher._pending_tasks.clear()
