"""Ids are UUIDs of version 5, and pure functions of what they name."""

from uuid import NAMESPACE_URL, UUID
from uuid import uuid5 as reference

import pytest

from streams.decisions.ids import NAMESPACE, command_id, decision_id, safety_id, task_id, uuid5


def test_namespace_is_that_of_its_address() -> None:
    assert reference(NAMESPACE_URL, "https://example.org/heed") == NAMESPACE


@pytest.mark.parametrize(
    "name", ["", "a", "decision/P1/e1/appointments-0-1/appointment:A1/0", "é/ŵ/漢", "x" * 5_000]
)
def test_as_the_standard_library(name: str) -> None:
    assert uuid5(name) == str(reference(NAMESPACE, name))
    assert UUID(uuid5(name)).version == 5


def test_each_kind_of_id_names_its_parts() -> None:
    assert decision_id("P1", "e1", "appointments-0-1", "appointment:A1", 0) == str(
        reference(NAMESPACE, "decision/P1/e1/appointments-0-1/appointment:A1/0")
    )
    assert command_id("P1", "appointment:A1", 2, "APPT_CANCEL", "PATIENT", "sms") == str(
        reference(NAMESPACE, "command/P1/appointment:A1/2/APPT_CANCEL/PATIENT/sms")
    )
    assert task_id("P1", "daily_cap", "appointment:A1", "d1") == str(
        reference(NAMESPACE, "task/P1/daily_cap/appointment:A1/d1")
    )
    assert safety_id("P1", "action_missed", "t1") == str(reference(NAMESPACE, "safety/P1/action_missed/t1"))


def test_many_names_give_as_many_ids() -> None:
    assert len({uuid5(str(number)) for number in range(10_000)}) == 10_000
