"""What other packages may use of the decisions, and the ten files that newcomers read first."""

from pathlib import Path

import pytest

import streams
import streams.decisions

READ_FIRST = (
    "domain/events.py",
    "domain/patient.py",
    "domain/window.py",
    "domain/decision.py",
    "decisions/rules.py",
    "decisions/decide.py",
    "kafka/codec.py",
    "kafka/transaction.py",
    "worker/shard.py",
    "recorder/entries.py",
)


def test_public_names() -> None:
    assert streams.decisions.__all__ == [
        "Environment",
        "Response",
        "adopt",
        "refuse",
        "respond",
        "wake",
        "wake_refused",
    ]
    for name in streams.decisions.__all__:
        assert hasattr(streams.decisions, name)


@pytest.mark.parametrize("path", READ_FIRST)
def test_the_ten_files_to_read_first_are_there(path: str) -> None:
    file = Path(streams.__path__[0]) / path
    assert file.is_file()
    assert file.read_text(encoding="utf-8").startswith('"""')
