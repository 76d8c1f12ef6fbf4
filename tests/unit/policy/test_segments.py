"""C183, C184: how many parts a text message needs."""

import pytest

from streams.policy.segments import Encoding, count, outside_gsm


@pytest.mark.parametrize(
    ("text", "encoding", "length", "parts"),
    [
        ("", Encoding.GSM7, 0, 1),
        ("x" * 160, Encoding.GSM7, 160, 1),
        ("x" * 161, Encoding.GSM7, 161, 2),
        ("x" * 306, Encoding.GSM7, 306, 2),
        ("x" * 307, Encoding.GSM7, 307, 3),
        ("€" * 80, Encoding.GSM7, 160, 1),  # an escape and a character each
        ("€" * 81, Encoding.GSM7, 162, 2),
        # 153 septets hold 76 euro signs: the 77th is not split, so 153 of them need a third part
        ("€" * 152, Encoding.GSM7, 304, 2),
        ("€" * 153, Encoding.GSM7, 306, 3),
        ("O'Brien", Encoding.GSM7, 7, 1),
        ("Zoë", Encoding.UCS2, 3, 1),
        ("ŵ" * 70, Encoding.UCS2, 70, 1),
        ("ŵ" * 71, Encoding.UCS2, 71, 2),
        ("李" * 67 + "李" * 67, Encoding.UCS2, 134, 2),
        ("😀" * 35, Encoding.UCS2, 70, 1),
        ("😀" * 66, Encoding.UCS2, 132, 2),
        ("😀" * 67, Encoding.UCS2, 134, 3),  # 33 a part: a pair is not split
        ("dŵr" + "x" * 66, Encoding.UCS2, 69, 1),
    ],
)
def test_parts(text: str, encoding: Encoding, length: int, parts: int) -> None:
    found = count(text)
    assert (found.encoding, found.length, found.parts) == (encoding, length, parts)


def test_the_characters_that_cost_are_named_once() -> None:
    assert outside_gsm("dŵr, tŷ, dŵr £ é à") == "ŵŷ"
