"""From clips to one row per detector, and the order of detectors on video beside that on still images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from flmcore.evaluation.statistics import Interval, bootstrap_means

__all__ = ["VIDEO_METRICS", "kendall_tau", "order_agreement", "summarise_clips", "value_at"]

# Where each number is found in a unit.
VIDEO_METRICS: dict[str, tuple[str, ...]] = {
    "acceleration": ("acceleration",),
    "flow_jitter": ("flow_jitter",),
    "high_frequency": ("high_frequency",),
    "acceleration_common": ("common", "acceleration"),
    "flow_jitter_common": ("common", "flow_jitter"),
    "high_frequency_common": ("common", "high_frequency"),
    "nme": ("truth", "nme"),
    "nmf": ("truth", "nmf"),
    "nad_1": ("truth", "nad", "1"),
    "nad_5": ("truth", "nad", "5"),
    "nad_10": ("truth", "nad", "10"),
}
Rows = Sequence[Mapping[str, Any]]


def summarise_clips(units: Rows, detectors: Rows, *, seed: int) -> list[dict[str, Any]]:
    """One row per detector: means over the clips that all detectors were measured on; the clip is the sampling unit.

    A detector that was measured on no clip is left aside, and so is this rule where no clip remains.
    """
    table: dict[str, dict[str, Mapping[str, Any]]] = {str(row["name"]): {} for row in detectors}
    for unit in units:
        table[unit["detector"]][unit["clip"]] = unit
    working = [set(clips) for clips in table.values() if clips]
    shared = set.intersection(*working) if working else set()
    rows = []
    for detector in detectors:
        clips = table[str(detector["name"])]
        used = [unit for clip, unit in clips.items() if not shared or clip in shared]
        columns = {metric: _values(used, path) for metric, path in VIDEO_METRICS.items()}
        intervals = bootstrap_means(list(columns.values()), seed=seed)
        rows.append(
            {
                "detector": detector["name"],
                "scheme": detector["scheme"],
                "landmarks": detector["landmarks"],
                "clips_measured": len(clips),
                "clips": len(used),
                "same_clips": bool(shared),
                "frames": sum(unit["frames_measured"] for unit in used),
                **{
                    metric: None if used and not len(columns[metric]) else _of_clips(interval)
                    for metric, interval in zip(columns, intervals, strict=True)
                },
            }
        )
    return rows


def value_at(unit: Mapping[str, Any], path: tuple[str, ...]) -> float | None:
    """The number that a path of keys leads to; None where there is none."""
    value: Any = unit
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return None if value is None else float(value)


def _values(units: Rows, path: tuple[str, ...]) -> list[float]:
    found = [value_at(unit, path) for unit in units]
    return [value for value in found if value is not None and math.isfinite(value)]


def _of_clips(interval: Interval) -> dict[str, Any]:
    row = interval.to_dict()
    if row["reason"] is not None:
        row["reason"] = row["reason"].replace("images", "clips").replace("image", "clip")
    return row


def order_agreement(video: Rows, still: Rows) -> dict[str, Any]:
    """The detectors by flow-compensated jitter on video and by jitter on still images, the steadiest first.

    On the common landmarks where every detector has both there, else on all landmarks of each. ``tau`` is Kendall's
    tau-a over pairs of detectors: 1 for the same order, −1 for the opposite; null with fewer than three detectors.
    """
    moving, resting = ({row["detector"]: row for row in rows} for rows in (video, still))
    for on, ours, theirs in (
        ("common", "flow_jitter_common", "jitter_common"),
        ("all", "flow_jitter", "jitter"),
    ):
        a, b = _means(moving, ours), _means(resting, theirs)
        names = [name for name in a if name in b]
        if on == "all" or len(names) == len(moving):
            break
    tau = kendall_tau([a[name] for name in names], [b[name] for name in names]) if len(names) > 2 else None
    return {
        "landmarks": on,
        "video": sorted(names, key=lambda name: a[name]),
        "still": sorted(names, key=lambda name: b[name]),
        "tau": tau,
        "reason": None if tau is not None else f"{len(names)} detectors with both: an order needs at least 3",
    }


def _means(rows: Mapping[str, Mapping[str, Any]], metric: str) -> dict[str, float]:
    found = {}
    for name, row in rows.items():
        value = row.get(metric)
        if value is not None and value["mean"] is not None:
            found[name] = float(value["mean"])
    return found


def kendall_tau(a: Sequence[float], b: Sequence[float]) -> float:
    """(concordant − discordant pairs) / pairs; a tie counts as neither."""
    signs = [np.sign(a[i] - a[j]) * np.sign(b[i] - b[j]) for i, j in combinations(range(len(a)), 2)]
    return float(sum(signs) / len(signs))
