"""Every number of every detector, with its interval, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flmcore.evaluation.latency import median_error
from flmcore.report.page.measures import MEASURES, VIDEO, Measure

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["Cell", "cells_of", "from_interval"]

Cell = dict[str, Any]  # mean, low, high, n, reason
_STATED = {"params": ("parameters", 1e6), "flops": ("multiply_adds", 0.5e9)}


def cells_of(results: Results) -> dict[Measure, dict[str, Cell]]:
    """By measure and detector; only measures that some detector has."""
    found: dict[Measure, dict[str, Cell]] = {}
    for measure in MEASURES:
        cells = {str(row["detector"]): _cell(results, row, measure) for row in results.summary}
        if any(cell["mean"] is not None for cell in cells.values()):
            found[measure] = cells
    return found | _video(results)


def _cell(results: Results, row: Mapping[str, Any], measure: Measure) -> Cell:
    if measure.key in ("latency", "latency_p90"):
        return _latency(results.speed.get(row["detector"]), measure.key)
    if measure.key == "landmarks":
        return _alone(row["landmarks"], "")
    if measure.key in _STATED:
        key, scale = _STATED[measure.key]
        value = row.get(key)
        return _alone(None if value is None else value / scale, "this model could not be counted")
    value = row.get(measure.key)
    return from_interval(value, _why_missing(row, measure))


def from_interval(value: Mapping[str, Any] | None, missing: str) -> Cell:
    """A mean with its interval as results have it; ``missing`` is the reason where there is none at all."""
    if value is None or value.get("mean") is None:
        return _alone(None, (value or {}).get("reason") or missing)
    return {
        "mean": value["mean"],
        "low": value.get("low"),
        "high": value.get("high"),
        "n": value.get("images"),
        "reason": value.get("reason"),
    }


def _alone(value: float | None, missing: str) -> Cell:
    return {"mean": value, "low": None, "high": None, "n": None, "reason": missing if value is None else None}


def _why_missing(row: Mapping[str, Any], measure: Measure) -> str:
    if not row["faces_measured"]:
        return "this detector could be measured on no face"
    if measure.group == "accuracy":
        without = row.get("accuracy", {}).get("without_figure", {})
        return next(iter(without), "no true landmarks that this detector shares")
    if measure.key == "gain":
        return "no gain where the windows do not shift"
    return "this run has no such number for this detector"


def _latency(speed: Mapping[str, Any] | None, key: str) -> Cell:
    total = (speed or {}).get("total")
    if not speed or not total:
        return _alone(None, "speed was not measured in this run")
    if key == "latency_p90":
        return _alone(total["p90"], "the run does not say") | {"n": speed.get("repeats")}
    half = 1.96 * median_error(total, speed.get("repeats", 1))
    low, high = max(total["min"], total["p50"] - half), total["p50"] + half
    return {"mean": total["p50"], "low": low, "high": high, "n": speed.get("repeats"), "reason": None}


def _video(results: Results) -> dict[Measure, dict[str, Cell]]:
    rows = {str(row["detector"]): row for row in results.data.get("video", {}).get("summary", [])}
    found: dict[Measure, dict[str, Cell]] = {}
    for measure in VIDEO:
        cells = {
            str(row["detector"]): from_interval(
                rows.get(row["detector"], {}).get(measure.key), "not measured on video"
            )
            for row in results.summary
        }
        if any(cell["mean"] is not None and math.isfinite(cell["mean"]) for cell in cells.values()):
            found[measure] = cells
    return found
