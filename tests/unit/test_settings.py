"""Settings: a file, variables over it, and one line that says what is wrong and what is allowed."""

from pathlib import Path

import pytest

from streams.errors import BadUsage
from streams.settings import LOCAL_PARTITIONS, PRODUCTION_PARTITIONS, LogLevel, SecurityProtocol, load


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "heed.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults_are_those_of_the_contract() -> None:
    settings = load(environ={})
    assert settings.partitions == PRODUCTION_PARTITIONS == 12
    assert settings.topic_prefix == ""
    assert settings.http_host == "127.0.0.1"
    assert settings.worker_group == "heed-worker"
    assert settings.bootstrap_servers == ""


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'topic_prefix = "trial-"\nhttp_port = 9000\nlog = "debug"\n')
    settings = load(file, environ={"HEED_HTTP_PORT": "9001"})
    assert (settings.topic_prefix, settings.http_port, settings.log) == ("trial-", 9001, LogLevel.DEBUG)


def test_the_file_may_be_named_by_variable(tmp_path: Path) -> None:
    file = written(tmp_path, "partitions = 24\n")
    assert load(environ={"HEED_CONFIG": str(file)}).partitions == 24


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert load(environ={"HEED_BOOTSTRAP_SERVERS": "", "HEED_HTTP_PORT": ""}).http_port == 0


def test_several_brokers_may_be_named() -> None:
    assert load(environ={"HEED_BOOTSTRAP_SERVERS": "a:9092,b:9092"}).bootstrap_servers == "a:9092,b:9092"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("HEED_HTTP_PORT", "x", "HEED_HTTP_PORT: not a whole number; allowed: 0 (a free one) to 65535"),
        ("HEED_HEARTBEAT_S", "x", "HEED_HEARTBEAT_S: not a number; allowed: 0 (none), or 1 to 60 seconds"),
        ("HEED_FOO", "x", "HEED_FOO: there is no such setting; allowed: HEED_BOOTSTRAP_SERVERS, "),
        ("HEED_PORT", "x", "HEED_PORT: there is no such setting; did you mean HEED_HTTP_PORT?"),
        ("HEED_HTTP_PORT", "70000", "allowed: 0 (a free one) to 65535"),
        ("HEED_PARTITIONS", "0", "allowed: 1 to 1000"),
        ("HEED_LOG", "loud", "allowed: debug, info, warning, error"),
        ("HEED_TOPIC_PREFIX", "a b", "allowed: letters, digits"),
        ("HEED_BOOTSTRAP_SERVERS", "kafka", "allowed: host:port"),
        ("HEED_SECURITY_PROTOCOL", "TLS", "allowed: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ("HEED_RECORDER_GROUP", "heed-worker", "not the worker's"),
        ("HEED_TOPIC_PREFX", "x", "there is no such setting; did you mean HEED_TOPIC_PREFIX?"),
        ("HEED_SECURITY_PROTOCOL", "SASL_SSL", "needs HEED_SASL_PLAIN_USERNAME"),
        ("HEED_CONFIG", "missing.toml", "missing.toml: there is no such file"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, value: str, says: str) -> None:
    with pytest.raises(BadUsage) as refused:
        load(environ={variable: value})
    assert says in str(refused.value)
    assert variable in str(refused.value) or value in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("partition = 4\n", "partition: there is no such setting; did you mean partitions?"),
        ('partitions = "four"\n', "partitions: not a whole number"),
        ("partitions = \n", "is not TOML"),
        ("policy = 3\n", "policy: not a path; allowed: text in quotes"),
        (
            "bootstrap_servers = 3\n",
            "bootstrap_servers: not text; allowed: host:port (several: with commas) in quotes",
        ),
        ("topic_prefix = 3\n", "topic_prefix: not text; allowed: text in quotes"),
        (
            'sasl_plain_password = "x"\n',
            "a secret does not belong in this file; set HEED_SASL_PLAIN_PASSWORD or",
        ),
        ('ssl_password = "x"\n', "HEED_SSL_PASSWORD_FILE"),
    ],
)
def test_a_wrong_file_is_named_with_the_key(tmp_path: Path, text: str, says: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(BadUsage) as refused:
        load(file, environ={})
    assert str(file) in str(refused.value)
    assert says in str(refused.value)


def test_secrets_come_by_file_reference_and_are_not_shown(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("open sesame\n", encoding="utf-8")
    settings = load(
        environ={
            "HEED_SECURITY_PROTOCOL": "SASL_SSL",
            "HEED_SASL_PLAIN_USERNAME": "heed",
            "HEED_SASL_PLAIN_PASSWORD_FILE": str(secret),
        }
    )
    assert settings.security_protocol is SecurityProtocol.SASL_SSL
    assert settings.sasl_plain_password == "open sesame"
    assert "sesame" not in repr(settings)


def test_a_missing_secret_file_is_named_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="HEED_SSL_PASSWORD_FILE: .* cannot be read: No such file"):
        load(environ={"HEED_SSL_PASSWORD_FILE": str(tmp_path / "none")})


def test_a_shifted_clock_is_refused_outside_the_demo() -> None:
    clock = "2026-10-13T07:30:00+01:00@1795226000000x240"
    with pytest.raises(BadUsage, match="would send at the wrong time of day"):
        load(environ={"HEED_CLOCK": clock})
    assert load(environ={"HEED_CLOCK": clock, "HEED_CLOCK_ALLOWED": "demo"}).clock == clock


def test_a_shifted_clock_in_the_file_is_refused_too(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="it is for the demo and tests"):
        load(written(tmp_path, 'clock = "2026-10-13T07:30:00+01:00@1795226000000x240"\n'), environ={})


def test_a_broker_of_this_machine_is_used_when_none_is_configured() -> None:
    settings = load(environ={}, find_local=lambda _: "127.0.0.1:20001")
    assert settings.bootstrap_servers == "127.0.0.1:20001"
    assert (settings.partitions, settings.replication_factor) == (LOCAL_PARTITIONS, 1)


def test_a_configured_broker_is_preferred_to_one_of_this_machine() -> None:
    settings = load(environ={"HEED_BOOTSTRAP_SERVERS": "kafka:9092"}, find_local=lambda _: "127.0.0.1:20001")
    assert (settings.bootstrap_servers, settings.partitions) == ("kafka:9092", PRODUCTION_PARTITIONS)
