"""Who is told that patients' data travels readable."""

import logging

import pytest

from streams.ops.process import warn_unless_encrypted
from streams.settings import SecurityProtocol, Settings


@pytest.mark.parametrize(
    ("servers", "protocol", "warned"),
    [
        ("kafka-1.example.org:9092,127.0.0.1:9092", SecurityProtocol.PLAINTEXT, True),
        ("kafka-1.example.org:9092", SecurityProtocol.SASL_PLAINTEXT, True),
        ("kafka-1.example.org:9093", SecurityProtocol.SASL_SSL, False),
        ("kafka-1.example.org:9093", SecurityProtocol.SSL, False),
        ("", SecurityProtocol.PLAINTEXT, False),  # nothing is sent anywhere; that is said elsewhere
        ("127.0.0.1:9092, localhost:9094,[::1]:9092", SecurityProtocol.PLAINTEXT, False),
    ],
)
def test_a_readable_connection_to_another_machine_is_warned_of(
    servers: str, protocol: SecurityProtocol, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "heed.process"):
        warn_unless_encrypted(Settings(bootstrap_servers=servers, security_protocol=protocol))
    assert [record.msg for record in caplog.records] == (["unencrypted"] if warned else [])
