"""What the pack is made of: sections of sentences, tables and pictures, the same for Markdown and HTML."""

from typing import TypeAlias

import msgspec

from streams.domain.time import Instant


class Table(msgspec.Struct, frozen=True):
    """Rows of text, the first column names; ``totals``: the last row is a sum."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: bool = False


class Picture(msgspec.Struct, frozen=True):
    """A drawing: file name without ending, what it shows in words, and its SVG."""

    name: str
    says: str
    svg: str


Block: TypeAlias = str | Table | Picture


class Section(msgspec.Struct, frozen=True):
    title: str
    blocks: tuple[Block, ...]


class Figure(msgspec.Struct, frozen=True):
    """One published number for the CSV file. ``value`` None: hidden."""

    month: str
    table: str
    row: str
    column: str
    value: int | None


class Pack(msgspec.Struct, frozen=True):
    """``month`` it is about; ``made_at``: UTC ms; ``worse``: measures and whether they have worsened."""

    month: str
    made_at: Instant
    worse: dict[str, bool]
    title: str
    about: tuple[str, ...]
    sections: tuple[Section, ...]
    figures: tuple[Figure, ...]
