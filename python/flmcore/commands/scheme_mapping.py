"""A mapping in words: grades, and how far its approximate landmarks lie from the target's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from rich import box
from rich.table import Table
from rich.text import Text

from flmcore.commands.console import say, terminal

if TYPE_CHECKING:
    from flmcore.schemes import Mapping

__all__ = ["in_grades", "say_mapping"]

_NONE = "–"


def in_grades(grades: Sequence[str]) -> str:
    """``50 exact, 8 interpolated``."""
    from flmcore.schemes.rows import GRADES

    return ", ".join(f"{grades.count(grade)} {grade}" for grade in GRADES if grade in grades)


def say_mapping(mapping: Mapping, *, each: bool) -> None:
    """Grades, origins and measured errors; ``each``: of every landmark."""
    say(f"{' → '.join(mapping.path)}: {in_grades(mapping.grades)}")
    for origin in mapping.origins:
        say(f"{'origin':<22} {origin}")
    for measured in mapping.measurements:
        faces = f"{measured.faces} face{'s' * (measured.faces != 1)}"
        images = f"{measured.images} image{'s' * (measured.images != 1)}"
        say(f"{'measured':<22} {measured.table}: {measured.origin}; {faces} of {images}")
    approximate = [i for i, grade in enumerate(mapping.grades) if grade == "approximate"]
    if approximate and not mapping.measurements:
        say(f"{'measured':<22} {_NONE}: it is not known how far the approximate landmarks are off")
    if each:
        _print_points(mapping)
    elif mapping.measurements:
        _print_groups(mapping, approximate)
    if mapping.measurements:
        say(
            "Errors of approximate landmarks in % of the distance between the outer eye corners: how far they lie from"
        )
        say(
            f"those of {mapping.target}. As found: the same with the errors of the models that were compared."
        )


def _print_groups(mapping: Mapping, approximate: Sequence[int]) -> None:
    from flmcore.schemes import get

    table = _table("group", "approximate", "measured", "mean error", "worst", "as found")
    groups = {
        name: [i for i in members if i in approximate] for name, members in get(mapping.target).groups.items()
    }
    for name, members in {**groups, "all": approximate}.items():
        known = [i for i in members if not math.isnan(mapping.errors[i])]
        worst = max(known, key=lambda i: mapping.errors[i], default=None)
        if members:
            table.add_row(
                *map(
                    Text,
                    (name, str(len(members)), str(len(known)), _mean([mapping.errors[i] for i in known])),
                ),
                Text(_NONE if worst is None else f"{mapping.errors[worst]:.2f} ({worst})"),
                Text(_mean([d for i in members if not math.isnan(d := mapping.distances[i])])),
            )
    terminal().print(table)


def _print_points(mapping: Mapping) -> None:
    table = _table("landmark", "grade", "from", "error", "±", "as found")
    for i, grade in enumerate(mapping.grades):
        numbers = [_number(column[i]) if column else _NONE for column in _columns(mapping)]
        table.add_row(*map(Text, (str(i), grade, _sources(mapping, i), *numbers)))
    terminal().print(table)


def _columns(mapping: Mapping) -> tuple[Sequence[float], ...]:
    return mapping.errors, mapping.standard_errors, mapping.distances


def _sources(mapping: Mapping, point: int) -> str:
    """Source landmarks with their weights; where several tables follow each other, only a dash."""
    if len(mapping.steps) != 1:
        return _NONE
    (step,) = mapping.steps
    row = step.rows[point]
    for arc in step.arcs:
        if point in arc.targets:
            return f"along {arc.path[0]} … {arc.path[-1]}"
    return " + ".join(str(i) if weight == 1 else f"{weight:.4g}·{i}" for i, weight in row) or _NONE


def _mean(values: Sequence[float]) -> str:
    return f"{math.fsum(values) / len(values):.2f}" if values else _NONE


def _number(value: float) -> str:
    return _NONE if math.isnan(value) else f"{value:.2f}"


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, header_style="bold")
    for name in columns:
        side: Literal["left", "right"] = "left" if name in ("group", "grade", "from") else "right"
        table.add_column(name, justify=side, no_wrap=name != "from", overflow="fold")
    return table
