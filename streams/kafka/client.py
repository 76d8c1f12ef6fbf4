"""How to reach the brokers: the arguments every aiokafka client takes, and one clear line when none answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from aiokafka import codec
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)

from streams.errors import BrokerUnreachable, RefuseToStart
from streams.settings import SecurityProtocol, Settings

from .diagnosis import why_unreachable
from .tls import ssl_context

T = TypeVar("T")

_AGAIN_S: Final = 0.1
REACH_SECONDS: Final = 5.0  # a person is waiting; a broker that is up answers in some 10 ms


def connection(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for ``AIOKafkaConsumer``, ``AIOKafkaProducer``, ``AIOKafkaClient`` and the admin client.

    Raises BrokerUnreachable when no broker is configured, BadUsage when a TLS file cannot be read, RefuseToStart when
    a library is missing without which a client could not read what any producer may write.
    """
    _refuse_unless_every_compression_is_read()
    if not settings.bootstrap_servers:
        raise BrokerUnreachable(
            "no Kafka is configured: set HEED_BOOTSTRAP_SERVERS, or start one with heed kafka up"
        )
    arguments: dict[str, Any] = {
        "bootstrap_servers": [one.strip() for one in settings.bootstrap_servers.split(",")],
        "security_protocol": settings.security_protocol.value,
    }
    if settings.security_protocol in (SecurityProtocol.SSL, SecurityProtocol.SASL_SSL):
        arguments["ssl_context"] = ssl_context(settings)
    if settings.security_protocol in (SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL):
        arguments |= {
            "sasl_mechanism": settings.sasl_mechanism.value,
            "sasl_plain_username": settings.sasl_plain_username,
            "sasl_plain_password": settings.sasl_plain_password,
        }
    return arguments


def _refuse_unless_every_compression_is_read() -> None:
    """Which compression is used is for each producer to choose: one batch that cannot be read stops its partition."""
    found = {"snappy": codec.has_snappy(), "lz4": codec.has_lz4(), "zstd": codec.has_zstd()}
    if missing := [name for name, there in found.items() if not there]:
        raise RefuseToStart(
            f"batches compressed with {', '.join(missing)} cannot be read: cramjam is not installed. "
            "Install what requirements.lock names (make setup), then start again"
        )


@asynccontextmanager
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client. Raises BrokerUnreachable when no broker lets us in, and says why (``diagnosis``)."""
    connect = connection(settings)
    client = AIOKafkaAdminClient(**connect, request_timeout_ms=int(REACH_SECONDS * 1000))
    try:
        try:
            await asyncio.wait_for(client.start(), REACH_SECONDS)
        except (KafkaError, TimeoutError, OSError):
            raise await why_unreachable(settings, connect) from None
        yield client
    finally:
        await client.close()


async def ask(settings: Settings, question: Callable[[AIOKafkaAdminClient], Awaitable[T]]) -> T:
    """What the cluster answers, as long as any broker can: aiokafka asks one of them at random, which may be the one
    that is away. Raises BrokerUnreachable when none has answered for REACH_SECONDS.
    """
    give_up = asyncio.get_running_loop().time() + REACH_SECONDS
    while True:
        try:
            async with admin(settings) as client:
                return await question(client)
        except KafkaError as error:
            if asyncio.get_running_loop().time() > give_up:
                why = "".join(f"; or {note}" for note in getattr(error, "__notes__", ()))
                raise BrokerUnreachable(
                    f"Kafka at {settings.bootstrap_servers} does not answer ({type(error).__name__}): some brokers "
                    f"may be away{why}"
                ) from None
        await asyncio.sleep(_AGAIN_S)


async def check_reachable(settings: Settings) -> None:
    """Return when a broker lets us in, else raise BrokerUnreachable."""
    async with admin(settings):
        pass


_RIGHTS: Final[dict[type[Exception], str]] = {
    TopicAuthorizationFailedError: "use a topic",
    GroupAuthorizationFailedError: "use a consumer group",
    TransactionalIdAuthorizationFailed: "use a transactional id",
    ClusterAuthorizationFailedError: "write to any topic",  # what Kafka asks of an idempotent producer
}


def stopped_answering(error: Exception) -> str | None:
    """One sentence for a command whose brokers were there when it began; None for what is no error of Kafka's."""
    if not isinstance(error, KafkaError):
        return None
    if isinstance(error, OffsetOutOfRangeError):
        return (
            f"records were removed while they were being read{_places(error)}: retention reached them, or somebody deleted "
            "them. What was read is not whole and was not used. Run the command again"
        )
    return (
        f"Kafka does not answer as it should ({type(error).__name__}): what was under way may be done or not. "
        "Try again once the brokers are well"
    )


def _places(error: OffsetOutOfRangeError) -> str:
    offsets = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    return "".join(f", {place.topic}[{place.partition}]@{offset}" for place, offset in offsets.items())


def missing_right(error: Exception) -> str | None:
    """One sentence when the brokers know who we are, and refuse what we ask; None for any other error."""
    for kind, what in _RIGHTS.items():
        if isinstance(error, kind):
            named = f" ({', '.join(map(str, error.args))})" if error.args else ""
            return f"Kafka refuses: this user may not {what} that this needs{named}. Who may what: docs/reference/rights.md"
    return None
