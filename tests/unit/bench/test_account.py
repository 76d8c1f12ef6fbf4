"""Whether a day's decisions are held against what was appended, without the rules. No broker."""

from bench import report
from bench.account import Account, account, given
from bench.days import DayRun, figures
from bench.verifying import Written
from bench.workload import Row
from streams.domain.records import Decision, InputRef, Subject
from streams.domain.vocabulary import Outcome, Reason, SubjectKind
from streams.kafka.codec import Codec

_CODEC = Codec.local()
_GIVEN = given(
    Row(topic, partition, b"P1", b"")
    for topic, partition in (
        ("appointments", 0), ("appointments", 0), ("appointments", 1), ("results", 0), ("patients", 0), ("receipts", 0),
    )
)  # fmt: skip


def _decision(
    number: int,
    topic: str,
    partition: int,
    offset: int,
    outcome: Outcome = Outcome.SEND,
    reason: Reason = Reason.PREFERRED,
    hold_until: int | None = None,
) -> tuple[int, bytes]:
    made = Decision(
        f"d-{number}", f"e-{number}", InputRef(topic, partition, offset), "P1", outcome, reason, "7.1", ("7.1",), None,
        Subject(SubjectKind.APPOINTMENT, "A1"), None, hold_until, None, (), 1, "bench", 1_000, 1_000 + number,
    )  # fmt: skip
    return partition, _CODEC.encode(made)


def _written(*decisions: tuple[int, bytes]) -> Written:
    values: dict[int, list[bytes]] = {0: [], 1: []}
    for partition, value in decisions:
        values[partition].append(value)
    return Written({p: list(range(len(found))) for p, found in values.items()}, values)


_ALL = (
    _decision(1, "appointments", 0, 0),
    _decision(2, "appointments", 0, 1, Outcome.HOLD, Reason.SETTLE, 1_004),
    _decision(3, "appointments", 1, 0, Outcome.QUARANTINE),
    _decision(4, "results", 0, 0),
    _decision(5, "patients", 0, 0),
)


def test_a_day_of_which_every_request_is_decided_has_no_problem() -> None:
    found = account(_GIVEN, _written(*_ALL, _decision(6, "appointments", 0, 1)))
    assert found.problems == ()
    assert (found.asked, found.decisions, found.overdue) == (4, 6, 0)
    assert found.outcomes == {"SEND": 3, "QUARANTINE": 1}


def test_a_hold_that_is_over_is_told() -> None:
    assert account(_GIVEN, _written(*_ALL)).overdue == 1
    waits = _decision(2, "appointments", 0, 1, Outcome.HOLD, Reason.SETTLE, 9_000)
    assert account(_GIVEN, _written(waits, *_ALL[2:])).overdue == 0


def test_what_was_lost_doubled_invented_or_held_for_want_of_objections_is_found() -> None:
    assert account(_GIVEN, _written(*_ALL[1:])).problems == ("1 records without a decision",)
    assert account(_GIVEN, _written(*_ALL, _ALL[0])).problems == ("1 decisions made twice",)
    astray = _decision(7, "appointments", 1, 1)
    assert "1 decisions about nothing that was appended" in account(_GIVEN, _written(*_ALL, astray)).problems
    closed = _decision(8, "results", 0, 0, Outcome.HOLD, Reason.FAIL_CLOSED)
    assert account(_GIVEN, _written(*_ALL, closed)).problems == (
        "1 decisions held because objections might be missing",
    )


def test_a_run_that_failed_closed_counts_for_nothing() -> None:
    good = DayRun(6_000, 150, 300, 0, 0, Account(4, 6, {"SEND": 4}))
    closed = DayRun(9_000, 90, 300, 0, 312, Account(4, 6, {"HOLD": 4}))
    found = figures([good, closed])
    assert found["rate"] == {"median": 6_000, "least": 6_000, "most": 6_000, "runs": 1}
    assert found["fail_closed"] == 312
    assert found["problems"] == ["312 records decided fail-closed"]
    assert figures([closed])["rate"]["median"] is None
    page = report._days({"events": 2, "settle_0": found, "settle_30": figures([closed])})
    assert "| W2, settle 0 | 6,000 | 150 | 300 | 0 | 6 | 0 | 312 | 312 records decided fail-closed |" in page
    assert "What W2, settle 0 came to: SEND 4" in page
