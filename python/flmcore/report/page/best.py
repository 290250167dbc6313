"""Which detector is best in each number, and which are not told apart from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from flmcore.evaluation.comparisons import values_by_image
from flmcore.evaluation.pairs import LEVEL, compare_pairs
from flmcore.evaluation.summary import same_faces
from flmcore.report.page.measures import Measure

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results
    from flmcore.report.page.values import Cell

__all__ = ["best_of"]


def best_of(results: Results, cells: dict[Measure, dict[str, Cell]]) -> dict[str, dict[str, Any]]:
    """By measure ``best``, ``tied`` and ``how`` it was decided.

    Where there is a value per image, by the sign-flip test of paired differences (Holm's correction over all pairs), as
    results have it for the main metric and made the same way for the others; by the figure alone elsewhere, and then no
    ties are claimed. Nothing where no way is better, or with one detector.
    """
    compared = {row["metric"]: row for row in results.comparisons}
    table, _ = same_faces(results.units, [str(row["detector"]) for row in results.summary])
    found: dict[str, dict[str, Any]] = {}
    for measure, row in cells.items():
        known = {name: cell["mean"] for name, cell in row.items() if cell["mean"] is not None}
        if measure.better == "none" or len(known) < 2:
            continue
        best = min(known, key=lambda name: _loss(measure, known[name]))
        tied: list[str] | None = None
        if measure.key in compared:
            tied = _tied(compared[measure.key]["pairs"], best)
        elif measure.paired and measure.group in ("stability", "accuracy"):
            names, numbers = values_by_image(table, measure.key)
            if measure.better == "zero":
                numbers = np.abs(numbers)
            seed = results.protocol["sweep"]["seed"]
            pairs = compare_pairs(names, numbers, seed=seed, intervals=False)
            tied = _tied([pair.to_dict() for pair in pairs], best)
        how = "figure" if tied is None else "paired"
        found[measure.key] = {"best": best, "tied": tied or [], "how": how, "level": LEVEL}
    return found


def _loss(measure: Measure, value: float) -> float:
    return {"low": value, "high": -value, "zero": abs(value)}[measure.better]


def _tied(pairs: list[dict[str, Any]], best: str) -> list[str] | None:
    """Who is not told apart from the best; None where nothing was tested, as with few images."""
    if not any(pair["p"] is not None for pair in pairs):
        return None
    with_best = [pair for pair in pairs if best in (pair["a"], pair["b"]) and pair["tied"]]
    return [pair["b"] if pair["a"] == best else pair["a"] for pair in with_best]
