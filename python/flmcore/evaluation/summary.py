"""From units to one row per detector."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.accuracy.summary import summarise_accuracy
from flmcore.evaluation.statistics import bootstrap_mean

__all__ = ["METRICS", "Face", "over_images", "per_image", "same_faces", "summarise"]

# Where each number of the table is found in a unit's values.
METRICS: dict[str, tuple[str, ...]] = {
    "jitter": ("jitter",),
    "jitter_p50": ("jitter_p50",),
    "jitter_p95": ("jitter_p95",),
    "jitter_max": ("jitter_max",),
    "spread": ("spread",),
    "gain": ("gain",),
    "residual": ("residual",),
    "jitter_common": ("common", "jitter"),
    "spread_common": ("common", "spread"),
    "gain_common": ("common", "gain"),
    "residual_common": ("common", "residual"),
    "rounding_jitter": ("rounding_jitter",),
    "decoder_floor": ("decoder_floor", "own"),
    "nme": ("accuracy", "nme"),
    "nme_common": ("accuracy", "nme_common"),
}
Face = tuple[str, int]


def summarise(
    units: Sequence[Mapping[str, Any]],
    detectors: Sequence[Mapping[str, Any]],
    *,
    seed: int,
    accuracy: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """One row per detector: means over images, with intervals, on the faces of :func:`same_faces`.

    The faces of one image are averaged first; the image is the sampling unit. ``accuracy`` is the run's plan, as the
    protocol has it.
    """
    table, shared = same_faces(units, [str(row["name"]) for row in detectors])
    measured = Counter(unit["detector"] for unit in units)
    rows = []
    for detector in detectors:
        name = str(detector["name"])
        faces = table[name]
        rows.append(
            {
                "detector": name,
                "scheme": detector["scheme"],
                "landmarks": detector["landmarks"],
                "licence": detector["licence"],
                "parameters": detector.get("cost", {}).get("parameters"),
                "multiply_adds": detector.get("cost", {}).get("multiply_adds"),
                "faces_measured": measured[name],
                "faces": len(faces),
                "images": len({image for image, _ in faces}),
                "same_faces": shared,
                **{metric: over_images(faces, path, seed) for metric, path in METRICS.items()},
                "per_landmark_jitter": _mean_rows(
                    [unit["per_landmark"]["jitter"] for unit in faces.values()]
                ),
                "per_group_jitter": _mean_groups([unit["per_group"] for unit in faces.values()]),
                **_accuracy(name, faces, accuracy, seed),
            }
        )
    return rows


def same_faces(
    units: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> tuple[dict[str, dict[Face, Mapping[str, Any]]], bool]:
    """The units that detectors are compared on, and whether these are the same faces for all.

    They are the faces that every detector measured (a detector that could be measured nowhere is left aside, and so
    is this rule where no face remains).
    """
    table: dict[str, dict[Face, Mapping[str, Any]]] = {name: {} for name in names}
    for unit in units:
        table[unit["detector"]][unit["image"], unit["face"]] = unit
    working = [set(faces) for faces in table.values() if faces]
    shared = set.intersection(*working) if working else set()
    if not shared:
        return table, False
    return {
        name: {face: unit for face, unit in faces.items() if face in shared} for name, faces in table.items()
    }, True


def _accuracy(
    name: str, faces: Mapping[Face, Mapping[str, Any]], plan: Mapping[str, Any] | None, seed: int
) -> dict[str, Any]:
    if plan is None:
        return {}
    units, points = list(faces.values()), plan["points"][name]
    return {"accuracy": summarise_accuracy(units, points, plan["common"], plan["normaliser"], seed)}


def per_image(faces: Mapping[Face, Mapping[str, Any]], path: tuple[str, ...]) -> dict[str, float]:
    """A number's mean over the faces of each image that has it; ``path`` leads to it in a unit's values."""
    values: dict[str, list[float]] = defaultdict(list)
    for (image, _), unit in faces.items():
        value: Any = unit
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            values[image].append(float(value))
    return {image: float(np.mean(rows)) for image, rows in values.items()}


def over_images(
    faces: Mapping[Face, Mapping[str, Any]], path: tuple[str, ...], seed: int
) -> dict[str, Any] | None:
    """Mean and interval; None where the number does not exist for this detector or sweep."""
    values = per_image(faces, path)
    if faces and not values:
        return None
    return bootstrap_mean(list(values.values()), seed=seed).to_dict()


def _mean_rows(rows: Sequence[Sequence[float | None]]) -> list[float | None]:
    """Column means that leave None out."""
    if not rows:
        return []
    values: NDArray[np.float64] = np.array(rows, dtype=np.float64)
    count = np.isfinite(values).sum(axis=0)
    total = np.where(np.isfinite(values), values, 0.0).sum(axis=0)
    return [float(f"{t / n:.6g}") if n else None for t, n in zip(total.tolist(), count.tolist(), strict=True)]


def _mean_groups(rows: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    names = list(rows[0]) if rows else []
    return dict(zip(names, _mean_rows([[row[name] for name in names] for row in rows]), strict=True))
