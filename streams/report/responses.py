"""Response times with breaches (S2 line 136), escalations and their patterns (line 137)."""

from typing import Final

import msgspec

from streams.domain.plain_words import in_words, of_role

from . import words
from .drawing import Bar, columns, rows
from .hiding import OTHERS, Published, publish_list
from .pack import Block, Figure, Picture, Section, Table
from .publishing import Writer
from .tables import REASONS_SHOWN, change, crossed, dated, none_of, number
from .tasks import FATES, IN_TIME, LATE, OVERDUE
from .worsening import Measure, share

_RESPONSE: Final = (
    "Of the tasks raised in the month, when staff took them on and finished them, against the time each was given; "
    'as it stood on {}. "Replaced" are those that became needless before anybody acted. Late and overdue ones are '
    'the breaches; "kept" is the share in time of all whose time has come. heed explain shows a single case to '
    "those who may see it."
)


def tasks(writer: Writer, measures: list[Measure]) -> tuple[Section, Section]:
    """Response times with breaches (S2 line 136), then escalations and their patterns (line 137)."""
    tasks = writer.cross("tasks", words.PRIORITIES)
    before = writer.cross("tasks", words.PRIORITIES, writer.before)
    if tasks.total == 0:
        nothing = none_of(tasks.total, "tasks of the month are")
        return Section("Response times", (nothing,)), Section("Escalations and patterns", (nothing,))
    response: list[Block] = [
        _RESPONSE.format(dated(writer.facts.now)),
    ]
    for table, title, measure in (
        ("acknowledged", "Taken on", "Share of tasks taken on late or overdue"),
        ("done", "Finished", "Share of tasks finished late or overdue"),
    ):
        now, earlier = writer.cross(table, FATES), writer.cross(table, FATES, writer.before)
        response.append(
            _kept(crossed(title, now, {}, {}, of_role), now)
            if now.total
            else f"{title}: too few to say more."
        )
        measures.append(Measure(measure, _late(now), _late(earlier)))
    measures.append(Measure("Urgent tasks (P0, P1), of all", _urgent(tasks), _urgent(before)))
    reasons = writer.pair("task reasons")
    hours = _hours(writer)
    return (
        Section("Response times", tuple(response)),
        Section(
            "Escalations and patterns",
            (
                f"{number(tasks.total)} tasks were raised for staff, {change(tasks.total, before.total)}.",
                crossed(
                    "Tasks by who they went to and how urgent they were", tasks, {}, words.PRIORITIES, of_role
                ),
                _leading("reasons", "What staff were asked for most", writer, *reasons),
                hours,
            ),
        ),
    )


def _kept(table: Table, published: Published) -> Table:
    """With one more column: of those whose time has come, the share in time (S9 wants 95 %)."""
    rows = []
    for row, name in zip(table.rows, (*published.rows, None), strict=True):
        counts = [
            (published.counts.get((name, fate), 0) if name else published.column_totals.get(fate, 0))
            for fate in (IN_TIME, LATE, OVERDUE)
        ]
        in_time, due = counts[0], sum(count or 0 for count in counts)
        hidden = OTHERS in published.columns or None in counts or not due
        rows.append((*row, "–" if hidden or in_time is None else f"{in_time / due:.0%}"))
    return msgspec.structs.replace(table, columns=(*table.columns, "kept"), rows=tuple(rows))


def _late(published: Published) -> float | None:
    late = [published.column_totals.get(fate, 0) for fate in (LATE, OVERDUE)]
    if OTHERS in published.column_totals or None in late:
        return None
    return share(sum(count or 0 for count in late), published.total)


def _urgent(published: Published) -> float | None:
    if OTHERS in published.column_totals:
        return None
    urgent = [published.column_totals.get(priority, 0) for priority in ("P0", "P1")]
    return None if None in urgent else share(sum(count or 0 for count in urgent), published.total)


def _hours(writer: Writer) -> Picture:
    found = writer.facts.counts.list_of(writer.month, "task hours")
    published = publish_list({f"{hour:02}": found.get(f"{hour:02}", 0) for hour in range(24)})
    writer.figures += [
        Figure(str(writer.month), "tasks by hour", hour, "", published.counts[hour, ""])
        for hour in published.rows
    ]
    bars = [Bar(hour, published.counts[hour, ""]) for hour in published.rows]
    return Picture(
        "tasks-by-hour", "Tasks by the hour of the day at which they were raised", columns(bars, 2)
    )


def _leading(name: str, title: str, writer: Writer, now: Published, before: Published) -> Picture:
    shown = [row for row in now.rows if now.counts[row, ""] != 0][:REASONS_SHOWN]
    bars = [Bar(in_words(row), now.counts[row, ""], before.counts[row, ""]) for row in shown]
    return Picture(name, title, rows(bars, (writer.month.short, writer.before.short)))
