"""The clock: real, or the demo's day in minutes."""

import pytest

from streams.domain.time import HOUR, MINUTE
from streams.errors import BadUsage
from streams.settings import load
from streams.worker.clock import RealClock, SimulatedClock, clock_from, parse

START = "2026-10-13T07:30:00+01:00"
START_MS = 1_791_873_000_000


def test_a_shifted_clock_starts_where_it_was_told() -> None:
    real = RealClock().now()
    clock = parse(f"{START}@{real + HOUR}x240")
    assert clock.now() == START_MS  # stands still until the day begins


def test_a_shifted_clock_runs_as_fast_as_it_was_told() -> None:
    real = RealClock().now()
    clock = parse(f"{START}@{real - MINUTE}x240")
    assert START_MS + 240 * MINUTE <= clock.now() < START_MS + 240 * MINUTE + HOUR
    assert clock.real_seconds(4 * MINUTE) == 1.0


def test_a_shifted_clock_can_be_handed_to_another_process() -> None:
    clock = SimulatedClock(START_MS, 1_795_226_000_000, 240)
    again = parse(str(clock))
    assert str(again) == str(clock) == "2026-10-13T06:30:00.000+00:00@1795226000000x240"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-10-13T07:30:00@1795226000000x240",  # no zone
        f"{START}@1795226000000",
        f"{START}@1795226000000x0",
        f"{START}@1795226000000x1e9",
        f"{START}@1795226000000x999999",
        "yesterday@1795226000000x2",
    ],
)
def test_what_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadUsage, match="HEED_CLOCK: cannot read .* as 2026-10-13T07:30:00"):
        parse(text)


def test_without_a_setting_the_clock_is_the_machines() -> None:
    assert isinstance(clock_from(load(environ={})), RealClock)
