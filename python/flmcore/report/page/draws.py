"""The means as they would be on other images, for the chance of a choice to be the right one."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.comparisons import values_by_image
from flmcore.evaluation.latency import median_error
from flmcore.evaluation.statistics import MIN_IMAGES
from flmcore.evaluation.summary import METRICS, same_faces
from flmcore.ops.resample import resample_means
from flmcore.report.page.measures import Measure

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results
    from flmcore.report.page.values import Cell

__all__ = ["DRAWS", "draws_of"]

DRAWS = 400  # to about ±5 points of probability, in 3 kB per detector and measure
_MANY = 120_000  # numbers on the page; with more detectors, fewer draws of each


def draws_of(results: Results, cells: dict[Measure, dict[str, Cell]]) -> dict[str, Any]:
    """``count`` and, by measure and detector, ``values``: the mean in each resample of the images.

    The images are drawn once for all detectors and measures, so what they have in common cancels, as in the paired
    tests. Latency moves by the noise of its median within the run; what is stated of a model does not move.
    """
    table, _ = same_faces(results.units, [str(row["detector"]) for row in results.summary])
    paired = [measure for measure in cells if measure.key in METRICS]
    wanted = max(1, len(paired) * len(results.summary))
    count = max(50, min(DRAWS, _MANY // wanted))
    seed = int(results.protocol["sweep"]["seed"])
    found: dict[str, dict[str, list[float]]] = {}
    for measure in paired:
        names, numbers = values_by_image(table, measure.key)
        images = np.isfinite(numbers).all(axis=0)
        if images.sum() < MIN_IMAGES:
            continue
        means = resample_means(numbers[:, images].T, resamples=count, seed=seed)
        found[measure.key] = {
            name: _short(column)
            for name, column in zip(names, means.T, strict=True)
            if np.isfinite(column).all()
        }
    if found and any(measure.key == "latency" for measure in cells):
        found["latency"] = _latency_draws(results, count)
    return {"count": count if found else 0, "values": found}


def _latency_draws(results: Results, count: int) -> dict[str, list[float]]:
    """Normal with the noise of the median, at quantiles in an order of each detector's own: no two move together."""
    levels = [NormalDist().inv_cdf((number + 0.5) / count) for number in range(count)]
    found = {}
    for place, (name, speed) in enumerate(sorted(results.speed.items())):
        if not speed.get("total"):
            continue
        error = median_error(speed["total"], speed.get("repeats", 1))
        order = np.random.Generator(
            np.random.PCG64([int(results.protocol["sweep"]["seed"]), place])
        ).permutation(count)
        values = speed["total"]["p50"] + error * np.array(levels)[order]
        found[name] = _short(np.maximum(values, 0.5 * speed["total"]["min"]))
    return found


def _short(values: NDArray[np.float64]) -> list[float]:
    """Four digits: a resample is not worth more."""
    return [float(f"{value:.4g}") for value in values.tolist()]
