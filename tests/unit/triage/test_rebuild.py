"""What a rebuild takes over of a record that turns had read. See tests/fault/test_backup.py for whole tables."""

from typing import Any

import msgspec
import pytest

from streams.decisions import respond
from streams.domain.events import Event
from streams.domain.packing import pack
from streams.domain.records import Decision
from streams.domain.vocabulary import Outcome, Topic
from streams.kafka.codec import Codec
from streams.kafka.reading import Stored
from streams.triage.rebuild import _Partition
from tests.unit.decisions.test_recollect import ADA, AT, BOOKED, ENV, NOW, POLICY

CODEC = Codec.local()


def about(nhs_number: str) -> Event:
    assert BOOKED.topic is Topic.APPOINTMENTS
    body: Any = msgspec.structs.replace(BOOKED.body, nhs_number=nhs_number)
    return msgspec.structs.replace(BOOKED, body=body)


@pytest.mark.parametrize(
    ("nhs_number", "outcome", "applied"),
    [("9990548609", Outcome.SEND, ["A1"]), ("9990548600", Outcome.QUARANTINE, [])],
)
def test_what_intake_refused_is_not_applied(nhs_number: str, outcome: Outcome, applied: list[str]) -> None:
    event = about(nhs_number)
    made = [one for one in respond("P1", ADA, event, AT, ENV).outputs if isinstance(one, Decision)]
    assert [one.outcome for one in made] == [outcome]
    unused: Any = None
    partition = _Partition(unused, {}, unused, CODEC, POLICY, NOW, 0, 1)
    partition._rows[b"P1"] = pack(ADA)
    stored = Stored("appointments", 0, AT.offset, NOW, b"P1", CODEC.encode_event(event), {})
    partition._take(Topic.APPOINTMENTS, stored, made)
    assert list(partition._patient(b"P1").appointments) == applied
    assert not partition._patient(b"P1").asked
