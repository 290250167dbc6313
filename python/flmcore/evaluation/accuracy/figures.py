"""Any figure of any protocol, from the errors that ``results.json`` keeps."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.accuracy.curve import area_shares, failures
from flmcore.evaluation.accuracy.protocol import Points, Protocol

__all__ = ["face_nme", "figure", "image_values", "kept_errors"]

Unit = Mapping[str, Any]


def kept_errors(unit: Unit, points: Points) -> Mapping[str, Any] | None:
    """The set of landmarks of a unit that ``points`` is a part of.

    Where neither side has another table on the way, ``300w-68~nearest`` is ``300w-68``.
    """
    sets = (unit.get("accuracy") or {}).get("sets", {})
    kept: Mapping[str, Any] | None = sets.get(points.set) or sets.get(points.scheme)
    return kept


def face_nme(unit: Unit, normaliser: str, points: Points) -> float:
    """NME of one face in per cent; NaN where there is none."""
    kept = kept_errors(unit, points)
    if kept is None:
        return math.nan
    if points.part is None:
        whole = kept["nme"].get(normaliser)
        return math.nan if whole is None else float(whole)
    errors = [kept["error_px"][i] for i in points.members()]
    there = [error for error in errors if error is not None]
    pixels = unit["accuracy"]["normaliser_px"].get(normaliser)
    return 100 * math.fsum(there) / len(there) / pixels if there and pixels else math.nan


def image_values(units: Iterable[Unit], protocol: Protocol) -> dict[str, float]:
    """One value per sampling unit, in per cent, whose mean is the figure: per image, or per face (``IMAGE#FACE``).

    Faces without a figure are left out, and images without such a face.
    """
    names, values = [], []
    for unit in units:
        nme = face_nme(unit, protocol.normaliser, protocol.points)
        if not math.isnan(nme):
            names.append(
                unit["image"] if protocol.averaging == "images" else f"{unit['image']}#{unit['face']}"
            )
            values.append(nme)
    grouped: dict[str, list[float]] = defaultdict(list)
    for name, value in zip(names, _shares(np.array(values), protocol).tolist(), strict=True):
        grouped[name].append(value)
    return {name: math.fsum(rows) / len(rows) for name, rows in grouped.items()}


def _shares(nme: NDArray[np.float64], protocol: Protocol) -> NDArray[np.float64]:
    if protocol.figure == "nme":
        return nme
    assert protocol.alpha is not None
    if protocol.figure == "failure":
        return 100 * failures(nme / 100, protocol.alpha)
    return 100 * area_shares(nme / 100, protocol.alpha, protocol.integration or "closed")


def figure(units: Sequence[Unit], protocol: Protocol) -> float | None:
    """The figure over these units of one detector, in per cent; None where no face has one."""
    if protocol.averaging == "landmarks":
        return _over_landmarks(units, protocol)
    values = image_values(units, protocol).values()
    return math.fsum(values) / len(values) if values else None


def _over_landmarks(units: Sequence[Unit], protocol: Protocol) -> float | None:
    """Every landmark of every face counts alike, so that a face with more of them missing counts less."""
    errors: list[float] = []
    members = protocol.points.members()
    for unit in units:
        kept = kept_errors(unit, protocol.points)
        pixels = None if kept is None else unit["accuracy"]["normaliser_px"].get(protocol.normaliser)
        if kept is not None and pixels:
            rows = (kept["error_px"][i] for i in members)
            errors += [100 * error / pixels for error in rows if error is not None]
    return math.fsum(errors) / len(errors) if errors else None
