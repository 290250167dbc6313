"""The score by eye of each detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flmcore.report.interval_rows import Panel, draw_panels
from flmcore.report.ratings import visual_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["draw_ratings"]


def draw_ratings(results: Results) -> Figure:
    """The chance to be preferred to the average detector, with its interval, the best first."""
    ratings = results.data["ratings"]
    places = {str(row["detector"]): index for index, row in enumerate(results.summary)}
    scores = {name: value for name, value in visual_of(results).items() if name in places}
    raters = len(ratings["raters"])
    note = f"{ratings['count']} pairs rated blind by {raters} rater{'s' * (raters != 1)}; 50 is the average detector"
    panel = Panel("preferred to the average detector, %", scores, high=True, line=50.0)
    return draw_panels([panel], places, note)
