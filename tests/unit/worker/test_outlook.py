"""Which roles nobody covers, now or soon; and what is shown of channels, as long as it is so."""

import msgspec
import pytest
from prometheus_client import REGISTRY

from streams.domain.shard import Circuit, ShardState
from streams.domain.time import DAY, HOUR, MINUTE
from streams.domain.vocabulary import Channel
from streams.policy.load import default_path, load_overrides, read
from streams.policy.model import Absence, RoleCover
from streams.worker.outlook import show, uncovered

NOW = 1_790_000_000_000


def cover(*absences: Absence) -> RoleCover:
    return RoleCover("ann", ("bob",), "cat", "", absences)


def away(person: str, start: int, end: int) -> Absence:
    return Absence(person, NOW + start, NOW + end)


@pytest.mark.parametrize(
    ("absences", "now", "within_a_day"),
    [
        ((), False, False),
        ((away("ann", -HOUR, HOUR), away("bob", -HOUR, HOUR)), False, False),  # the lead is there
        ((away("ann", -HOUR, HOUR), away("bob", -HOUR, HOUR), away("cat", -HOUR, HOUR)), True, True),
        (
            (away("ann", HOUR, 5 * HOUR), away("bob", 0, 3 * HOUR), away("cat", 2 * HOUR, 4 * HOUR)),
            False,
            True,
        ),
        ((away("ann", 2 * DAY, 3 * DAY), away("bob", 0, 3 * DAY), away("cat", 0, 3 * DAY)), False, False),
        ((away("ann", -HOUR, 0), away("bob", -HOUR, 0), away("cat", -HOUR, 0)), False, False),  # just back
    ],
)
def test_a_role_is_covered_while_one_of_its_chain_is_there(
    absences: tuple[Absence, ...], now: bool, within_a_day: bool
) -> None:
    assert uncovered(cover(*absences), NOW, 0) is now
    assert uncovered(cover(*absences), NOW, DAY) is within_a_day


def of_sms(metric: str) -> float | None:
    return REGISTRY.get_sample_value(metric, {"channel": "sms"})


def test_a_closed_channel_is_shown_only_while_its_shard_is_here() -> None:
    """Where the shard has moved the channel may be open again: this worker would say for ever that it is closed."""
    policy = load_overrides(read(default_path()), {})
    here = ShardState(circuits={Channel.SMS: Circuit((), NOW + MINUTE)})
    show(policy, [here, ShardState()], NOW)
    assert of_sms("heed_channel_circuit_open") == 1
    show(policy, [here], NOW + MINUTE)
    assert of_sms("heed_channel_circuit_open") == 0
    show(policy, [here], NOW)
    show(policy, [ShardState()], NOW)
    assert of_sms("heed_channel_circuit_open") is None


def test_a_channel_that_is_taken_out_of_use_has_no_approval_that_ends() -> None:
    policy = load_overrides(read(default_path()), {})
    sms = msgspec.structs.replace(policy.channels[Channel.SMS], enabled=True, review_due=NOW + DAY)
    for enabled, shown in ((True, (NOW + DAY) / 1_000), (False, None)):
        channels = {**policy.channels, Channel.SMS: msgspec.structs.replace(sms, enabled=enabled)}
        show(msgspec.structs.replace(policy, channels=channels), [], NOW)
        assert of_sms("heed_channel_review_due_timestamp_seconds") == shown
