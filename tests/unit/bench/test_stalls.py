"""What counts as a stall, and as undecided, when a window has been watched. No broker."""

import pytest

from bench.openloop import Timed, stalls, undecided
from bench.workload import Row

_MS = 1_000_000
_SECOND = 1_000 * _MS
#: Two hundred records a second for ten seconds.
_SENT = {f"e{n}": n * _SECOND // 200 for n in range(2_000)}
_ENDED = 13 * _SECOND


def _seen(late_ms: float = 50) -> dict[str, int]:
    return {e: at + int(late_ms * _MS) for e, at in _SENT.items()}


def test_an_engine_that_keeps_up_never_stalls() -> None:
    assert stalls(_SENT, _seen(), 0, _ENDED) == []


def test_nothing_waits_in_a_pause_of_the_sender() -> None:
    sent = {e: at if at < 5 * _SECOND else at + 2 * _SECOND for e, at in _SENT.items()}
    seen = {e: at + 50 * _MS for e, at in sent.items()}
    assert stalls(sent, seen, 0, _ENDED) == []


def test_a_stall_lasts_from_the_last_decision_to_the_next() -> None:
    seen = {e: at if not 4 * _SECOND < at < 5 * _SECOND else 5 * _SECOND for e, at in _seen().items()}
    assert stalls(_SENT, seen, 0, _ENDED) == [(4.0, 1_000)]


def test_a_stall_after_a_pause_begins_with_what_waits() -> None:
    """Nothing was sent from 4 s to 6 s; what came at 6 s waited for half a second."""
    sent = {e: at for e, at in _SENT.items() if not 4 * _SECOND <= at < 6 * _SECOND}
    seen = {
        e: max(at + 50 * _MS, 6_500 * _MS) if at >= 6 * _SECOND else at + 50 * _MS for e, at in sent.items()
    }
    assert stalls(sent, seen, 0, _ENDED) == [(6.0, 500)]


def test_a_window_that_begins_behind_schedule_begins_with_a_stall() -> None:
    seen = {e: max(at, 2 * _SECOND) for e, at in _seen().items()}
    assert stalls(_SENT, seen, 0, _ENDED) == [(0.0, 2_000)]


def test_a_stall_without_end_lasts_as_long_as_was_watched() -> None:
    seen = {e: at for e, at in _seen().items() if at < 8 * _SECOND}
    ((since, length),) = stalls(_SENT, seen, 0, _ENDED)
    assert (since, length) == pytest.approx((8.0, 5_000), abs=10)
    assert stalls(_SENT, {}, 0, _ENDED) == [(0.0, 13_000)]
    assert stalls({}, {}, 0, _ENDED) == []


def test_undecided_is_what_must_be_decided_and_was_not() -> None:
    topics = ("appointments", "results", "requests", "patients", "receipts")
    records = [Timed(f"{topic}-{n}", Row(topic, 0, b"P1", b"")) for topic in topics for n in range(2)]
    records.append(Timed("malformed-7", Row("appointments", 0, b"P1", b"")))
    intended = {one.event_id: 0 for one in records}
    assert undecided(records, intended, {"appointments-0": 1, "results-0": 1}) == {
        "appointments-1", "results-1", "requests-0", "requests-1",
    }  # fmt: skip
    del intended["requests-0"]  # of the first seconds, which are not counted
    assert "requests-0" not in undecided(records, intended, {})
