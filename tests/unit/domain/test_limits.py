"""Rule 1.2 at its boundaries: lengths, characters and times that cannot be."""

from typing import Any

import pytest

from streams.domain.events import Event
from streams.domain.limits import EARLIEST_OCCURRED, ENTRIES, FURTHEST_START, longest, violation
from streams.domain.mapping import event_from_mapping
from streams.domain.vocabulary import Reason, Topic

NOW = 1_791_792_000_000  # Mon 12 Oct 2026 09:00 BST
YEAR_10000 = 253_402_300_800_000


def appointment(**changes: Any) -> Event:
    fields = {
        "event_id": "e1",
        "patient_id": "P1",
        "version": 1,
        "occurred_at": NOW,
        "source": "test",
        "appointment_id": "A1",
        "status": "BOOKED",
        "starts_at": NOW + 1,
    }
    return event_from_mapping(Topic.APPOINTMENTS, fields | changes)


def patient(**sections: Any) -> Event:
    fields = {"event_id": "e1", "patient_id": "P1", "version": 1, "occurred_at": NOW, "source": "test"}
    return event_from_mapping(Topic.PATIENTS, fields | sections)


def test_an_ordinary_event_breaks_nothing() -> None:
    assert violation(appointment(), NOW) is None
    assert violation(patient(), NOW) is None


@pytest.mark.parametrize(
    ("field", "most"),
    [
        ("event_id", 128),
        ("patient_id", 128),
        ("source", 128),
        ("recorded_by", 128),
        ("appointment_id", 128),
        ("service_code", 128),
        ("nhs_number", 128),
        ("site", 200),
        ("generic_site", 200),
        ("clinician", 200),
        ("room", 200),
        ("family_name", 200),
        ("join_link_ref", 500),
    ],
)
def test_a_text_may_be_as_long_as_the_contract_says_and_no_longer(field: str, most: int) -> None:
    assert longest(field) == most
    assert violation(appointment(**{field: "x" * most}), NOW) is None
    assert violation(appointment(**{field: "x" * (most + 1)}), NOW) == (Reason.FIELD_TOO_LONG, field)


@pytest.mark.parametrize(
    "character", ["\x00", "\n", "\t", "\x1f", "\x7f", "\x85", "\u2028", "\u202e", "\u2066"], ids=ascii
)
def test_control_characters_are_found(character: str) -> None:
    found = violation(appointment(site=f"Main{character}Hospital"), NOW)
    assert found == (Reason.CONTROL_CHARACTERS, "site")


@pytest.mark.parametrize("text", ["Zoë O’Neill", "王小明", "محمد", "می‌خواهم", "a\u00a0b", "🏥"], ids=ascii)
def test_names_of_any_language_pass(text: str) -> None:
    assert violation(appointment(family_name=text), NOW) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"occurred_at": EARLIEST_OCCURRED - 1}, "occurred_at"),
        ({"occurred_at": YEAR_10000}, "occurred_at"),
        ({"starts_at": NOW + FURTHEST_START + 1}, "starts_at"),
        ({"starts_at": -(2**63)}, "starts_at"),
        ({"previous_starts_at": YEAR_10000}, "previous_starts_at"),
    ],
)
def test_impossible_times_are_found(changes: dict[str, int], field: str) -> None:
    assert violation(appointment(**changes), NOW) == (Reason.BAD_TIME, field)


@pytest.mark.parametrize(
    "changes",
    [
        {"occurred_at": EARLIEST_OCCURRED},
        {"starts_at": NOW + FURTHEST_START},
        {"starts_at": 0},
        {"previous_starts_at": NOW + FURTHEST_START + 1},
    ],
)
def test_times_on_the_boundary_pass(changes: dict[str, int]) -> None:
    assert violation(appointment(**changes), NOW) is None


def test_fields_inside_sections_and_lists_are_looked_at() -> None:
    contact = {"contact_id": "c", "channel": "letter", "value": "x" * 500}
    assert violation(patient(contacts=[contact]), NOW) is None
    too_long = {**contact, "value": "x" * 501}
    assert violation(patient(contacts=[contact, too_long]), NOW) == (Reason.FIELD_TOO_LONG, "contacts.value")
    late = {**contact, "verified_at": YEAR_10000}
    proxy = {"proxy_id": "p", "contacts": [late]}
    assert violation(patient(proxies=[proxy]), NOW) == (Reason.BAD_TIME, "proxies.contacts.verified_at")
    identity = {"nhs_number": "9990548609", "family_name": "Test", "given_name": "Ada", "aliases": ["A\x07"]}
    assert violation(patient(identity=identity), NOW) == (Reason.CONTROL_CHARACTERS, "identity.aliases")


def test_parameters_are_looked_at_by_key_and_value() -> None:
    fields: dict[str, Any] = {
        "event_id": "e1",
        "patient_id": "P1",
        "version": 1,
        "occurred_at": NOW,
        "source": "test",
        "request_id": "Q1",
        "purpose": "ADMIN_REPLY",
        "service_code": "GEN",
    }

    def found(parameters: dict[str, str]) -> tuple[Reason, str] | None:
        return violation(event_from_mapping(Topic.REQUESTS, fields | {"parameters": parameters}), NOW)

    assert found({"text": "x" * 500}) is None
    assert found({"text": "x" * 501}) == (Reason.FIELD_TOO_LONG, "parameters")
    assert found({"k" * 129: "x"}) == (Reason.FIELD_TOO_LONG, "parameters.key")
    assert found({"text": "a\x00"}) == (Reason.CONTROL_CHARACTERS, "parameters")


def test_a_list_may_not_grow_without_bound() -> None:
    assert violation(patient(preferences={"channels": ["sms"] * ENTRIES}), NOW) is None
    found = violation(patient(preferences={"channels": ["sms"] * (ENTRIES + 1)}), NOW)
    assert found == (Reason.FIELD_TOO_LONG, "channels")
