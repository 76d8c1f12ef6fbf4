"""Certificates for a secured broker and its clients, made anew for every run; nothing of them is kept."""

import datetime
from pathlib import Path
from typing import Final

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

NAMES: Final = ("localhost", "127.0.0.1")
#: Long past: what expired on it has expired on every machine.
LONG_AGO: Final = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)


class Authority:
    """A certificate authority of its own; its files are in ``folder``."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._authority = trustme.CA(organization_name="Heed tests")
        self.file = folder / f"{name}.crt"
        self._authority.cert_pem.write_to_path(self.file)

    def issue(self, name: str, expires: datetime.datetime | None = None) -> tuple[Path, Path]:
        """A certificate whose CN is ``name``, and its key: two files, as Strimzi hands them out."""
        issued = self._authority.issue_cert(*NAMES, common_name=name, not_after=expires)
        stem = f"{name}-{'expired' if expires else 'valid'}"
        certificate, key = self._folder / f"{stem}.crt", self._folder / f"{stem}.key"
        certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        key.write_bytes(_pkcs8(issued.private_key_pem.bytes()))
        return certificate, key


def _pkcs8(key: bytes) -> bytes:
    """The form of key that Java reads."""
    return load_pem_private_key(key, None).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
