"""The status page: what somebody without Grafana needs to see in ten seconds, also on a telephone.

Plain HTML without scripts, refreshed every few seconds. Says no more of patients than how many: every value
is a number, a time, a version or a word from a closed list.
"""

from collections.abc import Iterator
from html import escape
from typing import Final

import msgspec

REFRESH_S: Final = 10

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --good: #00703c; --bad: #b3001b; }
@media (prefers-color-scheme: dark) { :root { --good: #54d18c; --bad: #ff7a87; } }
body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 60rem; overflow-wrap: break-word; }
h1 { font-size: 1.4rem; margin: 0 0 .2rem; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
p { margin: .3rem 0; } .note { opacity: .75; font-size: .9rem; }
.verdict { font-size: 1.15rem; font-weight: 600; border-left: .4rem solid; padding: .3rem .7rem; margin: .8rem 0; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .6rem 1rem; margin: .4rem 0; }
dt { font-size: .85rem; opacity: .8; } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
"""


class Figure(msgspec.Struct, frozen=True):
    """One number with its name. ``bad``: somebody should act; said in colour and in words."""

    name: str
    value: str
    bad: bool = False


class Table(msgspec.Struct, frozen=True):
    """Rows of text; columns named in ``numbers`` are set to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()
    when_empty: str = "none"


class Section(msgspec.Struct, frozen=True):
    title: str
    body: tuple[Figure, ...] | Table
    note: str = ""


class Status(msgspec.Struct, frozen=True):
    """The whole page. ``reasons``: why this process does not do all of its work; none: it does."""

    title: str
    about: tuple[str, ...]
    reasons: tuple[str, ...]
    sections: tuple[Section, ...]


def age(seconds: float) -> str:
    """A length of time as people say it.

    >>> [age(s) for s in (0, 0.4, 42, 61, 3_700, 90_000)]
    ['0 s', '0.4 s', '42 s', '1 min 1 s', '1 h 1 min', '1 d 1 h']
    """
    if seconds < 10:
        return f"{seconds:.1f} s" if seconds else "0 s"
    whole = int(seconds)
    for unit, name, smaller, smaller_name in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= unit:
            return f"{whole // unit} {name} {whole % unit // smaller} {smaller_name}"
    return f"{whole} s"


def page(status: Status) -> bytes:
    """The page as HTML."""
    looks = [
        figure.name
        for section in status.sections
        if isinstance(section.body, tuple)
        for figure in section.body
        if figure.bad
    ]
    working = not status.reasons and not looks
    verdict = "Working" if working else "Needs a look"
    if status.reasons:
        verdict = "Does not do all of its work"
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width, initial-scale=1">',
        f"<meta http-equiv=refresh content={REFRESH_S}>",
        f"<title>{escape(verdict)} - {escape(status.title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(status.title)}</h1>",
        *(f"<p class=note>{escape(line)}</p>" for line in status.about),
        f'<p class="verdict {"good" if working else "bad"}">{escape(verdict)}</p>',
        *(f"<p class=bad>{escape(reason)}</p>" for reason in (*status.reasons, *_named(looks))),
        *(_section(section) for section in status.sections),
        f"<p class=note>Refreshed every {REFRESH_S} s. Nothing on this page is about a single patient.</p>",
        "</body></html>\n",
    ]
    return "\n".join(parts).encode()


def _named(looks: list[str]) -> Iterator[str]:
    """What to look at, in one line: on a telephone the figures themselves are further down."""
    if looks:
        yield "Look at: " + ", ".join(name[0].lower() + name[1:] for name in looks)


def _section(section: Section) -> str:
    note = f"<p class=note>{escape(section.note)}</p>" if section.note else ""
    body = _table(section.body) if isinstance(section.body, Table) else _figures(section.body)
    return f"<h2>{escape(section.title)}</h2>{note}{body}"


def _figures(figures: tuple[Figure, ...]) -> str:
    return f"<dl>{''.join(map(_figure, figures))}</dl>"


def _figure(figure: Figure) -> str:
    look = " class=bad" if figure.bad else ""
    words = " (look)" if figure.bad else ""
    return f"<div><dt>{escape(figure.name)}</dt><dd{look}>{escape(figure.value)}{words}</dd></div>"


def _table(table: Table) -> str:
    if not table.rows:
        return f"<p>{escape(table.when_empty)}</p>"
    looks = [" class=number" if name in table.numbers else "" for name in table.columns]
    head = "".join(f"<th{look}>{escape(name)}</th>" for look, name in zip(looks, table.columns, strict=True))
    rows = "".join(
        f"<tr>{''.join(f'<td{look}>{escape(cell)}</td>' for look, cell in zip(looks, row, strict=True))}</tr>"
        for row in table.rows
    )
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
