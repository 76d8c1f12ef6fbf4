"""Which wording may carry a message: level, channel, language, needs, review date (4.6, E7, C189)."""

import pytest

from streams.domain.time import DAY
from streams.domain.vocabulary import Channel, Level, NeedKind, Purpose
from streams.policy.templates import Registry, Text
from tests.support.times import uk
from tests.support.wordings import Wording, registry

NOW = uk("Tue 01 Dec 2026 09:00")
GRACE = 30 * DAY
NOTHING = frozenset[NeedKind]()


def found(
    registry: Registry,
    level: Level = Level.L1,
    channel: Channel = Channel.SMS,
    language: str | None = "en",
    needs: frozenset[NeedKind] = NOTHING,
    at: int = NOW,
) -> str | None:
    template = registry.find(Purpose.APPT_CANCEL, level, channel, language, needs, at, GRACE)
    return None if template is None else template.id


WELSH = Wording(id="b-welsh", texts={"cy": Text("", "")})
PLAIN = Wording(id="a-plain")


def test_exactly_the_level_and_the_channel() -> None:
    one = registry(PLAIN, Wording(id="contact", level=Level.L0))
    assert found(one) == "a-plain"
    assert found(one, level=Level.L0) == "contact"
    assert found(one, level=Level.L2) is None
    assert found(one, channel=Channel.LETTER) is None


def test_levels_come_highest_first() -> None:
    one = registry(PLAIN, Wording(id="contact", level=Level.L0), Wording(id="other", level=Level.L2))
    assert one.levels(Purpose.APPT_CANCEL) == (Level.L2, Level.L1, Level.L0)
    assert one.levels(Purpose.RESULT_NORMAL) == ()


@pytest.mark.parametrize(
    ("language", "needs", "expected"),
    [
        ("cy", NOTHING, "b-welsh"),
        ("en", NOTHING, "a-plain"),
        (None, NOTHING, "a-plain"),
        ("pl", NOTHING, "a-plain"),  # English instead
        ("pl", frozenset({NeedKind.INTERPRETER}), None),  # but not when the language is a need
        ("cy", frozenset({NeedKind.INTERPRETER}), "b-welsh"),
    ],
)
def test_language(language: str | None, needs: frozenset[NeedKind], expected: str | None) -> None:
    assert found(registry(PLAIN, WELSH), language=language, needs=needs) == expected


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        (NOTHING, "standard"),
        ({NeedKind.LARGE_PRINT}, "standard"),
        ({NeedKind.EASY_READ}, "easy"),
        ({NeedKind.EASY_READ, NeedKind.LARGE_PRINT}, "easy"),
        ({NeedKind.BSL}, None),
        ({NeedKind.EASY_READ, NeedKind.BRAILLE}, None),
    ],
)
def test_needs_must_all_be_met(needs: set[NeedKind], expected: str | None) -> None:
    letters = {Channel.LETTER}
    standard = frozenset({NeedKind.LARGE_PRINT, NeedKind.BRAILLE, NeedKind.AUDIO})
    easy = frozenset({NeedKind.LARGE_PRINT, NeedKind.EASY_READ})
    one = registry(
        Wording(id="easy", channels=letters, formats={Channel.LETTER: easy}),
        Wording(id="standard", channels=letters, formats={Channel.LETTER: standard}),
    )
    assert found(one, channel=Channel.LETTER, needs=frozenset(needs)) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("Tue 30 Mar 2027 23:59:59.999", "wording"),
        ("Wed 31 Mar 2027 00:00", "wording"),  # due: C189, a warning
        ("Thu 29 Apr 2027 23:59:59.999", "wording"),
        ("Fri 30 Apr 2027 00:00", None),  # beyond the grace
    ],
)
def test_review_date_and_grace(at: str, expected: str | None) -> None:
    assert found(registry(Wording()), at=uk(at)) == expected


def test_without_a_review_date_it_is_not_used() -> None:
    undated = Wording(review_due=None)
    assert found(registry(undated)) is None
    assert not undated.template().is_in_date(NOW, GRACE)


def test_a_reference_names_id_version_and_content() -> None:
    ref = PLAIN.template().ref
    assert (ref.id, ref.version, ref.hash) == ("a-plain", 1, "0" * 16)


def test_text_falls_back_to_english() -> None:
    template = WELSH.template()
    assert template.text("cy") == Text("", "")
    assert template.text("pl") == template.texts["en"]
    assert template.languages == ("en", "cy")
