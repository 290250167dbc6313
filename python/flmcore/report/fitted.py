"""A learnt mapping as a table: cross-validated errors beside what there was before."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from flmcore.evaluation.fit_remap import FittedRemap
from flmcore.evaluation.fold_rows import mean
from flmcore.schemes.scheme import find

__all__ = ["fitted_notes", "fitted_table"]

_COLUMNS = ("landmarks", "fitted %", "one source %", "built-in %", "sources")


def fitted_table(fitted: FittedRemap, *, points: bool = False) -> Table:
    """A row per group of the target's scheme and one for all; with ``points`` a row per landmark before them."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, header_style="bold")
    for name in ("landmark" if points else "group", *_COLUMNS):
        table.add_column(name, justify="left" if name in ("landmark", "group") else "right")
    if points:
        for i in range(len(fitted.errors)):
            table.add_row(*map(Text, _cells(fitted, str(i), [i], one=True)))
        table.add_section()
    for name, members in _parts(fitted):
        table.add_row(*map(Text, _cells(fitted, name, members)))
    return table


def _parts(fitted: FittedRemap) -> Iterator[tuple[str, Sequence[int]]]:
    scheme = find(fitted.target)
    if scheme is not None:
        yield from scheme.groups.items()
    yield "all", range(len(fitted.errors))


def _cells(fitted: FittedRemap, name: str, members: Sequence[int], *, one: bool = False) -> list[str]:
    defined = [i for i in members if fitted.grades[i] != "undefined"]
    sources = [len(fitted.rows[i]) for i in defined]
    count = f"{len(defined)} of {len(members)}" if len(defined) < len(members) else str(len(members))
    return [
        name,
        ("–" if not defined else "") if one else count,
        *(_error([values[i] for i in members]) for values in (fitted.errors, fitted.single, fitted.known)),
        "–" if not sources else f"{sum(sources) / len(sources):.3g}",
    ]


def _error(values: Sequence[float]) -> str:
    """Mean of those that there are, and of how many where they are not all."""
    there = sum(map(math.isfinite, values))
    if not there:
        return "–"
    return f"{mean(values):.2f}" + (f" ({there})" if there < len(values) else "")


def fitted_notes(fitted: FittedRemap) -> list[str]:
    """What the table's numbers are, and why a landmark has none."""
    same = fitted.source == fitted.target
    before = "the landmarks as they are" if same else "the registry's mapping, on all faces"
    notes = [
        f"Mean distance to the truth in % of {fitted.normaliser}, on faces that were not fitted",
        f"built-in: {before}" if any(map(math.isfinite, fitted.known)) else "no built-in mapping leads there",
    ]
    undefined: dict[str, list[int]] = {}
    for i, reason in enumerate(fitted.reasons):
        if reason:
            undefined.setdefault(reason, []).append(i)
    return [*notes, *(f"undefined {_spans(rows)}: {reason}" for reason, rows in undefined.items())]


def _spans(numbers: Sequence[int]) -> str:
    """``0-16, 20`` of rising numbers."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], number]
        else:
            spans.append([number])
    return ", ".join("-".join(map(str, span)) for span in spans)
