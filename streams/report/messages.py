"""Message volume, outcomes and delivery (S2 line 135), objections, and what went wrong (line 139)."""

from typing import Final

from streams.domain.london import date_of
from streams.domain.plain_words import in_words

from . import words
from .counts import months_before, summed
from .drawing import Bar, columns
from .hiding import PUBLISHED_FROM, Published, publish_list
from .pack import Block, Figure, Picture, Section
from .publishing import Writer
from .tables import as_float, change, compared, crossed, none_of, number
from .worsening import Measure, share

_INCIDENTS: Final = (
    "From the safety log, which is kept for good. What staff learn of in other ways (a message to the wrong person, an "
    "impersonation) is in the organisation's own incident system."
)


def volume(writer: Writer) -> Section:
    messages = writer.cross("messages", words.CHANNELS)
    before = writer.cross("messages", words.CHANNELS, writer.before)
    blocks: list[Block] = [
        f"{number(messages.total)} messages were put on patients' records, {change(messages.total, before.total)}."
    ]
    if messages.total:
        blocks.append(
            crossed(
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


def outcomes(writer: Writer, measures: list[Measure]) -> Section:
    counts = writer.facts.counts
    now, before = writer.pair_of(
        "outcomes",
        summed(counts.cross_of(writer.month, "requests"), 1),
        summed(counts.cross_of(writer.before, "requests"), 1),
        words.OUTCOMES,
    )
    blocks: list[Block] = [
        "Every change, result or request ends in one of four ways. What still waits is counted when it ends.",
        compared("What became of it", writer, now, before, words.OUTCOMES),
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
            blocks.append(compared(title, writer, reasons[0], earlier, {}, in_words))
        if outcome != "SUPPRESS":
            measures.append(
                Measure(
                    f"Share of requests {words.OUTCOMES[outcome]}",
                    share(now.counts[outcome, ""], now.total),
                    share(before.counts[outcome, ""], before.total),
                )
            )
    return Section("What became of what happened", tuple(blocks))


def delivery(writer: Writer, measures: list[Measure]) -> Section:
    now = writer.cross("receipts", words.STATUSES)
    before = writer.cross("receipts", words.STATUSES, writer.before)
    if not now.total:
        return Section("Delivery", (none_of(now.total, "receipts of senders are"),))
    measures.append(Measure("Share of receipts that tell of a failure", _failed(now), _failed(before)))
    table = crossed("Receipts of senders, by channel", now, words.CHANNELS, words.STATUSES)
    return Section("Delivery", ("One message may have several receipts.", table))


def _failed(published: Published) -> float | None:
    counts = [published.column_totals.get(status, 0) for status in words.FAILED]
    known = [count for count in counts if count is not None]
    return share(sum(known), published.total) if len(known) == len(counts) else None


def objections(writer: Writer, measures: list[Measure]) -> Section:
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
    blocks: list[Block] = [compared("Objections", writer, *changes, words.OBJECTIONS)]
    if grounds[0].rows:
        blocks.append(
            compared(
                "Messages that set an objection aside, each with a decision on file",
                writer,
                *grounds,
                words.GROUNDS,
            )
        )
    else:
        blocks.append("No message set an objection aside.")
    return Section("Objections and overrides", tuple(blocks))


def incidents(writer: Writer, measures: list[Measure]) -> Section:
    now, before = writer.pair("incidents", list(words.INCIDENTS)[:4])
    measures.append(Measure("Entries of the safety log", as_float(now.total), as_float(before.total)))
    return Section(
        "Incidents and near misses",
        (
            _INCIDENTS,
            compared("Safety log", writer, now, before, words.INCIDENTS, in_words),
        ),
    )
