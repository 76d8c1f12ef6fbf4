"""A TLS file that cannot be used: which, why, and nobody is asked for a password at the terminal."""

import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from streams.errors import BadUsage
from streams.kafka.certificate import valid_until
from streams.kafka.tls import ssl_context
from streams.settings import SecurityProtocol, Settings
from tests.support.certificates import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


def refused(**files: Path | str | None) -> str:
    with pytest.raises(BadUsage) as error:
        ssl_context(Settings(security_protocol=SecurityProtocol.SSL, **files))  # type: ignore[arg-type]
    return str(error.value)


def test_a_certificate_and_its_key_make_a_context(authority: Authority) -> None:
    certificate, key = authority.issue("heed-worker")
    context = ssl_context(
        Settings(ssl_cafile=authority.file, ssl_certfile=certificate, ssl_keyfile=key, ssl_password=None)
    )
    assert context.check_hostname
    assert context.get_ca_certs()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert (
        refused(ssl_cafile=tmp_path / "none")
        == f"HEED_SSL_CAFILE: {tmp_path}/none cannot be read: No such file or directory"
    )


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "text").write_text("not a certificate")
    assert "holds no certificate in PEM" in refused(ssl_cafile=tmp_path / "text")
    _, key = authority.issue("heed-worker")
    assert "do not hold a certificate and its key" in refused(ssl_certfile=tmp_path / "text", ssl_keyfile=key)


def test_half_a_pair_and_a_wrong_pair_are_told(authority: Authority) -> None:
    certificate, key = authority.issue("heed-worker")
    _, other = authority.issue("heed-recorder")
    assert "HEED_SSL_CERTFILE is not" in refused(ssl_keyfile=key)
    assert "does not belong to the certificate" in refused(ssl_certfile=certificate, ssl_keyfile=other)


@pytest.mark.parametrize("password", [None, "wrong"])
def test_an_encrypted_key_wants_its_password_and_nobody_is_asked(
    authority: Authority, tmp_path: Path, password: str | None
) -> None:
    certificate, key = authority.issue("heed-worker")
    encrypted = tmp_path / "encrypted.key"
    encrypted.write_bytes(
        load_pem_private_key(key.read_bytes(), None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"right")
        )
    )
    said = refused(ssl_certfile=certificate, ssl_keyfile=encrypted, ssl_password=password)
    assert "HEED_SSL_PASSWORD is missing or wrong" in said
    assert "wrong" not in said.removesuffix("missing or wrong")
    ssl_context(Settings(ssl_certfile=certificate, ssl_keyfile=encrypted, ssl_password="right"))


@pytest.mark.parametrize(
    ("end", "says"),
    [
        (datetime.datetime(2031, 3, 4, 5, 6, tzinfo=datetime.UTC), "2031-03-04 05:06 UTC"),
        (datetime.datetime(2051, 3, 4, 5, 6, tzinfo=datetime.UTC), "2051-03-04 05:06 UTC"),
        (datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC), "2001-01-01 00:00 UTC"),
    ],
)
def test_until_when_a_certificate_is_valid(authority: Authority, end: datetime.datetime, says: str) -> None:
    certificate, key = authority.issue("heed-worker", expires=end)
    assert valid_until(certificate) == says
    assert valid_until(key) is None
