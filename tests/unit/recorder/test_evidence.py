"""What a message says of itself: an objection that covers it needs an answer on the message."""

import msgspec
import pytest

from streams.domain.records import ObjectionConsidered, Override
from streams.domain.vocabulary import Ground, Reason
from streams.recorder.evidence import unjustified
from tests.support.emitted import command
from tests.support.policies import policy


def override(reference: str, *people: str) -> Override:
    return Override(Ground.G3, Reason.OVERRIDE_STANDING, "O1", 1, people, reference, (), 0)


@pytest.mark.parametrize(
    ("covers", "chosen", "given", "counts"),
    [
        (False, Reason.PREFERRED, None, False),
        (True, Reason.PREFERRED, None, True),
        (True, Reason.EXCEPTION, None, False),
        (True, Reason.OVERRIDE_STANDING, override("", "dr-a"), False),
        (True, Reason.OVERRIDE_STANDING, override("policy:p1:G3"), False),
        (True, Reason.OVERRIDE_STANDING, override(""), True),
    ],
)
def test_what_an_objection_needs_on_the_message(
    covers: bool, chosen: Reason, given: Override | None, counts: bool
) -> None:
    sent = command(policy(), selection_reason=chosen, override=given)
    basis = msgspec.structs.replace(sent.basis, objections_considered=(ObjectionConsidered("O1", 1, covers),))
    assert unjustified(msgspec.structs.replace(sent, basis=basis)) is counts
