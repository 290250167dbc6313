"""The comparison as a table for the terminal."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from flmcore.detectors.cost import giga, mega
from flmcore.report.accuracy_notes import best_mark, nme_of
from flmcore.report.causes import cause_sections
from flmcore.report.devices import device_sections, short_ms
from flmcore.report.footnotes import footnotes, licence_marks
from flmcore.report.ratings import rating_sections, visual_of
from flmcore.report.safe import safe_results
from flmcore.report.video import only_video, video_sections

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["build", "render"]

NARROW = 98  # below this many columns numbers would break across lines: one block per detector instead


def render(results: Results, *, width: int = 100) -> str:
    """The table and its footnotes as plain text."""
    text = io.StringIO()
    Console(file=text, width=width, color_system=None, legacy_windows=False).print(
        build(results, width=width)
    )
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n")


def build(results: Results, *, width: int = 100) -> RenderableType:
    """The table and its footnotes for a rich console; what files say of themselves is shown, never obeyed."""
    results = safe_results(results)
    marks = licence_marks(results.summary)
    accurate = any(nme_of(row) for row in results.summary)
    rows = [_cells(row, results, marks, accurate=accurate) for row in results.summary]
    notes = Table.grid(padding=(0, 1, 0, 1))
    for note in footnotes(results):
        warns = note.startswith("! ")
        notes.add_row(
            "!" if warns else "·", Text(note.removeprefix("! "), style="yellow" if warns else "dim")
        )
    absent = ([] if accurate else [_NME]) + ([] if visual_of(results) else [_EYE])
    columns = [column for column in _COLUMNS if column[0] not in absent]
    below = (rating_sections, device_sections, cause_sections, video_sections)
    drawn = [section for sections in below for section in sections(results, width)]
    if only_video(results):
        return Group(*drawn, notes)
    main = _blocks(rows, columns) if width < NARROW else _table(rows, columns, width)
    return Group(main, *drawn, notes)


_NME, _EYE = "NME %", "by eye %"
_COLUMNS = (
    ("detector", "left"),
    ("scheme", "left"),
    ("pts", "right"),
    ("jitter %", "left"),
    ("common %", "right"),
    ("spread %", "right"),
    ("gain", "right"),
    (_NME, "right"),
    (_EYE, "right"),
    ("M param", "right"),
    ("G FLOPs", "right"),
    ("ms p50/p90", "right"),
    ("phone est.", "left"),
    ("licence", "left"),
)


def _cells(
    row: Mapping[str, Any], results: Results, marks: Mapping[str, str], *, accurate: bool
) -> list[str]:
    total = results.speed.get(row["detector"], {}).get("total")
    nme = nme_of(row)
    metric, value = nme if nme is not None else ("nme", None)
    return [
        row["detector"],
        row["scheme"],
        str(row["landmarks"]),
        _interval(row["jitter"]) + best_mark(results, "jitter", row["detector"]),
        _number(row["jitter_common"]) + best_mark(results, "jitter_common", row["detector"]),
        _number(row["spread"]),
        "–" if row["gain"] is None or row["gain"]["mean"] is None else f"{row['gain']['mean']:.3f}",
        *([_number(value) + best_mark(results, metric, row["detector"])] if accurate else []),
        *_by_eye(row["detector"], results),
        mega(row.get("parameters")),
        giga(_flops(row)),
        f"{short_ms(total['p50'])}/{short_ms(total['p90'])}" if total else "–",
        results.portability.get(row["detector"], {}).get("level", "–"),
        marks[row["detector"]],
    ]


def _by_eye(detector: str, results: Results) -> list[str]:
    """One cell where something was rated, else none."""
    scores = visual_of(results)
    mean = scores.get(detector, {}).get("mean")
    return [] if not scores else ["–" if mean is None else f"{mean:.0f}"]


def _flops(row: Mapping[str, Any]) -> int | None:
    multiply_adds = row.get("multiply_adds")
    return None if multiply_adds is None else 2 * int(multiply_adds)


def _table(rows: Sequence[Sequence[str]], named: Sequence[tuple[str, str]], width: int) -> Table:
    columns = [(name, side, [row[place] for row in rows]) for place, (name, side) in enumerate(named)]
    known = [column for column in columns if any(cell != "–" for cell in column[2])]
    columns = known if known else columns  # what no detector has needs no room; a footnote says why
    said = all(scheme.endswith(f"-{count}") for _, scheme, count, *_ in rows)
    if said and _natural(columns) + len(columns) + 1 > width:
        del columns[2]  # the count of landmarks is in the scheme's name, and detectors' names need the room
    gap = 1 if _natural(columns) + 2 * len(columns) + 1 <= width else 0  # beside the space that the box draws
    table = Table(box=box.SIMPLE_HEAD, padding=(0, gap), collapse_padding=True, header_style="bold")
    for name, side, _ in columns:
        justify: Literal["left", "right"] = "right" if side == "right" else "left"
        table.add_column(
            _heading(name), justify=justify, no_wrap=name not in ("detector", "licence"), overflow="fold"
        )
    room = width - (_natural(columns[1:]) + (1 + gap) * len(columns) + 1)
    for name, *cells in zip(*(cells for _, _, cells in columns), strict=True):
        parted = "\n".join(textwrap.wrap(name, max(8, room)))  # at a hyphen, where there is one
        table.add_row(*map(Text, (parted, *cells)))
    return table


def _heading(name: str) -> str:
    return name if name.startswith("jitter") else name.replace(" ", "\n")


def _natural(columns: Sequence[tuple[str, str, Sequence[str]]]) -> int:
    """Characters of the columns where nothing is broken."""
    return sum(max(map(len, [*_heading(name).split("\n"), *cells])) for name, _, cells in columns)


def _blocks(rows: Sequence[Sequence[str]], columns: Sequence[tuple[str, str]]) -> Group:
    """One block per detector, a value a line."""
    lines: list[RenderableType] = []
    for row in rows:
        lines.append(Text(f"\n {row[0]}", style="bold"))
        lines += [Text(f"   {name:<13} {cell}") for (name, _), cell in zip(columns[1:], row[1:], strict=True)]
    return Group(*lines, Text())


def _interval(value: Mapping[str, Any] | None) -> str:
    if value is None or value["mean"] is None:
        return "–"
    if value["low"] is None:
        return _number(value)
    return f"{_number(value)} [{_decimals(value['low'])}, {_decimals(value['high'])}]"


def _number(value: Mapping[str, Any] | None) -> str:
    return "–" if value is None or value["mean"] is None else _decimals(value["mean"])


def _decimals(value: float) -> str:
    """Two decimals, three for what they would round away."""
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"
