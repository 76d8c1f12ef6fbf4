"""Every code that a summary or an explanation may show has words."""

from streams.domain import vocabulary
from streams.domain.plain_words import CHANNELS, REASONS, ROLES, in_words, of_role
from streams.domain.vocabulary import SENDABLE, Channel, Reason


def test_every_reason_has_words() -> None:
    assert set(REASONS) == set(Reason)


def test_every_role_and_every_usual_channel_has_a_name() -> None:
    assert set(ROLES) == set(vocabulary.ROLES)
    assert set(CHANNELS) >= set(SENDABLE) - {Channel.IM_COMMERCIAL}


def test_a_code_of_a_later_version_is_at_least_readable() -> None:
    assert in_words("some_new_reason") == "some new reason"
    assert of_role("R-NEW") == "R-NEW"
