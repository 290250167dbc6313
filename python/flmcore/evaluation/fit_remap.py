"""Learns the mapping from a detector's landmarks to a truth's: label translation."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import schemes
from flmcore.evaluation.fold_rows import FoldRows, anchors_of
from flmcore.evaluation.store import write_bytes
from flmcore.ops._normaliser import shape_normaliser
from flmcore.ops.remap import remap
from flmcore.schemes.mapping_file import mapping_text
from flmcore.schemes.rows import Mapping, Row, Step

__all__ = ["FittedRemap", "fit_remap"]

LEAST_FOLDS = 3  # the size of a row is chosen on folds within those that it is learnt from

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FittedRemap(Mapping):
    """A learnt mapping. ``errors`` are cross-validated: mean distance to the truth on faces that were not fitted, in
    per cent of the normaliser; NaN for an undefined landmark."""

    single: tuple[float, ...]
    """The same of the best single source landmark."""
    known: tuple[float, ...]
    """Of the registry's mapping on all faces (of the landmarks as they are where source and target are one scheme);
    NaN where there is none."""
    faces: tuple[int, ...]
    """How many faces have the landmark."""
    reasons: tuple[str, ...]
    """Why a landmark is undefined; empty where it is not."""
    normaliser: str
    """``interocular`` of the truth, else of the source (``source interocular``), else ``diagonal`` of its box."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """Source landmarks of each target landmark, with weights that sum to 1."""
        return self.steps[0].rows

    def apply(self, points: ArrayLike) -> NDArray[np.float32] | Floats:
        """(..., M, 2) landmarks from the source's (..., K, 2); the same as ``flmcore.remap(points, mapping=self)``."""
        return remap(points, mapping=self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the mapping as TOML, whole or not at all; :func:`flmcore.schemes.read_mapping` reads it.

        Raises:
            ResultsError: the file cannot be written.
        """
        place = Path(path)
        undefined: dict[str, list[int]] = {}
        for i, reason in enumerate(self.reasons):
            if reason:
                undefined.setdefault(reason, []).append(i)
        doubts = "; ".join(
            f"undefined {', '.join(map(str, points))}: {reason}" for reason, points in undefined.items()
        )
        write_bytes(place, mapping_text(self, doubts=doubts).encode())
        return place


def fit_remap(
    pred: ArrayLike,
    truth: ArrayLike,
    *,
    source: str,
    target: str | None = None,
    neighbours: int = 8,
    folds: int = 5,
    seed: int = 0,
    groups: Sequence[object] | None = None,
) -> FittedRemap:
    """Learn landmarks of ``target`` from those of ``source`` on faces that have both.

    Each target landmark becomes a combination of one to four source landmarks with weights that sum to 1, so that the
    mapping commutes with moving, turning and scaling the face. Candidates are the ``neighbours`` nearest source
    landmarks and four spread over the face; every subset is tried, and how many are worth it is told by
    cross-validation. ``errors`` come from an outer cross-validation of all of that. See docs/definitions.md.

    Args:
        pred: (N, K, 2) landmarks that a detector found, in pixels. NaN: undefined.
        truth: (N, M, 2) landmarks of the same faces in ``target``. NaN: undefined, left out point by point.
        source: scheme of ``pred``, or any name for landmarks that are in no scheme.
        target: scheme of ``truth``, or any name; None: that of ``pred``, annotated in another manner.
        neighbours: how many of the nearest source landmarks a row may choose from.
        folds: of the cross-validation, from 3.
        seed: of the faces' assignment to folds.
        groups: (N,) image, or person, of each face; one is never on both sides of a fold. None: each face is its own.

    Raises:
        ValueError: shapes that do not fit each other or their schemes, infinite coordinates, or too few faces.
    """
    for argument, value, least in (
        ("neighbours", neighbours, 1),
        ("folds", folds, LEAST_FOLDS),
        ("seed", seed, 0),
    ):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
            msg = f"{argument}: expected a whole number from {least}, got {value!r}"
            raise ValueError(msg)
    x, y = _points("pred", pred), _points("truth", truth)
    if len(x) != len(y):
        msg = f"truth: expected {len(x)} faces, as many as pred, got {len(y)}"
        raise ValueError(msg)
    source = _scheme_name("source", source, x.shape[1], "pred")
    target = source if target is None else target
    target = _scheme_name("target", target, y.shape[1], "truth")
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
    _check_enough(len(kept), len(set(used)), int(folds))
    fold = _folds(used, int(folds), int(seed))
    x, y, sides = x[kept], y[kept], sides[kept]
    known = _known(x, y, sides, source, target)
    anchors = anchors_of(x, sides)
    fits = [
        FoldRows(x, y[:, i], sides, fold, anchors, int(neighbours), least=2 * int(folds)).fit()
        for i in range(y.shape[1])
    ]
    origin = (
        f"fit_remap on {len(kept)} faces of {len(set(used))} images, {folds} folds, seed {seed}; errors are"
        f" cross-validated, in % of {normaliser}, mean {_mean([fit.error for fit in fits]):.4f}"
    )
    return FittedRemap(
        source,
        target,
        tuple("approximate" if fit.row else "undefined" for fit in fits),
        (Step(x.shape[1], tuple(fit.row for fit in fits)),),
        (source, target),
        (origin,),
        tuple(fit.error for fit in fits),
        single=tuple(fit.single for fit in fits),
        known=known,
        faces=tuple(fit.faces for fit in fits),
        reasons=tuple(fit.reason for fit in fits),
        normaliser=normaliser,
    )


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
    scheme = _registered(name)
    if scheme is None:
        return name
    if scheme.landmarks != landmarks:
        msg = f"{points}: expected {scheme.landmarks} landmarks for {scheme.name}, got {landmarks}"
        raise ValueError(msg)
    return scheme.name


def _registered(name: str) -> schemes.Scheme | None:
    try:
        return schemes.get(name)
    except ValueError:
        return None


def _normaliser(x: Floats, y: Floats, source: str, target: str) -> tuple[str, Floats]:
    for label, points, name in (("interocular", y, target), ("source interocular", x, source)):
        scheme = _registered(name)
        if scheme is not None and scheme.eye_outer is not None:
            sides = shape_normaliser("interocular", points, scheme)
            if np.isfinite(sides).any():
                return label, np.where(sides > 0, sides, np.nan)
    sides = shape_normaliser("diagonal", x, None)
    return "diagonal", np.where(sides > 0, sides, np.nan)


def _check_enough(faces: int, images: int, folds: int) -> None:
    if faces < 2 * folds:
        msg = f"pred: expected at least {2 * folds} faces with landmarks, truth and a size for {folds} folds, got {faces}"
        raise ValueError(msg)
    if images < folds:
        msg = f"groups: expected at least {folds} images, one a fold, got {images}"
        raise ValueError(msg)


def _folds(labels: Sequence[object], folds: int, seed: int) -> NDArray[np.int64]:
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


def _known(x: Floats, y: Floats, sides: Floats, source: str, target: str) -> tuple[float, ...]:
    nothing = (math.nan,) * int(y.shape[1])
    if _registered(source) is None or _registered(target) is None:
        return nothing
    try:
        found: Floats = np.asarray(remap(x, source, target), dtype=np.float64)
    except ValueError:
        return nothing
    step = found - y
    distance = 100 * np.sqrt(step[:, :, 0] ** 2 + step[:, :, 1] ** 2) / sides[:, None]
    return tuple(_mean(distance[:, i].tolist()) for i in range(len(nothing)))


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return round(math.fsum(finite) / len(finite), 4) if finite else math.nan
