"""What rating by eye needs of the results, and what raters said so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flmcore.rating.codes import detector_codes, results_id
from flmcore.report.page.measures import Measure
from flmcore.report.page.values import Cell, from_interval
from flmcore.report.ratings import rating_lines, visual_of

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results
    from flmcore.report.page.making import Making

__all__ = ["best_by_eye", "eye_cells", "rating_data"]

EYE = Measure(
    "visual",
    "by eye",
    "%",
    "high",
    "Rated blind in pairs: the chance to be preferred to the average detector where the two are told apart. 50 is average.",
    digits=0,
    floor=1.0,
    group="rating",
    paired=False,
)


def rating_data(making: Making) -> Mapping[str, Any]:
    """``rating``: ``results`` (their identity), ``codes`` of the detectors in order, ``said``: lines on imported ratings."""
    results = making.results
    return {
        "rating": {
            "results": results_id(results),
            "codes": list(detector_codes(results)),
            "said": rating_lines(results),
        }
    }


def eye_cells(results: Results) -> dict[Measure, dict[str, Cell]]:
    """The score as a measure of its own; nothing where nothing was rated."""
    scores = visual_of(results)
    return (
        {EYE: {name: from_interval(score, "not rated") for name, score in scores.items()}} if scores else {}
    )


def best_by_eye(results: Results) -> dict[str, dict[str, Any]]:
    """The entry of ``best``: the highest score, and those that raters do not tell apart from it."""
    known = {name: score["mean"] for name, score in visual_of(results).items() if score["mean"] is not None}
    if len(known) < 2:
        return {}
    best = max(known, key=lambda name: float(known[name]))
    pairs = [row for row in results.data["ratings"]["pairs"] if best in (row["a"], row["b"])]
    tested = any(row["p"] is not None for row in pairs)
    tied = [row["b"] if row["a"] == best else row["a"] for row in pairs if row["tied"]] if tested else []
    return {EYE.key: {"best": best, "tied": tied, "how": "paired" if tested else "figure", "level": 0.05}}
