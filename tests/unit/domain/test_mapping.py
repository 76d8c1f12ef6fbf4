"""Mappings to facts and back: names, defaults, unknown symbols, and errors without values."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from streams.domain.events import (
    Appointment,
    CommsHold,
    Contact,
    Identity,
    Objection,
    ObjectionException,
    PatientSections,
    Permission,
    Preferences,
    Resolution,
    SafeContact,
)
from streams.domain.field_types import field_names
from streams.domain.mapping import build, event_from_mapping, to_mapping
from streams.domain.vocabulary import AppointmentStatus, Channel, Purpose, Role, Scope, Topic
from streams.errors import Undecodable

ENVELOPE: dict[str, Any] = {
    "event_id": "e1",
    "patient_id": "P1",
    "version": 1,
    "occurred_at": 1_767_225_600_000,
    "source": "test",
}
APPOINTMENT = {**ENVELOPE, "appointment_id": "A1", "status": "BOOKED", "starts_at": 1_767_830_400_000}
OBJECTION = {
    **ENVELOPE,
    "objection_id": "O1",
    "action": "RECORDED",
    "scope": "METHOD",
    "channels": ["sms"],
    "exceptions": [{"purposes": ["APPT_CANCEL"], "channels": ["sms"], "short_notice_only": True}],
}


def test_defaults_fill_what_is_left_out() -> None:
    event = event_from_mapping(Topic.APPOINTMENTS, APPOINTMENT)
    assert event.envelope.replay is False
    assert event.body == Appointment("A1", AppointmentStatus.BOOKED, 1_767_830_400_000)


def test_a_nullable_field_without_a_default_may_be_left_out() -> None:
    resolution = build(Resolution, {"kind": "CLOSED", "by": "s1", "role": "R-IG"})
    assert resolution.task_id is None


@pytest.mark.parametrize("strict", [True, False])
def test_nested_structs_are_built(strict: bool) -> None:
    body = event_from_mapping(Topic.OBJECTIONS, OBJECTION, strict=strict).body
    assert isinstance(body, Objection)
    assert body.exceptions == (ObjectionException((Purpose.APPT_CANCEL,), (Channel.SMS,), True),)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("type_", [Preferences, SafeContact])
def test_from_is_spelt_as_in_the_contract(type_: type[Preferences | SafeContact], strict: bool) -> None:
    written = build(
        type_, {"active": True, "from": "09:00"} if type_ is SafeContact else {"from": "09:00"}, strict=strict
    )
    assert written.from_ == "09:00"


@pytest.mark.parametrize("strict", [True, False])
def test_an_unknown_symbol_becomes_unknown_where_the_list_has_it(strict: bool) -> None:
    body = event_from_mapping(
        Topic.OBJECTIONS, {**OBJECTION, "scope": "EVERYTHING", "channels": ["sms", "hologram"]}, strict=strict
    ).body
    assert isinstance(body, Objection)
    assert body.scope is Scope.UNKNOWN
    assert body.channels == (Channel.SMS, Channel.UNKNOWN)


def test_an_unknown_symbol_is_refused_where_the_list_has_no_unknown() -> None:
    with pytest.raises(Undecodable, match=r"\$\.max_level: expected one of L0, L1"):
        build(Permission, {"channel": "sms", "state": "DECLINED", "max_level": "L9"})


@pytest.mark.parametrize("strict", [True, False])
def test_a_role_that_we_do_not_know_loses_nothing_that_is_said_beside_it(strict: bool) -> None:
    hold = {"active": True, "owner_role": "R-WARD", "reason": ""}
    assert build(CommsHold, hold, strict=strict) == CommsHold(True, Role.UNKNOWN)


def test_an_unknown_field_is_refused_from_people_and_ignored_from_machines() -> None:
    slip = {**APPOINTMENT, "start_at": 1}
    with pytest.raises(Undecodable, match=r"\$\.start_at: no such field"):
        event_from_mapping(Topic.APPOINTMENTS, slip)
    lax = event_from_mapping(Topic.APPOINTMENTS, slip, strict=False)
    assert lax == event_from_mapping(Topic.APPOINTMENTS, APPOINTMENT)


def test_an_unknown_field_deep_inside_is_refused_from_people() -> None:
    with pytest.raises(Undecodable, match=r"\$\.exceptions\[0\]\.channel: no such field"):
        event_from_mapping(Topic.OBJECTIONS, {**OBJECTION, "exceptions": [{"channel": "sms"}]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"starts_at": "SECRET"}, "$.starts_at: expected an instant"),
        ({"starts_at": True}, "$.starts_at: expected an instant"),
        ({"site": 7}, "$.site: expected text"),
        ({"replay": "SECRET"}, "$.replay: expected true or false"),
        ({"version": "SECRET"}, "$.version: expected a whole number"),
        ({"starts_precision": "SECRET"}, "$.starts_precision: expected one of INSTANT, DAY"),
    ],
)
def test_an_error_names_the_field_and_never_the_value(change: dict[str, Any], message: str) -> None:
    with pytest.raises(Undecodable) as raised:
        event_from_mapping(Topic.APPOINTMENTS, {**APPOINTMENT, **change})
    assert message in str(raised.value)
    assert "SECRET" not in str(raised.value)


def test_an_error_keeps_the_place_it_was_given() -> None:
    with pytest.raises(Undecodable, match=r"given\[2\]\.value: missing, expected text"):
        build(Contact, {"contact_id": "c", "channel": "sms"}, "given[2]")


def test_a_list_must_be_a_list_and_a_section_a_mapping() -> None:
    with pytest.raises(Undecodable, match=r"\$\.channels: expected a list, each one of nhs_app"):
        build(Preferences, {"channels": "sms"})
    with pytest.raises(Undecodable, match=r"\$\.identity: expected a mapping of fields"):
        build(PatientSections, {"identity": "Ada"})


def test_people_may_write_an_instant_with_its_offset() -> None:
    bst = timezone(timedelta(hours=1))
    for written in ("2026-10-12T09:00:00+01:00", datetime(2026, 10, 12, 9, tzinfo=bst)):
        event = event_from_mapping(Topic.APPOINTMENTS, {**APPOINTMENT, "starts_at": written})
        assert isinstance(event.body, Appointment)
        assert event.body.starts_at == 1_791_792_000_000
    with pytest.raises(Undecodable, match="with its offset"):
        event_from_mapping(Topic.APPOINTMENTS, {**APPOINTMENT, "starts_at": "2026-10-12T09:00:00"})


def test_a_mapping_of_an_event_gives_the_event_back() -> None:
    identity = {
        "nhs_number": "9990548609",
        "family_name": "Test",
        "given_name": "Ada",
        "competent_for": ["GEN"],
    }
    sections = {
        **ENVELOPE,
        "identity": identity,
        "contacts": [{"contact_id": "sms", "channel": "sms", "value": "+447700900001"}],
        "preferences": {"channels": ["letter"], "from": "09:00", "to": "17:00"},
        "proxies": [
            {"proxy_id": "p", "contacts": [{"contact_id": "x", "channel": "email", "value": "p@example.org"}]}
        ],
        "needs": [],
    }
    event = event_from_mapping(Topic.PATIENTS, sections)
    plain = to_mapping(event)
    assert event_from_mapping(Topic.PATIENTS, plain) == event
    assert event_from_mapping(Topic.PATIENTS, plain, strict=False) == event
    assert plain["identity"] == {**dict.fromkeys(field_names(Identity)), **plain["identity"]}
    assert plain["preferences"]["from"] == "09:00"
    assert type(plain["contacts"][0]["channel"]) is str
    assert plain["needs"] == []
    assert plain["hold"] is None
