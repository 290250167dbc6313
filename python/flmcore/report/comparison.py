"""The comparison of two runs as a table for the terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from flmcore.report.safe import printable

if TYPE_CHECKING:
    from flmcore.evaluation.comparison import Comparison

__all__ = ["build", "notes", "render"]

_NARROW = 96  # below this many columns: one block per number instead
_COLUMNS = ("detector", "number", "old", "new", "difference", "p", "verdict")
_NAMED = 3
_STYLE = {"worse": "bold red", "better": "green", "not judged": "yellow"}


def render(comparison: Comparison, *, width: int = 100) -> str:
    """The table and what must be known beside it, as plain text."""
    text = io.StringIO()
    console = Console(file=text, width=width, color_system=None, legacy_windows=False)
    console.print(build(comparison, width=width))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n")


def build(comparison: Comparison, *, width: int = 100) -> RenderableType:
    """For a rich console; what detectors and files say of themselves is shown to the letter, never obeyed."""
    rows = [*map(_cells, comparison.data["rows"]), *map(_latency_cells, comparison.data["latency"])]
    order = [printable(name) for name in comparison.data["detectors"]["shared"]]
    rows.sort(key=lambda row: order.index(row[0]))  # stable: latency stays below a detector's other numbers
    below = Table.grid(padding=(0, 1, 0, 1))
    for note in notes(comparison):
        warns = note.startswith("! ")
        text = Text(printable(note.removeprefix("! ")), style="yellow" if warns else "dim", overflow="fold")
        below.add_row("!" if warns else "·", text)
    return Group(_blocks(rows) if width < _NARROW else _table(rows), below)


def _cells(row: Mapping[str, Any]) -> list[str]:
    number = f"{row['metric']} {row['unit']}".strip()
    difference = row["difference"]
    said = "–" if difference["mean"] is None else _signed(difference["mean"])
    if difference["low"] is not None:
        said += f" [{_signed(difference['low'])}, {_signed(difference['high'])}]"
    return [
        printable(row["detector"]),
        number,
        _digits(row["old"]),
        _digits(row["new"]),
        said,
        _p(row["p_holm"]),
        row["verdict"],
    ]


def _latency_cells(row: Mapping[str, Any]) -> list[str]:
    known = row["old"] is not None and row["new"] is not None
    said = f"{_signed(row['new'] - row['old'])} ± {row['noise']:.2g}" if known else "–"
    cells = [_digits(row["old"]), _digits(row["new"]), said, "–", row["verdict"]]
    return [printable(row["detector"]), "latency ms", *cells]


def _table(rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, header_style="bold")
    for name in _COLUMNS:
        right = name in ("old", "new", "p")
        table.add_column(
            name, justify="right" if right else "left", no_wrap=name != "detector", overflow="fold"
        )
    last = None
    for detector, *cells, verdict in rows:
        name = "" if detector == last else detector
        table.add_row(*map(Text, (name, *cells)), Text(verdict, style=_STYLE.get(verdict, "")))
        last = detector
    return table


def _blocks(rows: Sequence[Sequence[str]]) -> Group:
    lines: list[RenderableType] = []
    for detector, number, *cells in rows:
        lines.append(Text(f"\n {detector} · {number}", style="bold", overflow="fold"))
        lines += [Text(f"   {name:<11} {cell}") for name, cell in zip(_COLUMNS[2:], cells, strict=True)]
    return Group(*lines, Text())


def notes(comparison: Comparison) -> list[str]:
    """What must be known beside the numbers; what warns begins with an exclamation mark."""
    data = comparison.data
    return [*_runs(data), *_coverage(data), *_differences(data), *_latency(data), *_doubted(data), _how(data)]


def _runs(data: Mapping[str, Any]) -> Iterator[str]:
    for name in ("old", "new"):
        if not data[name]["complete"]:
            yield f"! The {name} run was interrupted: it holds what was finished."


def _coverage(data: Mapping[str, Any]) -> Iterator[str]:
    for key, text in (("only_old", "Only in the old run"), ("only_new", "Only in the new run")):
        if data["detectors"][key]:
            yield f"! {text}: {', '.join(data['detectors'][key])}."
    images = data["images"]
    kinds = (
        ("changed", "of other content in the new"),
        ("only_old", "only in the old"),
        ("only_new", "only in the new"),
    )
    for key, text in kinds:
        if images[key]:
            yield f"! Left out, as {text} run: {_count(images[key], 'image')}: {_some(images[key])}."
    for key, text in (("lost", "no longer measured"), ("gained", "measured by the new run only")):
        for name in dict.fromkeys(row["detector"] for row in data[key]):
            places = [f"{row['image']} face {row['face']}" for row in data[key] if row["detector"] == name]
            yield f"! {name}: {_count(places, 'face')} {text}: {_some(places)}."
    for row in data["rows"]:
        if row["missing"]:
            yield f"! {row['detector']}: {row['metric']} is undefined on some faces that had it ({row['missing']})."


def _count(names: Sequence[str], what: str) -> str:
    return f"{len(names)} {what}{'s' * (len(names) != 1)}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _differences(data: Mapping[str, Any]) -> Iterator[str]:
    matter = [d for d in data["differences"] if d["matters"]]
    if matter:
        yield "! The runs were measured in different ways, so differences may come from that:"
    yield from (f"! {d['where']}: {d['old']} → {d['new']}" for d in matter)
    yield from (f"{d['where']}: {d['old']} → {d['new']}" for d in data["differences"] if not d["matters"])


def _latency(data: Mapping[str, Any]) -> Iterator[str]:
    if not data["latency"]:
        return
    if not data["same_machine"]:
        yield "! Latency: the runs say different machines, so it is not judged."
    elif any(row["old"] is not None and row["new"] is not None for row in data["latency"]):
        yield (
            "Latency: medians, ± the noise of both. One measurement per run and machine: what else the machine did "
            "may move it further than that."
        )
    if data["same_machine"]:
        yield from (f"{r['detector']}: latency: {r['reason']}." for r in data["latency"] if r["reason"])


def _how(data: Mapping[str, Any]) -> str:
    count = len(data["images"]["shared"])
    text = f"New less old, on the faces measured in both runs, {count} image{'s' * (count != 1)}"
    found = [row["difference"] for row in data["rows"] if row["difference"]["images"]]
    if found and all(difference["low"] is None for difference in found):
        text += f"; no intervals ({found[0]['reason']})"
    elif found:
        text += "; [ ]: 95 % bootstrap interval of the paired difference"
    limits = dict.fromkeys(f"{row['metric']} {row['tolerance']}" for row in data["rows"])
    limits |= dict.fromkeys(f"latency {row['tolerance']}" for row in data["latency"])
    if tests := data["tests"]:
        text += f"; p: of no more than the tolerance, after Holm over {tests} test{'s' * (tests != 1)}"
    return (
        f"{text}. Worse, better: all of it beyond the tolerance, and p up to 0.05; same: all of it within; unclear: "
        f"neither. Tolerance: {', '.join(limits)}."
    )


def _doubted(data: Mapping[str, Any]) -> Iterator[str]:
    """What an interval alone would say, and as many tests do not bear out."""
    for row in data["rows"]:
        if row["verdict"] != row["verdict_alone"]:
            yield f"{row['detector']}: {row['metric']} alone would be {row['verdict_alone']}: among so many it may be chance."


def _p(value: float | None) -> str:
    return "–" if value is None else "<0.001" if value < 0.001 else f"{value:.3f}"


def _digits(value: float | None) -> str:
    """Four digits, as differences of one per cent must show."""
    return "–" if value is None else f"{value:.4g}"


def _signed(value: float) -> str:
    return "0" if value == 0 else f"{value:+.3g}"
