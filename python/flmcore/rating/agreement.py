"""Whether what the eye prefers is what the measures call stable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.comparisons import values_by_image
from flmcore.evaluation.statistics import MIN_IMAGES, Interval
from flmcore.evaluation.summary import same_faces
from flmcore.ops.resample import resample_means

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["agreement_rows", "kendall_tau", "main_metric", "side_of"]

Floats = NDArray[np.float64]
_VIDEO = ("flow_jitter", "acceleration", "high_frequency")
_FEWEST = 3  # detectors whose order says anything


def main_metric(results: Results) -> str:
    """The measure that the eye is compared with pair by pair: jitter, on common landmarks where there are some."""
    compared = [str(row["metric"]) for row in results.comparisons]
    return next((metric for metric in ("jitter_common", "jitter") if metric in compared), "jitter")


def agreement_rows(
    results: Results, names: Sequence[str], strengths: Floats, draws: Floats | None, *, seed: int
) -> list[dict[str, Any]]:
    """Per measure of stability ``metric``, ``tau`` (1: the same order, -1: the opposite) and its interval.

    The interval is the 2.5 % and 97.5 % percentiles over resamples of the ratings and, for measures of stills, of the
    images at the same time; clips' measures stay as they are.
    """
    rows = []
    by_video = {str(row["detector"]): row for row in results.data.get("video", {}).get("summary", [])}
    stills = {str(row["detector"]): row for row in results.summary}
    for metric in (main_metric(results), *_VIDEO):
        source = by_video if metric in _VIDEO else stills
        values = np.array([_mean(source.get(name, {}).get(metric)) for name in names])
        there = np.isfinite(values)
        if not there.any():
            continue
        resampled = None
        if draws is not None:
            resampled = _resampled(results, names, metric, values, draws, seed)
        rows.append({"metric": metric, "tau": _tau(strengths, values, there, draws, resampled)})
    return rows


def _tau(
    strengths: Floats,
    values: Floats,
    there: NDArray[np.bool_],
    draws: Floats | None,
    resampled: Floats | None,
) -> dict[str, Any]:
    count = int(there.sum())
    if count < _FEWEST:
        reason = f"{count} detector{'s' * (count != 1)} with both: an order needs at least {_FEWEST}"
        return Interval(None, None, None, count, reason).to_dict()
    tau = kendall_tau(strengths[there], -values[there])
    if draws is None or resampled is None:
        return Interval(tau, None, None, count, "the ratings have no intervals").to_dict()
    pairs = zip(draws, resampled, strict=True)
    drawn = [kendall_tau(strength[there], -value[there]) for strength, value in pairs]
    known = np.sort([value for value in drawn if value is not None])
    if tau is None or not len(known):
        return Interval(None, None, None, count, "all of one strength or one value").to_dict()
    cut = int(0.025 * len(known))
    return Interval(tau, float(known[cut]), float(known[len(known) - 1 - cut]), count).to_dict()


def _resampled(
    results: Results, names: Sequence[str], metric: str, values: Floats, draws: Floats, seed: int
) -> Floats:
    """(B, D): the measure on other images; as measured where there are too few, or none per image."""
    still = np.broadcast_to(values, draws.shape)
    if metric in _VIDEO:
        return still
    table, _ = same_faces(results.units, [str(row["detector"]) for row in results.summary])
    have, numbers = values_by_image(table, metric)
    places = {name: place for place, name in enumerate(have)}
    images = np.isfinite(numbers).all(axis=0)
    if not set(names) <= set(places) or images.sum() < MIN_IMAGES:
        return still
    rows = numbers[[places[name] for name in names]][:, images].T
    return resample_means(rows, resamples=len(draws), seed=seed + 1)  # other draws than the ratings'


def kendall_tau(a: Floats, b: Floats) -> float | None:
    """Kendall's tau-b (Kendall 1945, "The treatment of ties in ranking problems"); None where one side is constant."""
    first, second = (np.sign(row[:, None] - row)[np.triu_indices(len(row), 1)] for row in (a, b))
    size = float(np.sqrt(np.abs(first).sum() * np.abs(second).sum()))
    return None if size == 0 else float((first * second).sum()) / size


def side_of(pairs: Sequence[Mapping[str, Any]], a: str, b: str) -> str | None:
    """Which of two detectors the measure calls steadier: ``a``, ``b``, ``tied``; None where it was not tested."""
    for row in pairs:
        if {row["a"], row["b"]} == {a, b}:
            if row["p"] is None:
                return None
            if row["tied"]:
                return "tied"
            return "a" if (row["difference"]["mean"] < 0) == (row["a"] == a) else "b"
    return None


def _mean(value: Mapping[str, Any] | None) -> float:
    mean = None if value is None else value.get("mean")
    return float("nan") if mean is None else float(mean)
