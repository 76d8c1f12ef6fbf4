"""Contact details and NHS numbers: the form only."""

import pytest

from streams.domain.addresses import is_well_formed, same_place
from streams.domain.nhs_number import is_valid, normalised
from streams.domain.vocabulary import Channel


@pytest.mark.parametrize(
    ("channel", "value", "usable"),
    [
        (Channel.SMS, "07700900123", True),
        (Channel.SMS, "+447700900123", True),
        (Channel.SMS, "0044 7700 900-123", True),
        (Channel.SMS, "(07700) 900123", True),
        (Channel.SMS, "020 7946 0000", False),  # a landline (C149)
        (Channel.SMS, "+33 6 12 34 56 78", False),  # abroad
        (Channel.SMS, "07000 900123", False),  # a personal number
        (Channel.SMS, "07600 900123", False),  # a pager
        (Channel.SMS, "0900 123 4567", False),  # premium rate
        (Channel.SMS, "0770090012", False),
        (Channel.SMS, "077009001234", False),
        (Channel.SMS, "07700900123;07700900124", False),
        (Channel.SMS, "0770090012\u0663", False),  # digits of another script
        (Channel.EMAIL, "ada@example.org", True),
        (Channel.EMAIL, "a.b+c@sub.example.org", True),
        (Channel.EMAIL, "a@x.org; b@x.org", False),  # C150
        (Channel.EMAIL, "a@x.org,b@x.org", False),
        (Channel.EMAIL, "a@x.org\nBcc: b@x.org", False),
        (Channel.EMAIL, "Ada <ada@example.org>", False),
        (Channel.EMAIL, "ada@example", False),
        (Channel.NHS_APP, "999 054 8609", True),
        (Channel.NHS_APP, "9990548608", False),
        (Channel.LETTER, "1 Test Street, Leeds, LS1 4AP", True),
        (Channel.LETTER, "1 Test Street\nLeeds LS1 4AP", True),
        (Channel.LETTER, "Leeds LS1 4AP", False),
        (Channel.LETTER, "1 Test Street, Leeds", False),
        (Channel.PHONE_HUMAN, "01632 960 001", True),
        (Channel.PHONE_HUMAN, "", False),
    ],
)
def test_well_formed(channel: Channel, value: str, usable: bool) -> None:
    assert is_well_formed(channel, value) is usable


@pytest.mark.parametrize(
    ("channel", "one", "other", "same"),
    [
        (Channel.SMS, "07700 900123", "+44 7700 900123", True),
        (Channel.SMS, "07700 900123", "0044-7700-900123", True),
        (Channel.SMS, "07700 900123", "07700 900124", False),
        (Channel.EMAIL, "Ada@Example.org", "ada@example.org ", True),
        (Channel.EMAIL, "ada@example.org", "adb@example.org", False),
        (Channel.NHS_APP, "999 054 8609", "9990548609", True),
        (Channel.LETTER, "1 Test Street, Leeds, LS1 4AP", "1 test street Leeds\nLS1 4AP", True),
        (Channel.LETTER, "1 Test Street, Leeds, LS1 4AP", "2 Test Street, Leeds, LS1 4AP", False),
    ],
)
def test_the_same_place(channel: Channel, one: str, other: str, same: bool) -> None:
    assert (same_place(channel, one) == same_place(channel, other)) is same


def test_the_same_text_on_another_channel_is_another_place() -> None:
    assert same_place(Channel.SMS, "07700900123") != same_place(Channel.PHONE_HUMAN, "07700900123")


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("9990548609", True),
        ("9434765919", True),
        ("9000000009", True),
        (" 999 054 8609 ", True),
        ("9990548600", False),
        ("999054860", False),
        ("99905486090", False),
        ("9990548O09", False),
        ("\u0669990548609", False),
        ("9990548611", False),
        ("", False),
    ],
)
def test_check_digits(number: str, valid: bool) -> None:
    assert is_valid(number) is valid


def check_digit(head: str) -> int:
    """The rule of the data dictionary, written as it says: weights 10 to 2, eleven minus the remainder."""
    weighed = sum(int(digit) * weight for digit, weight in zip(head, range(10, 1, -1), strict=True))
    left = 11 - weighed % 11
    return 0 if left == 11 else left


def test_a_computed_digit_of_ten_is_never_valid() -> None:
    """C062: one head in eleven has no number at all."""
    heads = [str(head) for head in range(999_000_000, 999_000_500)]
    for head in heads:
        valid = [digit for digit in range(10) if is_valid(f"{head}{digit}")]
        assert valid == ([check_digit(head)] if check_digit(head) != 10 else [])
    assert 30 < sum(check_digit(head) == 10 for head in heads) < 60


def test_spaces_are_taken_out() -> None:
    assert normalised("999 054 8609") == "9990548609"
