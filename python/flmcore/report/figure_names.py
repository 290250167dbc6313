"""Names of the figures that can be made one by one, and what they show; apart, so that the command's help costs nothing."""

from __future__ import annotations

__all__ = ["FIGURES"]

FIGURES = {
    "ranks": "jitter, and NME where there is truth: order, intervals, range of ranks, ties",
    "tradeoff": "jitter against latency, with the Pareto front",
    "heatmap": "jitter of each landmark on the face",
    "groups": "jitter by part of the face",
    "offsets": "error against displacement of the window (--sweep)",
    "ced": "cumulative error distribution",
    "cloud": "landmarks through the sweep on a face (--image)",
    "video": "measures of stability on video",
    "ratings": "the score by eye",
}
