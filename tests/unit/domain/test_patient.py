"""The patient table's value: the earliest due instant first, and nothing lost in between."""

from typing import Any, Final

import msgspec
import pytest
from msgspec.structs import replace

from streams.domain.packing import due_of, next_due, pack, unpack
from streams.domain.patient import Asked, OpenTask, PatientState, Sent
from streams.domain.position import Position
from streams.domain.records import EscalationTask
from streams.domain.vocabulary import (
    Channel,
    Level,
    Priority,
    Purpose,
    Reason,
    RecipientRole,
    Role,
    SubjectKind,
    TaskStatus,
    Topic,
)
from tests.support.charts import (
    Chart,
    appointment,
    cancelled,
    known,
    objection,
    proxy,
    request,
    result,
    sections,
)

ASKED: Final = Asked(SubjectKind.APPOINTMENT, "A1", 1, "e1", Position(Topic.APPOINTMENTS, 0, 1), 5)
SENT: Final = Sent(
    ASKED, Purpose.APPT_CONFIRM, Channel.SMS, Level.L1, RecipientRole.PATIENT, None, "sms", 5, 50, 0
)
TASK: Final = OpenTask(
    1, TaskStatus.OPEN, "d1", Role.BOOK, (), Priority.P1, Reason.CONTACT_OTHERWISE, SubjectKind.APPOINTMENT,
    "A1", 1, None, 99, 98, "desk", 5,
)  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "due"),
    [
        ({}, 0),
        ({"asked": {"a": ASKED}}, 0),
        ({"asked": {"a": replace(ASKED, until=7), "b": replace(ASKED, until=6)}}, 6),
        ({"sent": {"c": SENT}}, 0),
        ({"sent": {"c": replace(SENT, confirm_by=8), "d": replace(SENT, confirm_by=9)}}, 8),
        ({"sent": {"c": replace(SENT, confirm_by=8, closed=True)}}, 0),
        ({"tasks": {"t": TASK}}, 0),
        ({"tasks": {"t": replace(TASK, wake_at=4), "u": replace(TASK, wake_at=5)}}, 4),
        ({"asked": {"a": replace(ASKED, until=7)}, "tasks": {"t": replace(TASK, wake_at=9)}}, 7),
        ({"asked": {"a": replace(ASKED, until=7)}, "sent": {"c": replace(SENT, confirm_by=3)}}, 3),
    ],
)
def test_what_is_due_first(parts: dict[str, Any], due: int) -> None:
    patient = PatientState(**parts)
    assert next_due(patient) == due
    assert due_of(pack(patient)) == due


def test_a_result_is_chased_in_its_time() -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(result())
    chart.hear(result(result_id="R2"))
    assert chart.patient is not None
    chased = replace(chart.patient, sent={}, asked={}, tasks={})
    assert next_due(chased) == chart.patient.results["R1"].chase_at


def test_a_full_chart_comes_back_as_it_was() -> None:
    chart = Chart()
    chart.hear(sections(Channel.SMS, Channel.EMAIL, proxies=(proxy(),)))
    for body in (objection(Channel.SMS), appointment(), cancelled(), result(), request(Purpose.ADMIN_REPLY)):
        chart.hear(body)
    assert chart.patient is not None
    assert unpack(pack(chart.patient)) == chart.patient
    assert chart.all(EscalationTask)


def test_a_state_of_an_older_version_can_be_read() -> None:
    """Fields are added at the end, with a default."""
    short = msgspec.msgpack.encode([3])
    assert unpack(bytes(8) + short) == PatientState(version=3)


def test_what_was_told_is_read_as_an_older_version_wrote_it() -> None:
    chart = Chart(known(Channel.SMS))
    chart.hear(appointment())
    chart.hear(cancelled())
    assert chart.patient is not None
    row = msgspec.msgpack.decode(msgspec.msgpack.encode(chart.patient))
    at = PatientState.__struct_fields__.index("appointments")
    for entry in row[at].values():
        *older, told, before, earlier = entry
        assert earlier == []
        entry[:] = [*older, told[:-1], before[:-1]]
    assert unpack(bytes(8) + msgspec.msgpack.encode(row)) == chart.patient


def test_foreign_bytes_are_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        unpack(bytes(8) + b"\xc1")


@pytest.mark.parametrize(("copy_to", "key"), [(None, "appointment:A1"), ("X1", "appointment:A1:copy:X1")])
def test_a_copy_is_a_request_of_its_own(copy_to: str | None, key: str) -> None:
    asked = replace(ASKED, copy_to=copy_to)
    assert asked.key == key
    assert asked.same_thing(ASKED) is (copy_to is None)


def test_somebody_is_known_once_we_know_who_they_are() -> None:
    assert not PatientState().known
    assert known().known
