"""From counts to the pack: the figures of D1 (S2 lines 131 to 143), each published or hidden by ``hiding``.

Every number of the pack comes from a ``Published`` table, sentences and comparisons included; so nothing is said
in words that a table hides. Tables about the same things are hidden in the same way, or one of them not at all
(a list of reasons is left out when its total is hidden).
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from streams.domain.time import DAY, Instant

from . import words
from .drawing import HIDDEN
from .hiding import OTHERS, PUBLISHED_FROM
from .messages import delivery, incidents, objections, outcomes, volume
from .pack import Pack, Section, Table
from .publishing import Facts, Writer
from .responses import tasks
from .tables import dated
from .worsening import Measure, table_of

_SOON: Final = 90 * DAY
_NO_INBOUND: Final = (
    "- Response times to patients' own messages and repeat contacts (S2 lines 136 and 138): Heed takes no messages "
    "from patients so far."
)


def pack_of(facts: Facts) -> Pack:
    """The whole pack."""
    writer = Writer(facts)
    measures: list[Measure] = []
    sections = [
        volume(writer),
        outcomes(writer, measures),
        delivery(writer, measures),
        *tasks(writer, measures),
        objections(writer, measures),
        incidents(writer, measures),
        _wordings(facts),
    ]
    if not facts.counts.of(
        writer.before, "requests"
    ):  # the service had not begun: there is nothing to compare with
        measures = [msgspec.structs.replace(one, before=None) for one in measures]
    summary = _summary(writer, sections, measures)
    return Pack(
        str(facts.month),
        facts.now,
        {one.name: one.worse for one in measures},
        f"Messages to patients: {facts.month.name}",
        (
            f"{facts.policy.templates.organisation.name('en')}, for the safety and governance meeting",
            f"Made on {dated(facts.now)} by heed report, policy {facts.policy.version}; months are London's",
            f"{HIDDEN} stands for a number under {PUBLISHED_FROM}, or one that would give such a number away",
        ),
        (summary, *sections, _not_here(facts), _sign_off()),
        tuple(writer.figures),
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
        (name, what, dated(at), "overdue" if at <= facts.now else f"in {(at - facts.now) // DAY} days")
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
        says.append(f"- {topic}: what came before {dated(since)} is no longer kept; {month} in this respect.")
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
