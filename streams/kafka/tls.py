"""The TLS context of every client, and one sentence when a file it is made from cannot be used.

Names of broker certificates are always checked. A key file may be encrypted; nobody is asked for its password.
"""

import ssl
from pathlib import Path
from typing import Final

from aiokafka.helpers import create_ssl_context

from streams.errors import BadUsage
from streams.settings import Settings

_FILES: Final = ("ssl_cafile", "ssl_certfile", "ssl_keyfile")


def ssl_context(settings: Settings) -> ssl.SSLContext:
    """Made once at the start: renewed certificates are taken over by a restart. Raises BadUsage."""
    for name in _FILES:
        _must_be_readable(name, getattr(settings, name))
    if settings.ssl_keyfile and not settings.ssl_certfile:
        raise BadUsage("HEED_SSL_KEYFILE is set, HEED_SSL_CERTFILE is not: a client certificate needs both")
    authority = settings.ssl_cafile
    try:
        context: ssl.SSLContext = create_ssl_context(cafile=str(authority) if authority else None)
    except ssl.SSLError:
        raise BadUsage(f"HEED_SSL_CAFILE: {authority} holds no certificate in PEM") from None
    if settings.ssl_certfile:
        _show(context, settings.ssl_certfile, settings)
    return context


def _must_be_readable(name: str, file: Path | None) -> None:
    if file is None:
        return
    try:
        file.read_bytes()
    except OSError as error:
        raise BadUsage(f"HEED_{name.upper()}: {file} cannot be read: {error.strerror}") from None


def _show(context: ssl.SSLContext, certificate: Path, settings: Settings) -> None:
    """Let the context show our certificate to a broker that asks for one."""
    key = settings.ssl_keyfile
    try:
        # An empty password rather than none: without one OpenSSL would ask at the terminal.
        context.load_cert_chain(certificate, key, password=settings.ssl_password or "")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            why = f"the key in {key or certificate} does not belong to the certificate in {certificate}"
        elif error.reason in ("BAD_DECRYPT", "BAD_PASSWORD_READ") or _encrypted(key or certificate):
            why = f"the key in {key or certificate} is encrypted: HEED_SSL_PASSWORD is missing or wrong"
        else:
            why = f"{certificate} and {key or 'the same file'} do not hold a certificate and its key in PEM"
        raise BadUsage(f"HEED_SSL_CERTFILE, HEED_SSL_KEYFILE: {why}") from None


def _encrypted(file: Path) -> bool:
    return b"ENCRYPTED" in file.read_bytes()
