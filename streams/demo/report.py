"""The summary of a day, for somebody who runs a hospital and has never heard of a partition."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from streams.demo.account import Account
from streams.demo.checks import Check
from streams.demo.honoured import Honoured
from streams.domain.plain_words import CHANNELS, KINDS, in_words, of_role

_OUTCOMES: Final = (
    ("SEND", "told by\nmessage"),
    ("ESCALATE", "given to\nstaff"),
    ("SUPPRESS", "no message\nneeded"),
    ("QUARANTINE", "set aside,\nunreadable"),
    ("HOLD", "still\nwaiting"),
)
_PRIORITIES: Final = (
    ("P0", "at\nonce"),
    ("P1", "within an\nhour or two"),
    ("P2", "same or\nnext day"),
    ("P3", "in two\ndays"),
    ("P4", "in five\ndays"),
)
_WIDTH: Final = 100
_REASONS_SHOWN: Final = 8


class Summary(msgspec.Struct):
    """Everything the summary says; as JSON with ``--json``."""

    title: str
    seed: int
    patients: int
    events: int
    eve: Account
    day: Account
    objections: Honoured
    checks: list[Check]
    holds: bool
    outcome_fingerprint: str
    real_seconds: float
    topic_prefix: str
    restarts: int = 0


def show(summary: Summary, console: Console) -> None:
    """Print the summary."""
    console.print()
    console.rule(f"[bold]{summary.title}")
    _what_came(summary, console)
    console.print(_outcomes(summary.day))
    _messages(summary.day, console)
    if summary.day.tasks:
        console.print(_tasks(summary.day))
    for title, reasons in (
        ("What staff were asked for", summary.day.task_reasons),
        ("No message was needed because", summary.day.reasons.get("SUPPRESS", {})),
        ("Set aside as unreadable; the originals are kept", summary.day.dead_letters),
        ("Still waiting at the end of the day", summary.day.reasons.get("HOLD", {})),
    ):
        if reasons:
            console.print(_reasons(title, reasons))
    _objections(summary.objections, console)
    show_checks(summary.checks, console)
    console.print(
        f"\n  Outcome fingerprint [bold]{summary.outcome_fingerprint}[/]: the same whenever and wherever this day is run with this policy."
    )


def _what_came(summary: Summary, console: Console) -> None:
    kinds = summary.day.by_kind
    came = ", ".join(
        f"{sum(kinds[kind].values()):,} {KINDS[kind].lower()}" for kind in KINDS if kind in kinds
    )
    console.print(f"\n  {summary.patients:,} patients; decided on the day: {came}.")
    console.print(
        f"  The day before, {sum(summary.eve.outcomes.values()):,} bookings had been decided"
        f" and {summary.eve.commands:,} messages about them sent.\n"
    )


def _outcomes(account: Account) -> Table:
    table = _table("What became of it", [head for _, head in _OUTCOMES] + ["all"])
    for kind, title in KINDS.items():
        if kind in account.by_kind:
            row = account.by_kind[kind]
            table.add_row(title, *_figures(row, _OUTCOMES), f"{sum(row.values()):,}")
    table.add_section()
    total = f"{sum(account.outcomes.values()):,}"
    table.add_row("All requests", *_figures(account.outcomes, _OUTCOMES), total, style="bold")
    return table


def _messages(account: Account, console: Console) -> None:
    ways = " · ".join(
        f"{count:,} by {CHANNELS.get(channel, channel)}"
        for channel, count in sorted(account.channels.items(), key=lambda item: -item[1])
    )
    console.print(f"  {account.commands:,} messages: {ways}.")
    console.print(
        f"  Half of the patients told were told within {account.seconds_to_tell:.0f} s of the hospital's day after the"
        f" change;\n  the machine took {account.milliseconds_to_decide:.0f} ms (median) to take up a piece of news.\n"
    )


def _tasks(account: Account) -> Table:
    table = _table("Given to staff: who, and how soon", [head for _, head in _PRIORITIES] + ["all"])
    rows = sorted(account.tasks_by_role.items(), key=lambda item: -sum(item[1].values()))
    for role, row in rows:
        table.add_row(of_role(role), *_figures(row, _PRIORITIES), f"{sum(row.values()):,}")
    table.add_section()
    ended = account.tasks_ended.get("CLOSED", 0) + account.tasks_ended.get("SUPERSEDED", 0)
    total: dict[str, int] = {}
    for _, row in rows:
        for priority, count in row.items():
            total[priority] = total.get(priority, 0) + count
    table.add_row("All tasks", *_figures(total, _PRIORITIES), f"{account.tasks:,}", style="bold")
    table.caption = f"{ended:,} of {account.tasks:,} were dealt with or overtaken by the end of the day"
    return table


def _reasons(title: str, reasons: Mapping[str, int]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, show_header=False, padding=(0, 1)
    )
    table.add_column(justify="right", min_width=8)
    table.add_column()
    ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    for reason, count in ranked[:_REASONS_SHOWN]:
        table.add_row(f"{count:,}", in_words(reason))
    if len(ranked) > _REASONS_SHOWN:
        rest = ranked[_REASONS_SHOWN:]
        table.add_row(f"{sum(count for _, count in rest):,}", f"for {len(rest)} other reasons")
    table.add_row("", "")
    return table


def _objections(objections: Honoured, console: Console) -> None:
    console.print("[bold]Objections")
    console.print(
        f"  {objections.patients_before:,} patients objected to something when the day began, {objections.patients_after:,}"
        f" when it ended.\n  {objections.requests:,} requests touched what somebody objects to:"
    )
    for how, count in objections.met.items():
        console.print(f"  {count:>8,} {how}")


def show_checks(checks: Sequence[Check], console: Console) -> None:
    """Print what was checked, and where it does not hold."""
    console.print("\n[bold]Do the sums come out?")
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(width=6, justify="right")
    table.add_column(ratio=1)
    for check in checks:
        table.add_row("[green]yes[/]" if check.holds else "[bold red]NO[/]", check.says)
        table.add_row("", f"[dim]{check.figures}")
        for where in check.where:
            table.add_row("", f"[red]{where}")
    console.print(table)


def _table(title: str, heads: Sequence[str]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", caption_justify="left", min_width=_WIDTH - 4
    )
    table.add_column("")
    for head in heads:
        table.add_column(head, justify="right")
    return table


def _figures(row: Mapping[str, int], columns: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{row[name]:,}" if row.get(name) else "-" for name, _ in columns]


def new_console() -> Console:
    """A console as wide as the terminal; a fixed width where there is none."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(width=_WIDTH, highlight=False)
