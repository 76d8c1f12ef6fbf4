"""The pictures of a bench run, as SVG; none where matplotlib (the extra ``bench``) is not installed."""

from pathlib import Path
from typing import Any, Final

from .session import Found

_HEED: Final = "#005eb8"
_PEER: Final = "#9aa5b1"


def draw(parts: Found, folder: Path) -> list[str]:
    """Draw what the parts allow; the names of the pictures."""
    try:
        import matplotlib as mpl
    except ImportError:
        return []
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "heed"  # the same figures give the same file
    mpl.rcParams["svg.fonttype"] = "none"
    mpl.rcParams["font.family"] = "sans-serif"
    folder.mkdir(exist_ok=True)
    names = []
    if "joins" in parts:
        _joins(parts["joins"], folder / "plain-join.svg")
        names.append("plain-join")
    if curves := _curves(parts):
        _latency(curves, folder / "latency.svg")
        names.append("latency")
    return names


def _save(figure: Any, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    # matplotlib leaves blanks at the ends of lines
    file.write_text("\n".join(line.rstrip() for line in file.read_text().splitlines()) + "\n")


def _joins(found: Found, file: Path) -> None:
    """Rates with their spread, and CPU beside them."""
    from matplotlib.figure import Figure

    rows = [row for row in reversed(found["engines"]) if row["rate"]["median"]]
    names = [f"{row['engine']}\n{row['guarantee'].partition(',')[0]}" for row in rows]
    colours = [_HEED if row["engine"] == "Heed" else _PEER for row in rows]
    figure = Figure(figsize=(10, 5))
    rate, cpu = figure.subplots(1, 2, sharey=True)
    for axes, key, title in (
        (rate, "rate", "events/s (median, range)"),
        (cpu, "cpu_us", "CPU microseconds an event"),
    ):
        values = [row[key]["median"] for row in rows]
        low = [row[key]["median"] - row[key]["least"] for row in rows]
        high = [row[key]["most"] - row[key]["median"] for row in rows]
        axes.barh(names, values, xerr=[low, high], color=colours, error_kw={"elinewidth": 1, "capsize": 3})
        for at, row in enumerate(rows):
            text = f"{row[key]['median']:,}"
            beside = {"xytext": (7, 0), "textcoords": "offset points", "va": "center", "fontsize": 8}
            axes.annotate(text, (row[key]["most"], at), **beside)
        axes.set_xlim(0, max(row[key]["most"] for row in rows) * 1.22)
        axes.set_title(title, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    figure.suptitle(f"Workload 1, the plain join: {found['events']:,} events, one process each", fontsize=11)
    _save(figure, file)


def _curves(parts: Found) -> dict[str, list[tuple[float, float]]]:
    found = {}
    if parts.get("latency", {}).get("sustainable"):
        for key, share in (("at_50", "50 %"), ("at_80", "80 %")):
            at = parts["latency"][key]
            found[f"Heed, full rules, {share} load ({at['rate']:,}/s)"] = at["curve"]
    for key, name in (("heed", "Heed"), ("kafka_streams", "Kafka Streams")):
        if key in parts.get("low_rate", {}):
            found[f"{name}, plain join, 2,000/s"] = parts["low_rate"][key]["curve"]
    return found


def _latency(curves: dict[str, list[tuple[float, float]]], file: Path) -> None:
    """Latency by percentile, the last per cents drawn wide."""
    import math

    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5))
    axes = figure.subplots()
    for name, curve in curves.items():
        style = "--" if "Streams" in name else "-"
        axes.plot(
            [-math.log10(1 - share / 100) for share, _ in curve], [ms for _, ms in curve], style, label=name
        )
    ticks = [0, 50, 90, 99, 99.9, 99.99]
    axes.set_xticks([-math.log10(1 - tick / 100) for tick in ticks], [f"{tick:g} %" for tick in ticks])
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylabel("milliseconds from schedule to visible decision")
    axes.set_xlabel("percentile")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, file)
