"""A log line names its patient by a keyed hash, or not at all."""

from collections.abc import Iterator

import pytest

from streams.errors import BadUsage
from streams.ops.person import about, hash_of, use_key
from streams.settings import load

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def no_key() -> Iterator[None]:
    yield
    use_key(None)


def test_without_a_key_a_line_says_nothing_of_the_patient() -> None:
    use_key(None)
    assert about("P1") == {}


def test_with_a_key_it_says_the_same_of_the_same_patient_and_not_who() -> None:
    use_key(KEY)
    assert about("P1") == about(b"P1") == {"patient": hash_of("P1", KEY)}
    assert len(hash_of("P1", KEY)) == 16
    assert hash_of("P1", KEY) not in (hash_of("P2", KEY), hash_of("P1", KEY + "x"))
    assert about(None) == {}


def test_a_key_is_a_secret_of_some_length() -> None:
    assert KEY not in repr(load(environ={"HEED_LOG_KEY": KEY}))
    with pytest.raises(BadUsage, match="too short"):
        load(environ={"HEED_LOG_KEY": "secret"})
