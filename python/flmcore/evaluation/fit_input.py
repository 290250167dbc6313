"""What a mapping is learnt from: checked arrays, a size and a fold for each face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.ops._normaliser import shape_normaliser
from flmcore.schemes.scheme import find

__all__ = ["LEAST_FOLDS", "FitInput", "assign_folds", "fit_input"]

LEAST_FOLDS = 3  # how many sources a row has is chosen on folds within those that it is learnt from
MOST_NEIGHBOURS = 20  # every subset of up to four is tried

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FitInput:
    """Faces that have landmarks, truth and a size."""

    x: Floats
    """(N, K, 2)"""
    y: Floats
    """(N, M, 2)"""
    sides: Floats
    """(N,) the normaliser in pixels."""
    fold: NDArray[np.int64]
    """(N,)"""
    folds: int
    images: int
    source: str
    target: str
    normaliser: str
    kept: NDArray[np.int64]
    """(N,) the places of these faces among those given."""


def fit_input(
    pred: ArrayLike,
    truth: ArrayLike,
    names: tuple[str, str | None],
    *,
    neighbours: int,
    folds: int | None,
    seed: int,
    groups: Sequence[object] | None,
) -> FitInput:
    """The arguments of :func:`flmcore.fit_remap`, checked, without the faces that tell nothing.

    ``folds`` of None is a fold for each image, and as few as :data:`LEAST_FOLDS` faces will do.
    """
    _check_whole("neighbours", neighbours, 1, MOST_NEIGHBOURS)
    _check_whole("seed", seed, 0)
    if folds is not None:
        _check_whole("folds", folds, LEAST_FOLDS)
    x, y = _points("pred", pred), _points("truth", truth)
    if len(x) != len(y):
        msg = f"truth: expected {len(x)} faces, as many as pred, got {len(y)}"
        raise ValueError(msg)
    source = _scheme_name("source", names[0], x.shape[1], "pred")
    target = _scheme_name("target", source if names[1] is None else names[1], y.shape[1], "truth")
    normaliser, sides = _normaliser(x, y, source, target)
    labels = range(len(x)) if groups is None else groups
    if len(labels) != len(x):
        msg = f"groups: expected {len(x)} entries, one a face, got {len(labels)}"
        raise ValueError(msg)
    usable = np.isfinite(sides)
    for points in (x, y):
        usable &= np.isfinite(points[:, :, 0]).any(axis=1)
    kept = np.flatnonzero(usable)
    used = [labels[int(i)] for i in kept]
    images = len(set(used))
    _check_enough(len(kept), images, folds)
    count = images if folds is None else int(folds)
    fold = assign_folds(used, count, int(seed))
    return FitInput(x[kept], y[kept], sides[kept], fold, count, images, source, target, normaliser, kept)


def _check_whole(argument: str, value: object, least: int, most: int | None = None) -> None:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):  # type: ignore[operator]
        expected = f"from {least}" if most is None else f"from {least} to {most}"
        msg = f"{argument}: expected a whole number {expected}, got {value!r}"
        raise ValueError(msg)


def _points(argument: str, value: ArrayLike) -> Floats:
    points = np.array(value, dtype=np.float64)
    if points.ndim != 3 or points.shape[2] != 2 or not points.shape[1]:
        msg = f"{argument}: expected shape (N, landmarks, 2), got {points.shape}"
        raise ValueError(msg)
    infinite = np.flatnonzero(np.isinf(points).any(axis=(1, 2)))
    if len(infinite):
        msg = f"{argument}: expected finite coordinates or NaN, got infinite ones on face {infinite[0]}"
        raise ValueError(msg)
    points[np.isnan(points).any(axis=2)] = np.nan
    return points


def _scheme_name(argument: str, name: str, landmarks: int, points: str) -> str:
    if not isinstance(name, str) or not name.isprintable() or not name.strip():
        msg = f"{argument}: expected a scheme or another printable name, got {name!r}"
        raise ValueError(msg)
    scheme = find(name)
    if scheme is None:
        return name
    if scheme.landmarks != landmarks:
        msg = f"{points}: expected {scheme.landmarks} landmarks for {scheme.name}, got {landmarks}"
        raise ValueError(msg)
    return scheme.name


def _normaliser(x: Floats, y: Floats, source: str, target: str) -> tuple[str, Floats]:
    for label, points, name in (("interocular", y, target), ("source interocular", x, source)):
        scheme = find(name)
        if scheme is not None and scheme.eye_outer is not None:
            sides = shape_normaliser("interocular", points, scheme)
            if np.isfinite(sides).any():
                return label, np.where(sides > 0, sides, np.nan)
    sides = shape_normaliser("diagonal", x, None)
    return "diagonal", np.where(sides > 0, sides, np.nan)


def _check_enough(faces: int, images: int, folds: int | None) -> None:
    if folds is None:
        if images < LEAST_FOLDS:
            msg = f"pred: expected faces with landmarks, truth and a size in at least {LEAST_FOLDS} images, got {images}"
            raise ValueError(msg)
        return
    if faces < 2 * folds:
        msg = f"pred: expected at least {2 * folds} faces with landmarks, truth and a size for {folds} folds, got {faces}"
        raise ValueError(msg)
    if images < folds:
        msg = f"groups: expected at least {folds} images, one a fold, got {images}"
        raise ValueError(msg)


def assign_folds(labels: Sequence[object], folds: int, seed: int) -> NDArray[np.int64]:
    """Groups in an order drawn from raw words, each into the fold with the fewest faces so far."""
    members: dict[object, list[int]] = {}
    for i, label in enumerate(labels):
        members.setdefault(label, []).append(i)
    words = np.random.PCG64(seed).random_raw(len(members))
    groups = list(members.values())
    filled = [0] * folds
    fold = np.empty(len(labels), np.int64)
    for i in np.argsort(words, kind="stable"):
        least = min(range(folds), key=lambda k: filled[k])
        fold[groups[int(i)]] = least
        filled[least] += len(groups[int(i)])
    return fold
