"""How to reach the brokers: the arguments every aiokafka client takes, and one clear line when none answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

from streams.errors import BadUsage, BrokerUnreachable
from streams.settings import SecurityProtocol, Settings

REACH_SECONDS: Final = 5.0  # a person is waiting; a broker that is up answers in some 10 ms


def connection(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for ``AIOKafkaConsumer``, ``AIOKafkaProducer``, ``AIOKafkaClient`` and the admin client.

    Raises BrokerUnreachable when no broker is configured, BadUsage when a TLS file cannot be read.
    """
    if not settings.bootstrap_servers:
        raise BrokerUnreachable(
            "no Kafka is configured: set HEED_BOOTSTRAP_SERVERS, or start one with heed kafka up"
        )
    arguments: dict[str, Any] = {
        "bootstrap_servers": [one.strip() for one in settings.bootstrap_servers.split(",")],
        "security_protocol": settings.security_protocol.value,
    }
    if settings.security_protocol in (SecurityProtocol.SSL, SecurityProtocol.SASL_SSL):
        arguments["ssl_context"] = _ssl_context(settings)
    if settings.security_protocol in (SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL):
        arguments |= {
            "sasl_mechanism": settings.sasl_mechanism.value,
            "sasl_plain_username": settings.sasl_plain_username,
            "sasl_plain_password": settings.sasl_plain_password,
        }
    return arguments


def _ssl_context(settings: Settings) -> Any:
    files = {
        "cafile": settings.ssl_cafile, "certfile": settings.ssl_certfile, "keyfile": settings.ssl_keyfile,
    }  # fmt: skip
    try:
        return create_ssl_context(
            **{name: str(file) for name, file in files.items() if file}, password=settings.ssl_password
        )
    except OSError as error:  # ssl.SSLError is one
        named = ", ".join(f"{name} {file}" for name, file in files.items() if file)
        raise BadUsage(f"the TLS files cannot be used ({named}): {error.strerror or error}") from None


@asynccontextmanager
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client. Raises BrokerUnreachable within REACH_SECONDS when no broker answers."""
    client = AIOKafkaAdminClient(**connection(settings), request_timeout_ms=int(REACH_SECONDS * 1000))
    try:
        try:
            await asyncio.wait_for(client.start(), REACH_SECONDS)
        except (KafkaError, TimeoutError, OSError) as error:
            raise BrokerUnreachable(
                f"no Kafka answers at {settings.bootstrap_servers} ({type(error).__name__}): check the address and "
                "the security settings, and that it runs"
            ) from None
        yield client
    finally:
        await client.close()


async def check_reachable(settings: Settings) -> None:
    """Return when a broker answers, else raise BrokerUnreachable within REACH_SECONDS."""
    async with admin(settings):
        pass
