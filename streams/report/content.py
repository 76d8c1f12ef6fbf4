"""From counts to the pack: the figures of D1 (S2 lines 131 to 143), each published or hidden by ``hiding``.

Every number of the pack comes from a ``Published`` table, sentences and comparisons included; so nothing is said
in words that a table hides. Tables about the same things are hidden in the same way, or one of them not at all
(a list of reasons is left out when its total is hidden).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from streams.domain.london import date_of, local_date
from streams.domain.plain_words import in_words, of_role
from streams.domain.time import DAY, Instant
from streams.domain.vocabulary import Topic
from streams.policy.model import Policy

from . import words
from .counts import Counts, months_before, summed
from .drawing import HIDDEN, Bar, columns, rows
from .hiding import OTHERS, PUBLISHED_FROM, Published, publish_cross, publish_list
from .month import Month
from .pack import Block, Figure, Pack, Picture, Section, Table
from .tasks import FATES, IN_TIME, LATE, OVERDUE
from .worsening import Measure, share, table_of

_REASONS_SHOWN: Final = 12
_SOON: Final = 90 * DAY
_RESPONSE: Final = (
    "Of the tasks raised in the month, when staff took them on and finished them, against the time each was given; "
    'as it stood on {}. "Replaced" are those that became needless before anybody acted. Late and overdue ones are '
    'the breaches; "kept" is the share in time of all whose time has come. heed explain shows a single case to '
    "those who may see it."
)
_INCIDENTS: Final = (
    "From the safety log, which is kept for good. What staff learn of in other ways (a message to the wrong person, an "
    "impersonation) is in the organisation's own incident system."
)
_NO_INBOUND: Final = (
    "- Response times to patients' own messages and repeat contacts (S2 lines 136 and 138): Heed takes no messages "
    "from patients so far."
)


class Facts(msgspec.Struct, frozen=True):
    """What a pack is made from. ``kept_since``: topics whose beginning is gone; ``now``: when it is made."""

    counts: Counts
    month: Month
    months: int
    policy: Policy
    now: Instant
    kept_since: Mapping[Topic, Instant] = {}


class Writer:
    """Publishes tables, and keeps every number that was published for the CSV file."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.figures: list[Figure] = []
        self.month = facts.month
        self.before = facts.month.earlier(1)

    def cross(self, table: str, order: Iterable[str] = (), month: Month | None = None) -> Published:
        """A cross table; the month before is published in the figures too, for comparison."""
        month = month or self.month
        found = publish_cross(self.facts.counts.cross_of(month, table), order)
        for (row, column), value in found.counts.items():
            self.figures.append(Figure(str(month), table, row, column, value))
        self.figures += [Figure(str(month), table, row, "total", n) for row, n in found.row_totals.items()]
        self.figures += [Figure(str(month), table, "total", c, n) for c, n in found.column_totals.items()]
        self.figures.append(Figure(str(month), table, "total", "total", found.total))
        return found

    def pair(self, table: str, always: Iterable[str] = ()) -> tuple[Published, Published]:
        """A list in this month and the one before, with the same rows, largest first."""
        now = self.facts.counts.list_of(self.month, table)
        return self.pair_of(table, now, self.facts.counts.list_of(self.before, table), always)

    def pair_of(
        self, table: str, now: Mapping[str, int], before: Mapping[str, int], always: Iterable[str] = ()
    ) -> tuple[Published, Published]:
        names = [name for name in now.keys() | before.keys() if name not in set(always)]
        ordered = [*always, *sorted(names, key=lambda name: (-now.get(name, 0), name))]
        published = []
        for month, counts in ((self.month, now), (self.before, before)):
            one = publish_list({name: counts.get(name, 0) for name in ordered})
            published.append(one)
            self.figures += [Figure(str(month), table, row, "", n) for row, n in one.row_totals.items()]
            self.figures.append(Figure(str(month), table, "total", "", one.total))
        return published[0], published[1]


def pack_of(facts: Facts) -> Pack:
    """The whole pack."""
    writer = Writer(facts)
    measures: list[Measure] = []
    sections = [
        _volume(writer),
        _outcomes(writer, measures),
        _delivery(writer, measures),
        *_tasks(writer, measures),
        _objections(writer, measures),
        _incidents(writer, measures),
        _wordings(facts),
    ]
    if not facts.counts.of(
        writer.before, "requests"
    ):  # the service had not begun: there is nothing to compare with
        measures = [msgspec.structs.replace(one, before=None) for one in measures]
    summary = _summary(writer, sections, measures)
    return Pack(
        f"Messages to patients: {facts.month.name}",
        (
            f"{facts.policy.templates.organisation.name('en')}, for the safety and governance meeting",
            f"Made on {_date(facts.now)} by heed report, policy {facts.policy.version}; months are London's",
            f"{HIDDEN} stands for a number under {PUBLISHED_FROM}, or one that would give such a number away",
        ),
        (summary, *sections, _not_here(facts), _sign_off()),
        tuple(writer.figures),
    )


# Sections, in the order of S2 lines 135 to 143.


def _volume(writer: Writer) -> Section:
    messages = writer.cross("messages", words.CHANNELS)
    before = writer.cross("messages", words.CHANNELS, writer.before)
    blocks: list[Block] = [
        f"{_number(messages.total)} messages were put on patients' records, {_change(messages.total, before.total)}."
    ]
    if messages.total:
        blocks.append(
            _crossed(
                "Messages by what they were about and how they went", messages, words.PURPOSES, words.CHANNELS
            )
        )
    blocks.append(_trend(writer))
    if messages.total:
        blocks.append(_days(writer))
    return Section("Message volume and trend", tuple(blocks))


def _trend(writer: Writer) -> Picture:
    bars = []
    for month in months_before(writer.month, writer.facts.months):
        total = sum(writer.facts.counts.of(month, "messages").values())
        value = None if 0 < total < PUBLISHED_FROM else total
        bars.append(Bar(month.short, value))
        writer.figures.append(Figure(str(month), "messages by month", "", "", value))
    return Picture("messages-by-month", "Messages by month", columns(bars))


def _days(writer: Writer) -> Picture:
    found = writer.facts.counts.list_of(writer.month, "messages on")
    published = publish_list({str(day): found.get(str(day), 0) for day in writer.month.days})
    bars = [Bar(f"{date_of(int(day)).day}", published.counts[day, ""]) for day in published.rows]
    writer.figures += [
        Figure(
            str(writer.month), "messages by day", date_of(int(day)).isoformat(), "", published.counts[day, ""]
        )
        for day in published.rows
    ]
    return Picture("messages-by-day", "Messages by day of the month", columns(bars))


def _outcomes(writer: Writer, measures: list[Measure]) -> Section:
    counts = writer.facts.counts
    now, before = writer.pair_of(
        "outcomes",
        summed(counts.cross_of(writer.month, "requests"), 1),
        summed(counts.cross_of(writer.before, "requests"), 1),
        words.OUTCOMES,
    )
    blocks: list[Block] = [
        "Every change, result or request ends in one of four ways. What still waits is counted when it ends.",
        _compared("What became of it", writer, now, before, words.OUTCOMES),
    ]
    for outcome, title in (
        ("ESCALATE", "Why it was given to staff"),
        ("SUPPRESS", "Why no message was needed"),
        ("QUARANTINE", "Why it was set aside"),
    ):
        if now.counts[outcome, ""]:  # neither none nor hidden
            reasons = writer.pair(f"why {outcome}")
            # last month's reasons may not tell an outcome that last month's table hides
            earlier = None if before.counts[outcome, ""] is None else reasons[1]
            blocks.append(_compared(title, writer, reasons[0], earlier, {}, in_words))
        if outcome != "SUPPRESS":
            measures.append(
                Measure(
                    f"Share of requests {words.OUTCOMES[outcome]}",
                    share(now.counts[outcome, ""], now.total),
                    share(before.counts[outcome, ""], before.total),
                )
            )
    return Section("What became of what happened", tuple(blocks))


def _delivery(writer: Writer, measures: list[Measure]) -> Section:
    now = writer.cross("receipts", words.STATUSES)
    before = writer.cross("receipts", words.STATUSES, writer.before)
    if not now.total:
        return Section("Delivery", (_none(now.total, "receipts of senders are"),))
    measures.append(Measure("Share of receipts that tell of a failure", _failed(now), _failed(before)))
    table = _crossed("Receipts of senders, by channel", now, words.CHANNELS, words.STATUSES)
    return Section("Delivery", ("One message may have several receipts.", table))


def _failed(published: Published) -> float | None:
    counts = [published.column_totals.get(status, 0) for status in words.FAILED]
    known = [count for count in counts if count is not None]
    return share(sum(known), published.total) if len(known) == len(counts) else None


def _tasks(writer: Writer, measures: list[Measure]) -> tuple[Section, Section]:
    """Response times with breaches (S2 line 136), then escalations and their patterns (line 137)."""
    tasks = writer.cross("tasks", words.PRIORITIES)
    before = writer.cross("tasks", words.PRIORITIES, writer.before)
    if tasks.total == 0:
        nothing = _none(tasks.total, "tasks of the month are")
        return Section("Response times", (nothing,)), Section("Escalations and patterns", (nothing,))
    response: list[Block] = [
        _RESPONSE.format(_date(writer.facts.now)),
    ]
    for table, title, measure in (
        ("acknowledged", "Taken on", "Share of tasks taken on late or overdue"),
        ("done", "Finished", "Share of tasks finished late or overdue"),
    ):
        now, earlier = writer.cross(table, FATES), writer.cross(table, FATES, writer.before)
        response.append(
            _kept(_crossed(title, now, {}, {}, of_role), now)
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
                f"{_number(tasks.total)} tasks were raised for staff, {_change(tasks.total, before.total)}.",
                _crossed(
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
    shown = [row for row in now.rows if now.counts[row, ""] != 0][:_REASONS_SHOWN]
    bars = [Bar(in_words(row), now.counts[row, ""], before.counts[row, ""]) for row in shown]
    return Picture(name, title, rows(bars, (writer.month.short, writer.before.short)))


def _objections(writer: Writer, measures: list[Measure]) -> Section:
    changes = writer.pair("objections", ("RECORDED", "AMENDED", "WITHDRAWN"))
    grounds = writer.pair("overrides")
    messages = writer.facts.counts
    total, earlier = (sum(messages.of(month, "messages").values()) for month in (writer.month, writer.before))
    measures.append(
        Measure(
            "Share of messages that set an objection aside",
            share(grounds[0].total, total if total >= PUBLISHED_FROM else 0),
            share(grounds[1].total, earlier if earlier >= PUBLISHED_FROM else 0),
        )
    )
    blocks: list[Block] = [_compared("Objections", writer, *changes, words.OBJECTIONS)]
    if grounds[0].rows:
        blocks.append(
            _compared(
                "Messages that set an objection aside, each with a decision on file",
                writer,
                *grounds,
                words.GROUNDS,
            )
        )
    else:
        blocks.append("No message set an objection aside.")
    return Section("Objections and overrides", tuple(blocks))


def _incidents(writer: Writer, measures: list[Measure]) -> Section:
    now, before = writer.pair("incidents", list(words.INCIDENTS)[:4])
    measures.append(Measure("Entries of the safety log", _float(now.total), _float(before.total)))
    return Section(
        "Incidents and near misses",
        (
            _INCIDENTS,
            _compared("Safety log", writer, now, before, words.INCIDENTS, in_words),
        ),
    )


def _wordings(facts: Facts) -> Section:
    """The review calendar: what ends within 90 days, or has."""
    due: list[tuple[Instant, str, str]] = [
        (template.review_due, "wording", template.id)
        for template in facts.policy.templates.templates
        if template.review_due is not None
    ]
    due += [
        (channel.review_due, "approval of a channel", words.CHANNELS.get(name, name))
        for name, channel in facts.policy.channels.items()
        if channel.enabled and channel.review_due is not None
    ]
    due += [
        (one.valid_to, "override policy", words.GROUNDS.get(ground, ground))
        for ground, one in facts.policy.override_policies.items()
    ]
    soon = sorted(one for one in due if one[0] < facts.now + _SOON)
    if not soon:
        return Section("Review calendar", ("No wording, channel or override policy ends within 90 days.",))
    lines = tuple(
        (name, what, _date(at), "overdue" if at <= facts.now else f"in {(at - facts.now) // DAY} days")
        for at, what, name in soon
    )
    table = Table("To be reviewed within 90 days", ("Name", "What", "Until", "Left"), lines)
    return Section("Review calendar", (table,))


def _not_here(facts: Facts) -> Section:
    says = [_NO_INBOUND]
    for topic, since in facts.kept_since.items():
        month = (
            f"{facts.month.name} is complete"
            if since <= facts.month.start
            else f"{facts.month.name} is not complete"
        )
        says.append(f"- {topic}: what came before {_date(since)} is no longer kept; {month} in this respect.")
    says.append(
        f"- Numbers under {PUBLISHED_FROM} and those that would give them away ({HIDDEN}); names of rows and columns "
        f'with so few are put together as "{OTHERS}".'
    )
    return Section("What these figures do not tell", ("\n".join(says),))


def _sign_off() -> Section:
    lines = tuple(
        (role, "", "", "") for role in ("Clinical safety officer (R-CSO)", "Information governance (R-IG)")
    )
    return Section("Sign-off", (Table("Seen and discussed", ("Role", "Name", "Date", "Signature"), lines),))


def _summary(writer: Writer, sections: Sequence[Section], measures: Sequence[Measure]) -> Section:
    """The first sentences of the sections, and what has worsened by more than a fifth (D1)."""
    first = [
        block
        for section in sections
        for block in section.blocks[:1]
        if isinstance(block, str)
        and section.title in ("Message volume and trend", "Escalations and patterns")
    ]
    worse = [one.name for one in measures if one.worse]
    verdict = (
        f"Worse by more than a fifth than in {writer.before.name}: {', '.join(name[0].lower() + name[1:] for name in worse)}. "
        "To be looked into: have controls failed, or do they need strengthening?"
        if worse
        else f"Nothing that can be compared is worse by more than a fifth than in {writer.before.name}."
    )
    return Section(
        "In short",
        (
            "\n".join(f"- {line}" for line in (*first, verdict)),
            table_of(measures, writer.month, writer.before),
        ),
    )


# Tables.


def _compared(
    title: str,
    writer: Writer,
    now: Published,
    before: Published | None,
    names: Mapping[str, str],
    otherwise: object = None,
) -> Table:
    """This month beside the one before."""
    spoken = otherwise if callable(otherwise) else str
    lines = []
    shown = now.rows[:_REASONS_SHOWN] if len(now.rows) > _REASONS_SHOWN + 1 else now.rows
    for row in shown:
        earlier = None if before is None else before.counts[row, ""]
        value = now.counts[row, ""]
        lines.append(
            (names.get(row) or spoken(row), _number(value), _number(earlier), _percent(value, earlier))
        )
    if rest := len(now.rows) - len(shown):
        value, earlier = _rest(now, shown), None if before is None else _rest(before, shown)
        lines.append((f"{rest} others", _number(value), _number(earlier), _percent(value, earlier)))
    total = None if before is None else before.total
    lines.append(("all", _number(now.total), _number(total), _percent(now.total, total)))
    return Table(title, ("", writer.month.short, writer.before.short, "change"), tuple(lines), totals=True)


def _crossed(
    title: str,
    published: Published,
    row_names: Mapping[str, str],
    column_names: Mapping[str, str],
    otherwise: object = None,
) -> Table:
    spoken = otherwise if callable(otherwise) else str
    lines = [
        (
            row_names.get(row) or spoken(row),
            *(_number(published.counts[row, column]) for column in published.columns),
            _number(published.row_totals[row]),
        )
        for row in published.rows
    ]
    lines.append(
        (
            "all",
            *(_number(published.column_totals[column]) for column in published.columns),
            _number(published.total),
        )
    )
    heads = ("", *(column_names.get(column, column) for column in published.columns), "all")
    return Table(title, heads, tuple(lines), totals=True)


def _rest(published: Published, shown: Sequence[str]) -> int | None:
    """What is left of the total beside the rows that are shown; None where that would tell what a row hides."""
    counts = [published.counts[row, ""] for row in shown]
    known = [count for count in counts if count is not None]
    if published.total is None or len(known) < len(counts):
        return None
    rest = published.total - sum(known)
    return None if 0 < rest < PUBLISHED_FROM else rest


# Words for numbers.


def _number(value: int | None) -> str:
    return HIDDEN if value is None else f"{value:,}"


def _percent(now: int | None, before: int | None) -> str:
    """How much more or less, as people say it; nothing where either is hidden or nothing was before."""
    if now is None or not before:
        return "–"
    return f"{(now - before) / before:+.0%}"


def _change(now: int | None, before: int | None) -> str:
    if now is None or before is None:
        return "too few to compare with the month before"
    if not before:
        return "after none in the month before"
    return f"{_percent(now, before)} against the month before ({before:,})"


def _none(total: int | None, what: str) -> str:
    return f"No {what} on file." if total == 0 else f"Too few {what} on file to say more."


def _float(value: int | None) -> float | None:
    return None if value is None else float(value)


def _date(instant: Instant) -> str:
    day = date_of(local_date(instant)) + timedelta()
    return f"{day.day} {day:%B %Y}"
