"""The pack as files: Markdown with pictures beside it, one HTML page that holds everything, CSV, and two metrics."""

import csv
import io
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from streams.domain.time import SECOND

from .drawing import HIDDEN
from .pack import Block, Pack, Picture, Table

_STYLE: Final = """
body { font: 15px/1.5 Arial, Helvetica, sans-serif; color: #212b32; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { font-size: 1.25rem; border-top: 2px solid #005eb8; padding-top: .5rem; margin-top: 2.2rem; }
.about { color: #425563; } table { border-collapse: collapse; margin: .8rem 0 1.2rem; width: 100%; }
caption { text-align: left; font-weight: bold; padding-bottom: .3rem; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid #d8dde0; text-align: right; vertical-align: top; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; } thead th { border-bottom: 2px solid #425563; }
tr.total td { font-weight: bold; border-top: 2px solid #425563; } table.words td, table.words th { text-align: left; }
figure { margin: 1rem 0; } figcaption { font-weight: bold; } svg { max-width: 100%; height: auto; }
@media print { body { margin: 0; max-width: none; } figure, table { break-inside: avoid; } }
"""


def write(pack: Pack, folder: Path) -> list[Path]:
    """Write report.md, its pictures, report.html, figures.csv and report.prom; gives the files. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "report.md": markdown(pack),
        "report.html": page(pack),
        "figures.csv": table_of_figures(pack),
        "report.prom": metrics(pack),
        **{f"{picture.name}.svg": picture.svg for picture in _pictures(pack)},
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def _pictures(pack: Pack) -> Iterator[Picture]:
    for section in pack.sections:
        for block in section.blocks:
            if isinstance(block, Picture):
                yield block


def table_of_figures(pack: Pack) -> str:
    """Every published number, one a line; a hidden one says so."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(("month", "table", "row", "column", "value"))
    for one in pack.figures:
        out.writerow((one.month, one.table, one.row, one.column, HIDDEN if one.value is None else one.value))
    return text.getvalue()


def metrics(pack: Pack) -> str:
    """For the textfile collector of a node exporter: that there is a report, and what it found worse (D1)."""
    made = f'heed_report_generated_timestamp_seconds{{month="{pack.month}"}} {pack.made_at / SECOND:.0f}'
    lines = [
        "# HELP heed_report_generated_timestamp_seconds When the month's report was made.",
        "# TYPE heed_report_generated_timestamp_seconds gauge",
        made,
        "# HELP heed_metric_worsened 1: worse by more than a fifth than in the month before.",
        "# TYPE heed_metric_worsened gauge",
    ]
    for name, worse in pack.worse.items():
        metric = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_")
        lines.append(f'heed_metric_worsened{{month="{pack.month}",metric="{metric}"}} {worse:d}')
    return "\n".join(lines) + "\n"


# Markdown.


def markdown(pack: Pack) -> str:
    parts = [f"# {pack.title}", "  \n".join(pack.about)]
    for section in pack.sections:
        parts.append(f"## {section.title}")
        parts += [_as_markdown(block) for block in section.blocks]
    return "\n\n".join(parts) + "\n"


def _as_markdown(block: Block) -> str:
    if isinstance(block, str):
        return block
    if isinstance(block, Picture):
        return f"**{block.says}**\n\n![{block.says}]({block.name}.svg)"
    aligned = [":---", *("---:" if _is_numbers(block) else "---" for _ in block.columns[1:])]
    rows = [block.columns, tuple(aligned), *block.rows]
    if block.totals:
        rows[-1] = tuple(f"**{_plain(cell)}**" for cell in block.rows[-1])
    lines = [
        "| " + " | ".join(cell if cell.startswith("**") else _plain(cell) for cell in row) + " |"
        for row in rows
    ]
    return f"**{block.title}**\n\n" + "\n".join(lines)


def _plain(text: str) -> str:
    """A star stands for a hidden number, a bar would end the cell."""
    return text.replace("*", "\\*").replace("|", "\\|")


def _is_numbers(table: Table) -> bool:
    """Whether what is beside the names are numbers: a figure, a star, a share, a change."""
    beside = [cell for row in table.rows for cell in row[1:] if cell]
    return all(cell[0] in "0123456789*-+–" for cell in beside)


# HTML.


def page(pack: Pack) -> str:
    body = [
        f"<h1>{escape(pack.title)}</h1>",
        '<p class="about">' + "<br>".join(map(escape, pack.about)) + "</p>",
    ]
    for section in pack.sections:
        body.append(f"<h2>{escape(section.title)}</h2>")
        body += [_as_html(block) for block in section.blocks]
    return (
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(pack.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _as_html(block: Block) -> str:
    if isinstance(block, str):
        return _words(block)
    if isinstance(block, Picture):
        svg = block.svg.replace('role="img"', f'role="img" aria-label="{escape(block.says)}"')
        return f"<figure>\n<figcaption>{escape(block.says)}</figcaption>\n{svg}</figure>"
    kind = "" if _is_numbers(block) else ' class="words"'
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in block.columns)
    rows = []
    for number, row in enumerate(block.rows, 1):
        total = ' class="total"' if block.totals and number == len(block.rows) else ""
        rows.append(f"<tr{total}>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>")
    return (
        f"<table{kind}>\n<caption>{escape(block.title)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n"
        + "\n".join(rows)
        + "\n</tbody>\n</table>"
    )


def _words(block: str) -> str:
    """A paragraph, or a list when each line begins with a hyphen."""
    lines = block.split("\n")
    if all(line.startswith("- ") for line in lines):
        return "<ul>\n" + "\n".join(f"<li>{escape(line[2:])}</li>" for line in lines) + "\n</ul>"
    return f"<p>{escape(block)}</p>".replace(escape("\\*"), "*")
