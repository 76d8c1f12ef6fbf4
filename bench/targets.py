"""The targets of a bench run, and whether what was found meets them."""

from operator import ge, le
from typing import Any, Final

import msgspec

from .joins import against_best_python, against_faust, rate_of_heed
from .low_rate import RATE
from .session import Found, middle, ratio

#: Without a stall for so long: the target's ten minutes.
STALL_S: Final = 600
#: What is said of a target of which nothing is asked.
REPORTED: Final = "reported"


class Target(msgspec.Struct, frozen=True):
    """One line at the end of a run. ``value`` None: the part that measures it failed, so it is not met.

    ``met`` None: neither met nor missed, and ``instead`` says what it is: it is reported and nothing is asked of it,
    or what was measured cannot show it.
    """

    name: str
    value: float | None
    unit: str
    target: str
    met: bool | None
    instead: str = ""

    @property
    def asked(self) -> bool:
        return self.instead != REPORTED

    def verdict(self) -> str:
        return {True: "met", False: "MISSED", None: self.instead}[self.met]

    def line(self) -> str:
        value = "not measured" if self.value is None else f"{self.value:,g} {self.unit}".strip()
        return f"{self.name}: {value} (target: {self.target}) {self.verdict()}"

    def entry(self) -> Found:
        """As it stands in the results file."""
        return {name: getattr(self, name) for name in ("name", "value", "unit", "target", "met")}


def _at_least(name: str, value: float | None, least: float, unit: str = "x") -> Target:
    return Target(name, value, unit, f"at least {least:,g} {unit}", value is not None and ge(value, least))


def _at_most(name: str, value: float | None, most: float, unit: str = "x") -> Target:
    return Target(name, value, unit, f"at most {most:,g} {unit}", value is not None and le(value, most))


def _of(found: Any, *path: str) -> Any:
    """A figure somewhere inside; None where a part is missing."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def targets(found: Found) -> list[Target]:
    """Every target of the project, in the order in which they were set."""
    return [*_throughput(found), *_latency(found), *_low_rate(found), *_rest(found)]


def _throughput(found: Found) -> list[Target]:
    joins = found.get("joins")
    best, which = against_best_python(joins) if joins else (None, "none")
    w1 = rate_of_heed(joins) if joins else None
    w2, w3 = (
        _of(found, "days", "settle_0", "rate", "median"),
        _of(found, "days", "settle_30", "rate", "median"),
    )
    jvm = {
        when: ratio(
            _of(found, "long_joins", "heed", when, "median"),
            _of(found, "long_joins", "kafka_streams", when, "median"),
        )
        for when in ("whole", "warm")
    }
    return [
        _at_least(f"W1 against the best Python peer ({which})", best, 1.3),
        _at_least("W1 against a stock Faust agent with Table", against_faust(joins) if joins else None, 12),
        _at_least("W2, full rules", w2, 40_000, "events/s"),
        _at_least("W2 as a share of W1", ratio(w2, w1), 0.45),
        _at_least("W3, with holds, as a share of W2", ratio(w3, w2), 0.6),
        _at_most("CPU per event, W2", _of(found, "days", "settle_0", "cpu_us", "median"), 25, "us"),
        _at_least(
            f"W1 against Kafka Streams, whole run of {_of(found, 'long_joins', 'events') or 1_000_000:,}",
            jvm["whole"],
            1.0,
        ),
        _at_least("W1 against Kafka Streams, warm", jvm["warm"], 0.6),
    ]


def _latency(found: Found) -> list[Target]:
    """Of half the rate that is sustained: where none is, half of another one is no measure of it."""
    half = _of(found, "latency", "at_50") if _of(found, "latency", "sustainable") else None
    return [
        _at_most(f"latency at half load, {name}", _of(half, figure), most, "ms")
        for name, figure, most in (("p50", "p50", 20), ("p99", "p99", 100), ("p99.9", "p999", 300))
    ]


def _low_rate(found: Found) -> list[Target]:
    heed, jvm = (_of(found, "low_rate", name) for name in ("heed", "kafka_streams"))
    at = f"at {RATE:,} events/s"
    return [
        *(
            _at_most(
                f"{name} {at} against Kafka Streams",
                ratio(_of(heed, name, "median"), _of(jvm, name, "median")), most,
            )
            for name, most in (("p50", 0.4), ("p99", 0.7))
        ),
        _at_most(f"CPU {at}, 10,000 patients", _of(heed, "cpu_share", "median"), 0.25, "cores"),
        _at_most(f"memory {at}, 10,000 patients", _of(heed, "rss_mb", "median"), 100, "MB"),
        _no_stalls(found.get("stalls"), at),
    ]  # fmt: skip


def _no_stalls(found: Found | None, at: str) -> Target:
    """A stall is a miss whenever it comes; that there is none is shown by the whole ten minutes only."""
    wanted = f"none in {STALL_S} s, or explained"
    if found is None:
        return Target(f"stalls over 300 ms {at}", None, "", wanted, False)
    seconds, count = found["seconds"], len(found["stalls"])
    name = f"stalls over 300 ms in {seconds:.0f} s {at}"
    if count or seconds >= STALL_S:
        return Target(name, count, "", wanted, not count)
    return Target(name, count, "", wanted, None, f"not shown: {seconds:.0f} of {STALL_S} s")


def _rest(found: Found) -> list[Target]:
    return [
        _at_least("restore", _of(found, "restore", "records_per_second"), 200_000, "records/s"),
        _at_least("rate with 1,000,000 patients against 1,000", _against_first(found, "tables", 1_000_000), 0.85),
        Target("two processes against one", _against_first(found, "processes", 2), "x",
               "reported with what limits it", None, REPORTED),
    ]  # fmt: skip


def _against_first(found: Found, part: str, what: int) -> float | None:
    """The rate of a row as a multiple of the first's: the median of the rounds, each for itself.

    Parts measured before that was written down have medians only.
    """
    rows = _of(found, part, "rows") or []
    row = next((row for row in rows if what in (row.get("patients"), row.get("processes"))), None)
    if row is None or "rate_is" in row:
        return None if row is None else _of(row, "rate_is", "median")
    return ratio(middle(row["rate"]), middle(rows[0]["rate"]))
