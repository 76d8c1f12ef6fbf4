"""The closed lists: how their members are looked up."""

from enum import EnumType, StrEnum

import pytest

from streams.domain.vocabulary import Channel, Reason


def test_members_are_found_without_the_hook_that_python_3_12_took_out() -> None:
    assert "__getattr__" not in vars(EnumType)
    assert Channel.SMS is Channel("sms")
    assert Channel["SMS"] is Channel.SMS


def test_a_name_that_no_list_has_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="NO_SUCH_REASON"):
        _ = Reason.NO_SUCH_REASON  # type: ignore[attr-defined]


def test_a_member_may_be_called_like_a_property_of_members() -> None:
    class Odd(StrEnum):
        value = "v"
        name = "n"

    assert [Odd.value, Odd.name] == ["v", "n"]
