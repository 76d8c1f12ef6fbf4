"""What goes into a template's placeholders."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from streams.decisions.case import Case
from streams.decisions.wording import fill
from streams.domain.vocabulary import Channel, Mode, Purpose, StartsPrecision
from streams.policy.parameters import Kind, Parameter
from streams.policy.templates import Template
from tests.support.charts import TOMORROW, appointment, cancelled, case, known, request
from tests.support.wordings import Wording

LINK: Final = "https://video.example.org/a"


def template(**parameters: Kind) -> Template:
    made = Wording().template()
    return replace(made, parameters=tuple(Parameter(name, kind, 60) for name, kind in parameters.items()))


def filled(framed: Case, kind: Kind, language: str = "en") -> str:
    return fill(framed, template(one=kind), language)["one"]


@pytest.mark.parametrize(
    ("kind", "changes", "written"),
    [
        (Kind.WHEN, {}, "Wednesday 2 December 2026 at 09:30"),
        (Kind.WHEN, {"starts_precision": StartsPrecision.DAY}, "Wednesday 2 December 2026"),
        (Kind.PLACE, {}, "Main Hospital"),
        (Kind.PLACE, {"site": "Sexual Health Hub"}, "Main Hospital"),
        (Kind.PLACE, {"service_sensitive": True, "site": "Tower 4"}, "Main Hospital"),
        (Kind.PLACE, {"site": "HIV clinic", "generic_site": "HIV clinic"}, "Example NHS Trust"),
        (Kind.LINK, {"mode": Mode.VIDEO, "join_link_ref": LINK}, LINK),
        (Kind.LINK, {}, ""),
        (Kind.NAME, {}, ""),
    ],
)
def test_an_appointment_says(kind: Kind, changes: dict[str, Any], written: str) -> None:
    framed = case(known(Channel.SMS), appointment(TOMORROW, **changes))
    organisation = framed.policy.templates.organisation.name("en")
    assert filled(framed, kind) == (organisation if written == "Example NHS Trust" else written)


def test_welsh() -> None:
    assert filled(case(known(), appointment()), Kind.WHEN, "cy") == "dydd Mercher 2 Rhagfyr 2026 am 09:30"


def test_a_cancellation_names_the_time_that_the_recipient_knows() -> None:
    framed = case(known(), cancelled(TOMORROW + 3_600_000), told=appointment(TOMORROW))
    assert filled(framed, Kind.WHEN) == "Wednesday 2 December 2026 at 09:30"
    untold = case(known(), cancelled(TOMORROW + 3_600_000))
    assert filled(untold, Kind.WHEN) == "Wednesday 2 December 2026 at 10:30"


@pytest.mark.parametrize(
    ("given", "written"), [({"one": "Monday"}, "Monday"), ({}, ""), ({"other": "x"}, "")]
)
def test_a_request_brings_its_own_values(given: dict[str, str], written: str) -> None:
    framed = case(known(), request(Purpose.ADMIN_REPLY, parameters=given))
    assert filled(framed, Kind.NAME) == written
    assert filled(framed, Kind.WHEN) == written


def test_nothing_but_what_the_template_declares() -> None:
    framed = case(known(), request(Purpose.ADMIN_REPLY, parameters={"secret": "x"}))
    assert fill(framed, template(one=Kind.NAME), "en") == {"one": ""}
