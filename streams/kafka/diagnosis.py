"""Why no broker lets us in, found out by knocking once more, slowly: the client only says that it could not connect.

Three doors, one behind the other: the port, TLS, SASL. A sentence says at which one it ended, and what to look at. It
names the user and the files, never a password.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from streams.errors import BrokerUnreachable, NotAdmitted
from streams.settings import SaslMechanism, SecurityProtocol, Settings

from .certificate import valid_until

SECONDS: Final = 3.0  # for each door; an open one answers in some 10 ms
_ENCRYPTED: Final = (SecurityProtocol.SSL, SecurityProtocol.SASL_SSL)
#: ApiVersions, version 0, from a client called "heed": what every broker answers before it knows who asks.
_WHO_ARE_YOU: Final = bytes.fromhex("0000000e00120000000000010004") + b"heed"

# How OpenSSL numbers what is wrong with a certificate that it was shown.
_EXPIRED: Final = 10
_NOT_YET_VALID: Final = 9
_OTHER_NAME: Final = (62, 64)


async def why_unreachable(settings: Settings, connect: Mapping[str, Any]) -> BrokerUnreachable:
    """What to raise when no broker could be reached with ``connect`` (see ``client.connection``)."""
    doors = {name: value for name, value in connect.items() if name != "bootstrap_servers"}
    silent = BrokerUnreachable(
        f"no Kafka answers at {settings.bootstrap_servers}: check HEED_BOOTSTRAP_SERVERS, and that it runs"
    )
    for address in connect["bootstrap_servers"]:
        host, _, port = address.rpartition(":")
        found = await _knock(host.strip("[]"), int(port), settings, doors)
        if found is not None:
            return NotAdmitted(f"Kafka at {address} {found}")
    return silent


async def _knock(host: str, port: int, settings: Settings, doors: Mapping[str, Any]) -> str | None:
    """What is wrong at one address; None when nothing listens there, or all is well by now."""
    try:
        await asyncio.to_thread(lambda: socket.create_connection((host, port), SECONDS).close())
    except OSError:
        return None
    if settings.security_protocol in _ENCRYPTED:
        try:
            await asyncio.to_thread(_shake_hands, host, port, doors["ssl_context"])
        except OSError as error:  # ssl.SSLError is one
            return _about_tls(error, settings)
    try:
        async with asyncio.timeout(SECONDS):
            (await create_conn(host, port, **doors)).close()
    except (KafkaError, TimeoutError, OSError) as error:
        return _about_sasl(error, settings)
    return None


def _shake_hands(host: str, port: int, context: ssl.SSLContext) -> None:
    """Raises what TLS has against the other side, on either side."""
    with (
        socket.create_connection((host, port), SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        # With TLS 1.3 a broker that refuses our certificate says so only when we go on.
        secured.sendall(_WHO_ARE_YOU)
        if not secured.recv(4):
            raise ConnectionResetError


def _about_tls(error: OSError, settings: Settings) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _about_its_certificate(error, settings)
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    if "ALERT" in reason and settings.ssl_certfile is None:
        return "wants a client certificate: set HEED_SSL_CERTFILE and HEED_SSL_KEYFILE"
    if "ALERT" in reason and ("CERTIFICATE" in reason or "UNKNOWN_CA" in reason):
        # Brokers give one answer for expired and for untrusted ones.
        shown = settings.ssl_certfile
        until = valid_until(shown) if shown else None
        return (
            f"refuses our certificate, HEED_SSL_CERTFILE ({shown}, valid until {until}): renew it if that is past, and "
            "have it signed by an authority that the brokers trust"
        )
    return (
        f"does not speak TLS there ({reason or type(error).__name__}): check the port, and HEED_SECURITY_PROTOCOL "
        f"({settings.security_protocol})"
    )


def _about_its_certificate(error: ssl.SSLCertVerificationError, settings: Settings) -> str:
    if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        when = "has expired" if error.verify_code == _EXPIRED else "is not valid yet"
        return (
            f"shows a certificate that {when}: renew it on the brokers, and check the clock of this machine"
        )
    if error.verify_code in _OTHER_NAME:
        return "shows a certificate for another name: use a name of the certificate in HEED_BOOTSTRAP_SERVERS"
    trusted = settings.ssl_cafile or "the certificates of this system, HEED_SSL_CAFILE not being set"
    return f"shows a certificate that is not signed by an authority in HEED_SSL_CAFILE ({trusted})"


def _about_sasl(error: Exception, settings: Settings) -> str:
    mechanism = settings.sasl_mechanism
    if isinstance(error, UnsupportedSaslMechanismError):
        others = ", ".join(one for one in SaslMechanism if one != mechanism)
        return f"does not offer {mechanism}: set HEED_SASL_MECHANISM ({others}) or add it on the brokers"
    if isinstance(error, SaslAuthenticationFailed):
        return (
            f"refuses the user {settings.sasl_plain_username}: wrong name or password. Check "
            "HEED_SASL_PLAIN_USERNAME and HEED_SASL_PLAIN_PASSWORD or HEED_SASL_PLAIN_PASSWORD_FILE, and that the user "
            f"was created for {mechanism}"
        )
    return (
        f"ends the connection ({type(error).__name__}): check HEED_SECURITY_PROTOCOL ({settings.security_protocol}) "
        "and the port"
    )
