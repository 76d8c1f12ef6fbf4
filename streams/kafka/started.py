"""Starts clients of aiokafka so that none is left behind: a start that fails may have connected by then."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

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
        await stop()
