"""Log lines without people in them (C193)."""

import asyncio
import gc
import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from streams.kafka.transport import StretchThread
from streams.ops.logging import QUIET, JsonLine, get_logger, place_of, set_up


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


ADA = "patient 9990548609 Ada Test"


@pytest.fixture
def put_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What ``set_up`` changes."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
    yield

    for name in QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET)
    root.handlers = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("put_back")
def test_what_asyncio_says_of_a_task_and_of_a_callback_that_failed_names_nobody(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up("info")

    async def fail(text: str) -> None:
        raise ValueError(text)

    def fall(text: str) -> None:
        raise ValueError(text)

    async def main() -> None:
        tasks = [asyncio.create_task(fail(ADA))]
        asyncio.get_running_loop().call_soon(fall, ADA)
        await asyncio.sleep(0.01)
        tasks.clear()
        gc.collect()

    asyncio.run(main())
    said = capsys.readouterr().err
    lines = [json.loads(one) for one in said.splitlines()]
    assert [(one["logger"], one["error"]) for one in lines] == [("asyncio", "ValueError")] * 2
    assert {one["where"].partition(":")[0] for one in lines} == {"test_logging.py"}
    assert "Ada" not in said


@pytest.mark.usefixtures("put_back")
def test_what_nothing_catches_is_a_type_and_a_place_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up("info")

    def fall() -> None:
        raise ValueError(ADA)

    thread = threading.Thread(target=fall)
    thread.start()
    thread.join()
    try:
        fall()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
        StretchThread.__new__(StretchThread).on_crash("{0!r} crashed: {1!r}", "fetching", error)
    said = capsys.readouterr().err
    lines = [json.loads(one) for one in said.splitlines()]
    assert [(one["event"], one["error"]) for one in lines] == [
        ("uncaught", "ValueError"),
        ("uncaught", "ValueError"),
        ("fetching_crashed", "ValueError"),
    ]
    assert "Ada" not in said


def test_a_librarys_line_that_was_put_together_before_is_its_place() -> None:
    record = logging.LogRecord("faust.app", logging.ERROR, "/lib/faust/app.py", 7, ADA, (), None, "start")
    assert line(record)["event"] == "app.py:7 start"


@pytest.mark.usefixtures("put_back")
def test_a_line_that_cannot_be_written_is_not_printed_with_its_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up("info")
    [handler] = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    closed = io.StringIO()
    closed.close()
    handler.setStream(closed)
    logging.getLogger("x").error("it failed for %s", ADA)
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("put_back")
def test_a_warning_of_pythons_is_its_kind_and_its_place_and_nothing_it_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up("info")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn_explicit(ADA, DeprecationWarning, "/home/ada/lib/faust/app/base.py", 12)
        warnings.warn_explicit(ADA, RuntimeWarning, "/home/ada/lib/mode/timers.py", 3)
    said = capsys.readouterr().err
    assert "ada" not in said.lower()
    lines = [json.loads(one) for one in said.splitlines()]
    assert [(one["event"], one["kind"], one["where"]) for one in lines] == [
        ("python_warning", "DeprecationWarning", "app/base.py:12"),
        ("python_warning", "RuntimeWarning", "mode/timers.py:3"),
    ]
