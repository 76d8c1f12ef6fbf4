"""Not let in by a broker that asks who one is: what is wrong, where, and what to do, in one line."""

import asyncio
import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.errors import BadUsage, NotAdmitted
from streams.kafka.client import check_reachable
from streams.settings import Settings, load
from tests.support.certificates import Authority
from tests.support.running import Heed
from tests.support.secured import SecuredKafka

pytestmark = pytest.mark.timeout(300)

STRANGER = "stranger"  # is known to the broker, and has no right at all


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """Knows two users, and allows neither anything."""
    with SecuredKafka(tmp_path_factory.mktemp("secured"), ["heed-worker", STRANGER]) as secured:
        yield secured


def settings_of(environ: dict[str, str], **different: str) -> Settings:
    return load(environ=environ | {f"HEED_{name.upper()}": value for name, value in different.items()})


def why_not(environ: dict[str, str], **different: str) -> str:
    with pytest.raises(NotAdmitted) as refused:
        asyncio.run(check_reachable(settings_of(environ, **different)))
    with warnings.catch_warnings():
        # asyncio 3.11 forgets the socket of a TLS connection that it refused itself; the collector closes it.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return str(refused.value)


def test_a_wrong_password_is_told_without_showing_it(broker: SecuredKafka, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("not-the-password")
    environ = broker.by_password("heed-worker", tmp_path)
    said = why_not(environ, sasl_plain_password_file=str(tmp_path / "wrong"))
    assert f"Kafka at {broker.scram} refuses the user heed-worker: wrong name or password" in said
    assert "HEED_SASL_PLAIN_PASSWORD_FILE" in said
    assert "not-the-password" not in said
    assert "does not offer SCRAM-SHA-256" in why_not(environ, sasl_mechanism="SCRAM-SHA-256")


def test_an_untrusted_authority_is_told_with_its_file(broker: SecuredKafka, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    environ = broker.by_password("heed-worker", tmp_path)
    said = why_not(environ, ssl_cafile=str(other.file))
    assert said.endswith(f"not signed by an authority in HEED_SSL_CAFILE ({other.file})")
    assert "HEED_SSL_CAFILE not being set" in why_not(environ, ssl_cafile="")


def test_a_certificate_that_brokers_refuse_is_told(broker: SecuredKafka, tmp_path: Path) -> None:
    environ = broker.by_certificate("heed-worker")
    certificate, key = map(str, broker.expired)
    said = why_not(environ, ssl_certfile=certificate, ssl_keyfile=key)
    assert (
        f"refuses our certificate, HEED_SSL_CERTFILE ({certificate}, valid until 2001-01-01 00:00 UTC)"
        in said
    )
    certificate, key = map(str, Authority(tmp_path / "other").issue("heed-worker"))
    assert "signed by an authority" in why_not(environ, ssl_certfile=certificate, ssl_keyfile=key)
    assert "set HEED_SSL_CERTFILE" in why_not(environ, ssl_certfile="", ssl_keyfile="")
    with pytest.raises(BadUsage, match="does not belong to the certificate"):
        asyncio.run(check_reachable(settings_of(environ, ssl_keyfile=key)))


def test_the_wrong_protocol_is_told(broker: SecuredKafka, tmp_path: Path) -> None:
    environ = broker.by_password("heed-worker", tmp_path)
    assert "check HEED_SECURITY_PROTOCOL (PLAINTEXT)" in why_not(environ, security_protocol="PLAINTEXT")
    assert "wants a client certificate" in why_not(environ, bootstrap_servers=broker.mutual)


def test_a_process_that_is_not_let_in_ends_with_code_2(broker: SecuredKafka, tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path / "heed")
    wrong = broker.by_password("heed-worker", tmp_path)
    wrong["HEED_SASL_PLAIN_PASSWORD_FILE"] = str(broker.authority.file)
    worker = Heed("worker", settings, **wrong).start()
    recorder = Heed("recorder", settings, **broker.by_password(STRANGER, tmp_path)).start()
    assert worker.wait(60) == recorder.wait(60) == 2
    assert "refuses the user heed-worker: wrong name or password" in worker.said()
    assert "or the rights of this user" in recorder.said()
