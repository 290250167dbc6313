"""A titled table below the table, with what to know of its gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = ["Section", "draw_section"]


@dataclass(frozen=True)
class Section:
    """A titled table, and what to know of the detectors that have no row or an empty cell in it."""

    title: str
    names: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)


def draw_section(section: Section, width: int) -> RenderableType:
    """The table; a value a line where ``width`` has no room for it. A column's name may have several lines."""
    names, rows = section.names, section.rows
    heading = Text(f" {section.title}", style="bold")
    notes = [Padding(Text(note, style="dim"), (0, 0, 0, 1)) for note in section.notes]
    if not rows:
        return Group(heading, *notes, Text())
    columns = [[name, *(row[i] for row in rows)] for i, name in enumerate(names)]
    natural = sum(max(cell_len(line) for cell in column for line in cell.split("\n")) for column in columns)
    if natural + 2 * len(columns) + 1 > width:
        return Group(heading, *_blocks(names, rows, width), *notes, Text())
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0), collapse_padding=True, header_style="bold")
    for i, name in enumerate(names):
        text = any(any(c.isalpha() for c in row[i]) for row in rows) or "%" in name
        table.add_column(Text(name), justify="left" if text else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return Group(heading, table, *notes, Text())


def _blocks(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[Text]:
    names = [name.replace("\n", " ") for name in names]
    longest = max(map(len, names))
    room = longest + 4 + max(cell_len(cell) for row in rows for cell in row[1:]) <= width
    between = "" if room else "\n     "  # a value below its name where they fit no line together
    lines = []
    for row in rows:
        lines.append(Text(f" {row[0]}"))
        lines += [
            Text(f"   {name:<{longest if room else 0}} {between}{cell}")
            for name, cell in zip(names[1:], row[1:], strict=True)
        ]
    return lines
