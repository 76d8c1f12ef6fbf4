"""C180, C181, C183, C184, C186: what may be put into a placeholder."""

import pytest

from streams.policy.parameters import BadParameter, Kind, clean, neutral_place, say_when
from tests.support.times import uk
from tests.support.wordings import TERMS


@pytest.mark.parametrize(
    ("kind", "value", "cleaned"),
    [
        (Kind.PLACE, "Main Hospital", "Main Hospital"),
        (
            Kind.PLACE,
            "{{patient.dob}} %s ${x} {% if %}",
            "{{patient.dob}} %s ${x} {% if %}",
        ),  # C180: text, not code
        (Kind.PLACE, "  Ward\t3,\nLevel 2 ", "Ward 3, Level 2"),
        (Kind.PLACE, "Ty\u0302 Bryn", "Tŷ Bryn"),  # composed
        (Kind.PLACE, "Main\x00 Hos\u200bpital\x07", "Main Hospital"),
        (Kind.NAME, "O'Brien", "O'Brien"),
        (Kind.NAME, "Zoë", "Zoë"),
        (Kind.NAME, "Siân", "Siân"),
        (Kind.NAME, "李小龍", "李小龍"),
        (Kind.NAME, "می\u200cخواهم", "می\u200cخواهم"),  # a joiner that the script needs
        (Kind.NAME, "<script>alert(1)</script>", "<script>alert(1)</script>"),  # escaped where it is shown
        (Kind.LINK, "https://video.example.org/room/a-1", "https://video.example.org/room/a-1"),
        (Kind.PHONE, "01632 960 001", "01632 960 001"),
        (Kind.PHONE, "111", "111"),
        (Kind.WHEN, "Thursday 3 December 2026 at 09:30", "Thursday 3 December 2026 at 09:30"),
        (Kind.FREE_TEXT, "Please bring nothing.", "Please bring nothing."),
    ],
)
def test_cleaned(kind: Kind, value: str, cleaned: str) -> None:
    assert clean(kind, value) == cleaned


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (Kind.PLACE, "Call 01632 960 001", "telephone number"),  # C181
        (Kind.PLACE, "Room +44 7700 900123", "telephone number"),
        (Kind.PLACE, "https://example.org", "web address"),
        (Kind.PLACE, "see www.example.com", "web address"),
        (Kind.PLACE, "evil.example.org", "web address"),
        (Kind.NAME, "nhs.uk", "web address"),
        (Kind.PLACE, "Main \u202elatipsoH", "direction"),  # C183
        (Kind.NAME, "\u2066x", "direction"),
        (Kind.PLACE, " \x00\u200b ", "nothing is left"),
        (Kind.PLACE, "x" * 61, "longer than 60"),
        (Kind.LINK, "http://example.org", "a link is https"),
        (Kind.LINK, "https://example.org/?id=9990548609", "a link is https"),
        (Kind.LINK, "javascript:alert(1)", "a link is https"),
        (Kind.PHONE, "call us", "not a number"),
    ],
)
def test_refused_without_repeating_the_value(kind: Kind, value: str, why: str) -> None:
    with pytest.raises(BadParameter, match=why) as refused:
        clean(kind, value)
    assert value.strip() not in str(refused.value)


def test_a_template_may_ask_for_less() -> None:
    assert clean(Kind.PLACE, "x" * 20, longest=20) == "x" * 20
    with pytest.raises(BadParameter, match="longer than 20"):
        clean(Kind.PLACE, "x" * 21, longest=20)


@pytest.mark.parametrize(
    ("site", "generic", "sensitive", "place"),
    [
        ("Main Hospital", "The Trust", False, "Main Hospital"),
        ("Main Hospital", "The Trust", True, "The Trust"),  # 4.4
        ("Sexual Health Hub", "Main Hospital", False, "Main Hospital"),  # C186
        ("Sexual Health Hub", "GUM clinic", False, None),
        ("Main Hospital", "", True, None),
        ("Call 01632 960 001", "Main Hospital", False, "Main Hospital"),
    ],
)
def test_neutral_place(site: str, generic: str, sensitive: bool, place: str | None) -> None:
    assert neutral_place(site, generic, sensitive=sensitive, terms=TERMS) == place


@pytest.mark.parametrize(
    ("moment", "language", "text"),
    [
        ("Thu 03 Dec 2026 09:30", "en", "Thursday 3 December 2026 at 09:30"),
        ("Thu 03 Dec 2026 09:30", "cy", "dydd Iau 3 Rhagfyr 2026 am 09:30"),
        ("Mon 01 Jun 2026 00:05", "en", "Monday 1 June 2026 at 00:05"),  # 23:05 UTC the day before
        ("Mon 01 Jun 2026 14:00", "ur", "Monday 1 June 2026 at 14:00"),
        ("Sun 25 Oct 2026 01:30 GMT", "en", "Sunday 25 October 2026 at 01:30"),
    ],
)
def test_say_when(moment: str, language: str, text: str) -> None:
    assert say_when(uk(moment), language) == text


def test_say_when_of_a_day_without_a_time() -> None:
    assert say_when(uk("Thu 03 Dec 2026 00:00"), "en", whole_day=True) == "Thursday 3 December 2026"
