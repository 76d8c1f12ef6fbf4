"""What a mapping's error says: the field and what belongs there, never the value."""

from typing import Any

import pytest

from streams.domain.events import Contact, Identity, Objection, PatientSections, Request
from streams.domain.mapping import build, event_from_mapping
from streams.domain.records import RecordEntry
from streams.domain.vocabulary import Topic
from streams.errors import Undecodable


@pytest.mark.parametrize(
    ("type_", "mapping", "message"),
    [
        (Contact, {"contact_id": "c", "channel": 7, "value": "v"}, r"\$.channel: expected one of nhs_app"),
        (Contact, {"contact_id": 7, "channel": "sms", "value": "v"}, r"\$.contact_id: expected text"),
        (
            Contact,
            {"contact_id": "c", "channel": "sms", "value": "v", "bounced": "x"},
            r"\$.bounced: expected true or false",
        ),
        (
            Contact,
            {"contact_id": "c", "channel": "sms", "value": "v", "verified_at": "yesterday"},
            r"\$.verified_at: expected an instant",
        ),
        (
            Contact,
            {"contact_id": "c", "channel": "sms", "value": "v", "shared_with": "x"},
            r"\$.shared_with: expected a whole number",
        ),
        (PatientSections, {"identity": 7}, r"\$.identity: expected a mapping of fields"),
        (PatientSections, {"contacts": 7}, r"\$.contacts: expected a list, each a mapping of fields"),
        (
            Request,
            {"request_id": "q", "purpose": "ADMIN_REPLY", "service_code": "G", "parameters": {"a": 1}},
            r"\$.parameters: expected a mapping of text to text",
        ),
        (
            Identity,
            {"nhs_number": "1", "family_name": "a", "given_name": "b", "aliases": "x"},
            r"\$.aliases: expected a list, each text",
        ),
        (Objection, [], r"\$: expected a mapping of fields"),
    ],
)
def test_an_error_says_what_belongs_there(type_: Any, mapping: Any, message: str) -> None:
    with pytest.raises(Undecodable, match=message):
        build(type_, mapping)


@pytest.mark.parametrize("strict", [True, False])
def test_an_event_is_a_mapping(strict: bool) -> None:
    with pytest.raises(Undecodable, match="expected a mapping of fields"):
        event_from_mapping(Topic.RESULTS, ["not", "a", "mapping"], strict=strict)  # type: ignore[arg-type]


def test_a_fixed_text_is_one_of_its_own() -> None:
    entry: dict[str, Any] = {
        "record_id": "r", "emitted_topic": "send-commands", "emitted_id": "c", "patient_id": "P1", "kind": "OTHER",
        "mode": "EXACT", "summary": "", "content_ref": None, "online_visibility": "NORMAL", "basis": "",
        "emitted_at": 1, "recorded_at": 1,
    }  # fmt: skip
    with pytest.raises(Undecodable, match=r"\$.kind: expected one of MESSAGE, TASK, OBJECTION"):
        build(RecordEntry, entry)
