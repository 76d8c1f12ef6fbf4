"""The page of results: tables and pictures between two markers of docs/benchmarks.md, written anew by every run."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from .session import Found
from .targets import Target, targets

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGIN: Final = "<!-- results: written by make bench, do not edit below -->"
END: Final = "<!-- results: end -->"


def write(whole: Found) -> None:
    """Draw the pictures, where matplotlib is installed, and replace what stands between the markers."""
    from . import plots

    drawn = plots.draw(whole["parts"], PAGE.parent / "benchmarks")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(placed(page, "\n\n".join(sections(whole, drawn))), encoding="utf-8")


def placed(page: str, body: str) -> str:
    """The page with ``body`` between its markers. Raises ValueError when it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{body}\n\n{END}{after}"


def sections(whole: Found, drawn: Sequence[str]) -> list[str]:
    """Every section of what was measured, in order; a part that was not run has none."""
    parts = whole["parts"]
    made = [_about(whole), _targets(targets(parts)), _others(parts)]
    made += [
        write(parts[name]) + _measured(parts[name]) for name, write in _SECTIONS.items() if name in parts
    ]
    if whole["failures"]:
        made.append("### Parts that failed\n\n" + _table(("Part", "Why"), whole["failures"].items()))
    pictures = [f"![{name.replace('-', ' ')}](benchmarks/{name}.svg)" for name in drawn]
    return [*made[:3], *pictures, *made[3:]]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _spread(found: Any) -> str:
    """Median, and the range of the runs; a figure of one run as it is."""
    if not isinstance(found, dict):
        return _cell(found)
    if found["median"] is None:
        return "-"
    if found["runs"] == 1:
        return _cell(found["median"])
    return f"{found['median']:,} ({found['least']:,} - {found['most']:,})"


def _about(whole: Found) -> str:
    machine, versions = whole["machine"], whole["versions"]
    ours = ", ".join(f"{name} {pinned}" for name, pinned in versions.items())
    return (
        f"`{whole['command']}`. Below each part stands when it was measured, and of which revision. The newest run was on "
        f"{whole['date']}: {machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}; load "
        f"average before it began: {machine['load_before']}.\n\n"
        f"Versions of the newest run: {ours}."
    )


def _measured(part: Found) -> str:
    """When a part was measured, and of which revision; the parts of a file need not be of one day."""
    at = part.get("measured")
    if at is None:
        return ""
    day = date.fromisoformat(at["date"][:10])
    return f"\n\n*Measured {day.day} {day:%B %Y}, revision {at['revision']}.*"


def _targets(found: Sequence[Target]) -> str:
    rows = [
        (one.name, f"{_cell(one.value)} {one.unit}" if one.value is not None else "not measured", one.target,
         f"**{one.verdict().lower()}**" if one.met is False else one.verdict())
        for one in found
    ]  # fmt: skip
    asked = [one for one in found if one.asked]
    met, unshown = sum(one.met is True for one in asked), sum(one.met is None for one in asked)
    head = f"### Targets: {met} of {len(asked)} met" + (f", {unshown} not shown" if unshown else "") + "\n\n"
    return head + _table(("Target", "Measured", "Wanted", ""), rows)


def _others(parts: Found) -> str:
    """What else went on: without it nobody could tell a slow engine from a busy machine."""
    cores = [f"{name} {part['others_cores']}" for name, part in parts.items() if "others_cores" in part]
    return "Cores taken by other work meanwhile, on average: " + ", ".join(cores) + "."


def _joins(found: Found) -> str:
    rows: list[tuple[object, ...]] = [
        (row["engine"], row["guarantee"], _spread(row["rate"]), _spread(row["cpu_us"]), _spread(row["rss_mb"]),
         row["heed_is"], row["heed_cpu_is"], "; ".join(row["problems"]) or "all there, in order")
        for row in found["engines"]
    ]  # fmt: skip
    head: tuple[str, ...] = (
        "Engine", "Guarantee", "Events/s", "CPU us an event", "MB", "Heed is, by rate", "by CPU", "Output",
    )  # fmt: skip
    text = f"### Workload 1 against peers, {found['events']:,} events\n\n" + _table(head, rows)
    for name, why in found["absent"].items():
        text += f"\n\n{name} took no part: it {why}."
    return text


def _long_joins(found: Found) -> str:
    figures = ("whole", "warm", "cpu_us", "warm_cpu_us", "rss_mb")
    rows = [
        (name, *(_spread(found[key][figure]) for figure in figures), "; ".join(found[key]["problems"]))
        for name, key in (("Heed", "heed"), ("Kafka Streams", "kafka_streams"))
    ]
    head = (
        "Engine",
        f"First {found['events']:,}, events/s",
        "After them",
        "CPU us",
        "CPU us, warm",
        "MB",
        "Problems",
    )
    return "### A longer run of workload 1, Heed and Kafka Streams\n\n" + _table(head, rows)


def _days(found: Found) -> str:
    kinds = {"W2, settle 0": found["settle_0"], "W3, settle 30 s": found["settle_30"]}
    columns = ("rate", "cpu_us", "rss_mb", "wakes", "decisions", "overdue")
    rows = [
        (
            name,
            *(_spread(of.get(figure)) for figure in columns),
            of.get("fail_closed"),
            "; ".join(of.get("problems", ["not looked at"])) or "every record decided",
        )
        for name, of in kinds.items()
    ]
    head = (
        "Workload", "Events/s", "CPU us an event", "MB", "Wakes", "Decisions, the day before too", "Holds overdue",
        "Fail-closed", "Output",
    )  # fmt: skip
    text = f"### The hospital day with the full rules, {found['events']:,} events\n\n" + _table(head, rows)
    for name, of in kinds.items():
        if outcomes := of.get("outcomes"):
            text += f"\n\nWhat {name} came to: " + ", ".join(
                f"{n} {count:,}" for n, count in outcomes.items()
            )
    return text


def _latency(found: Found) -> str:
    title = "### Latency of the hospital day, from schedule to visible decision\n\n"
    tried = ", ".join(
        f"{one['rate']:,}/s (lag grows by {_share(one['lag_slope'])})" for one in found["tried"]
    )
    if not found["sustainable"]:
        return f"{title}No rate was sustained, so latency at half of it was not measured. Tried: {tried}."
    rows = [
        (f"{share} of it", at["rate"], at["seconds"], at["p50"], at["p90"], at["p99"], at["p999"], at["largest"],
         f"{at['cpu_share']:.0%}", _share(at["lag_slope"]), at["counted"], at["undecided"], at.get("waiting"))
        for share, at in (("50 %", found["at_50"]), ("80 %", found["at_80"]))
    ]  # fmt: skip
    head = (
        "Load",
        "Events/s",
        "Seconds",
        "p50 ms",
        "p90",
        "p99",
        "p99.9",
        "Largest",
        "CPU",
        "Lag grows by",
        "Timed",
        "Without a decision",
        "Of them waiting",
    )
    sustained = f"Sustainable: {found['sustainable']:,} events/s. Tried: {tried}.\n\n"
    return title + sustained + _table(head, rows)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _low_rate(found: Found) -> str:
    rows = [
        (name, *(_spread(found[key][figure]) for figure in ("p50", "p99", "p999", "cpu_share", "rss_mb")),
         len(found[key]["stalls"]))
        for name, key in (("Heed", "heed"), ("Kafka Streams", "kafka_streams")) if key in found
    ]  # fmt: skip
    head = ("Engine", "p50 ms", "p99 ms", "p99.9 ms", "Cores", "MB", "Stalls")
    title = f"### Workload 1 at {found['rate']:,} events/s, {found['patients']:,} patients\n\n"
    return title + _table(head, rows)


def _stalls(found: Found) -> str:
    said = ", ".join(f"{length:.0f} ms after {at:.0f} s" for at, length in found["stalls"]) or "none"
    return (
        f"### Stalls over 300 ms in {found['seconds']:.0f} s at {found['rate']:,} events/s\n\n"
        f"{said}. p50 {found['p50']} ms, p99.9 {found['p999']} ms, largest {found['largest']} ms."
    )


#: Of everything that is compared with its first row: the column, and the figure in it, which earlier files may not have.
_COMPARED: Final = {
    "Events/s": "rate",
    "CPU us an event": "cpu_us",
    "MB, all together": "rss_mb",
    "Seconds to the first decision": "started_s",
    "Rate against the first": "rate_is",
    "CPU against the first": "cpu_is",
}


def _compared(title: str, noun: str, what: str) -> Callable[[Found], str]:
    def section(found: Found) -> str:
        there = {head: figure for head, figure in _COMPARED.items() if figure in found["rows"][0]}
        rows = [
            (row[noun], *(_spread(row[figure]) for figure in there.values()), "; ".join(row["problems"]))
            for row in found["rows"]
        ]
        return f"### Workload 1 and {title}\n\n" + _table((what, *there, "Problems"), rows)

    return section


def _restore(found: Found) -> str:
    return (
        f"### Restore\n\n{found['records']:,} changelog records of {found['patients']:,} patients ({found['table_mb']:,} MB) in "
        f"{found['restore_seconds']} s: {found['records_per_second']:,} records/s; {found['when_ready']['rss_mb']:,} MB resident."
    )


def _failover(found: Found) -> str:
    rows = [
        (what, _spread(found[key]["longest_s"]), found[key]["undecided"])
        for what, key in (("killed (SIGKILL)", "killed"), ("stopped (SIGTERM)", "stopped"))
    ]
    return "### One of two workers goes, at 1,000 events/s\n\n" + _table(
        ("It was", "Longest wait for a decision, s", "Events without one"), rows
    )


def _pure_cost(found: Found) -> str:
    rows = [(row["step"], row["us"], row["budget_us"], row["instructions"]) for row in found["rows"]]
    head = ("Step", "CPU us", "Budget", "Python instructions")
    return f"### Steps of one event, patient of {found['state_bytes']} bytes\n\n" + _table(head, rows)


def _profile(found: Found) -> str:
    text = ""
    for title, key in (("workload 1", "join"), ("workload 2", "day")):
        rows = [(part, f"{share:.1f} %") for part, share in found[key]["parts"]]
        text += f"### Profile of {title}\n\n" + _table(("Part", "Share"), rows) + "\n\n"
    return text.strip()


_SECTIONS: Final[dict[str, Callable[[Found], str]]] = {
    "joins": _joins,
    "long_joins": _long_joins,
    "days": _days,
    "latency": _latency,
    "low_rate": _low_rate,
    "stalls": _stalls,
    "tables": _compared("the size of the table", "patients", "Patients in the table"),
    "backlogs": _compared("what waits when the worker starts", "waiting", "Events waiting"),
    "partitions": _compared("the number of partitions", "partitions", "Partitions"),
    "processes": _compared("the number of processes", "processes", "Processes"),
    "restore": _restore,
    "failover": _failover,
    "pure_cost": _pure_cost,
    "profile": _profile,
}
