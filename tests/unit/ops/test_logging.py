"""Log lines without people in them (C193)."""

import json
import logging
import subprocess
import sys

import pytest

from streams.ops.logging import JsonLine, get_logger, place_of


def line(record: logging.LogRecord) -> dict[str, object]:
    found: dict[str, object] = json.loads(JsonLine().format(record))
    return found


def test_an_event_and_its_facts(caplog: pytest.LogCaptureFixture) -> None:
    get_logger("heed.test_facts").warning("commit_unknown", shard=3, next="restart")
    found = line(caplog.records[0])
    assert found | {"at": ""} == {
        "at": "", "level": "warning", "logger": "heed.test_facts", "event": "commit_unknown", "shard": 3,
        "next": "restart",
    }  # fmt: skip


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_where_a_process_listens_is_told_at_every_level(level: str) -> None:
    """With port 0 it is nowhere else; and it is one JSON object, as every line."""
    code = (
        "from streams.ops.logging import get_logger, set_up\n"
        f"set_up({level!r})\n"
        "get_logger('heed.worker').told('listening', url='http://127.0.0.1:40001')\n"
        "get_logger('heed.worker').info('owned')\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr
    lines = [json.loads(one) for one in said.splitlines()]
    assert lines[0]["event"] == "listening"
    assert lines[0]["level"] == "info"
    assert lines[0]["url"] == "http://127.0.0.1:40001"
    assert len(lines) == (2 if level in ("debug", "info") else 1)


def test_an_error_is_a_type_and_a_place_and_never_its_text() -> None:
    try:
        raise ValueError("Ada Test, 9990548609")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "x.py", 1, "it failed for %s", ("9990548609",), (type(error), error, None)
        )
        text = JsonLine().format(record)
    assert "9990548609" not in text
    assert "Ada" not in text
    assert json.loads(text)["error"] == "ValueError"
    assert json.loads(text)["event"] == "it failed for %s"


def test_the_place_is_the_innermost_frame() -> None:
    with pytest.raises(ValueError, match="Expecting") as raised:
        json.loads("{")
    assert "decoder.py" in place_of(raised.value)
    assert place_of(ValueError("never raised")) == "unknown"
