"""Draws docs/flow.svg from the topic catalogue: `python scripts/draw_flow.py [--check]`.

A topic that is added to the catalogue and not to the picture stops it, so the picture stays true.
"""

import sys
from pathlib import Path
from typing import Final

from streams.domain.vocabulary import DECIDING_TOPICS, STATE_TOPICS, Topic
from streams.kafka.topics import CATALOGUE

TARGET: Final = Path(__file__).parent.parent / "docs" / "flow.svg"
OUTPUTS: Final = (
    Topic.SEND_COMMANDS,
    Topic.ESCALATION_TASKS,
    Topic.DECISIONS,
    Topic.SAFETY_LOG,
    Topic.DEAD_LETTERS,
    Topic.HEARTBEATS,
)
BOX: Final = 'rx="6" stroke-width="1.5"'
TOPIC_W, TOPIC_H, STEP, TOP = 170, 30, 42, 84
INK, STATE, DECIDING, OUT, HOUSE = "#1f2933", "#d9e8fb", "#fdecc8", "#dff3e3", "#f4f5f7"


def text(
    x: float, y: float, words: str, *, size: int = 14, weight: str = "normal", anchor: str = "middle"
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{INK}">{words}</text>'
    )


def topic(x: int, y: int, name: str, fill: str) -> str:
    box = f'<rect x="{x}" y="{y}" width="{TOPIC_W}" height="{TOPIC_H}" fill="{fill}" stroke="{INK}" {BOX}/>'
    return box + text(x + TOPIC_W / 2, y + 20, name)


def arrow(x1: int, y1: int, x2: int, y2: int, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{INK}" stroke-width="1.5"{dash} '
        f'marker-end="url(#tip)"/>'
    )


def house(x: int, y: int, width: int, height: int, title: str, lines: tuple[str, ...]) -> str:
    parts = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{HOUSE}" stroke="{INK}" {BOX}/>',
        text(x + width / 2, y + 24, title, size=15, weight="bold"),
    ]
    parts += [text(x + 16, y + 60 + 26 * n, line, size=13, anchor="start") for n, line in enumerate(lines)]
    return "".join(parts)


def draw() -> str:
    """The picture as SVG. Raises SystemExit for a topic that the picture does not show."""
    shown = {*STATE_TOPICS, *DECIDING_TOPICS, *OUTPUTS, Topic.PATIENT_TABLE, Topic.RECORDS}
    missing = {plan.topic for plan in CATALOGUE} - shown
    if missing:
        raise SystemExit(
            f"docs/flow.svg does not show {', '.join(sorted(missing))}: add it to {Path(__file__).name}"
        )
    parts = [text(105, 70, "what happened", size=13), text(745, 70, "what follows from it", size=13)]
    y = TOP
    for name in STATE_TOPICS:
        parts += [topic(20, y, name, STATE), arrow(192, y + 15, 268, y + 15)]
        y += STEP
    y += 12
    for name in DECIDING_TOPICS:
        parts += [topic(20, y, name, DECIDING), arrow(192, y + 15, 268, y + 15)]
        y += STEP
    parts.append(
        house(
            272,
            TOP,
            300,
            306,
            "worker, one shard a partition",
            (
                "1  take what has arrived, and what is due",
                "2  wait at the barrier: what was logged",
                "\u2003 about objections first is applied first",
                "3  decide, by the ordered rules",
                "4  write outputs, table and offsets in",
                "\u2003 one transaction: all, or none",
                "5  only then keep the new state",
            ),
        )
    )
    parts += [
        topic(337, 438, Topic.PATIENT_TABLE, OUT),
        arrow(402, 392, 402, 436),
        arrow(442, 436, 442, 392, dashed=True),
    ]
    parts.append(text(422, 488, "what is known of each patient; read back at start", size=12))
    y = TOP
    for name in OUTPUTS:
        parts += [arrow(574, y + 15, 656, y + 15), topic(660, y, name, OUT)]
        y += STEP
    parts.append(house(860, TOP, 140, 106, "recorder", ("one entry for", "each message")))
    parts += [arrow(832, 99, 858, 112), arrow(832, 141, 858, 136)]
    parts += [arrow(930, 192, 930, 232), topic(845, 236, Topic.RECORDS, OUT)]
    parts.append(text(930, 286, "the patient's record", size=12))
    parts.append(
        f'<path d="M 832 309 L 1022 309 L 1022 137 L 1002 137" fill="none" stroke="{INK}" stroke-width="1.5" '
        'stroke-dasharray="5 4" marker-end="url(#tip)"/>'
    )
    parts.append(text(927, 328, "measured, end to end", size=12))
    parts.append(
        f'<path d="M 30 84 L 30 44 L 930 44 L 930 80" fill="none" stroke="{INK}" stroke-width="1.5" '
        'stroke-dasharray="5 4" marker-end="url(#tip)"/>'
    )
    parts.append(text(480, 36, "each change of an objection goes on record too", size=12))
    legend = ((STATE, "changes what is known"), (DECIDING, "asks for a decision"), (OUT, "written by Heed"))
    for n, (fill, words) in enumerate(legend):
        x = 660
        parts.append(
            f'<rect x="{x}" y="{372 + 24 * n}" width="18" height="14" fill="{fill}" stroke="{INK}" {BOX}/>'
        )
        parts.append(text(x + 28, 384 + 24 * n, words, size=12, anchor="start"))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1030 500" font-family="system-ui, sans-serif" role="img" '
        'aria-label="Events flow from seven input topics through the worker into six output topics; '
        'the recorder writes each message to the record topic">'
        f'<rect width="1030" height="500" fill="white"/>'
        f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0 L8 4 L0 8 z" fill="{INK}"/></marker></defs>' + "\n".join(parts) + "</svg>\n"
    )


if __name__ == "__main__":
    picture = draw()
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text() == picture else f"{TARGET.name} is stale: run scripts/draw_flow.py")
    TARGET.write_text(picture)
