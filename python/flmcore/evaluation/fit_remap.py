"""Learns the mapping from a detector's landmarks to a truth's: label translation."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.evaluation.fit_input import FitInput, fit_input
from flmcore.evaluation.fold_rows import anchors_of, fit_point, mean, percent
from flmcore.evaluation.store import write_bytes
from flmcore.ops.remap import remap
from flmcore.schemes.mapping_file import mapping_text
from flmcore.schemes.rows import Mapping, Row, Step
from flmcore.schemes.scheme import find

__all__ = ["FittedRemap", "fit_remap"]

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
        neighbours: how many of the nearest source landmarks a row may choose from, up to 20.
        folds: of the cross-validation, from 3.
        seed: of the faces' assignment to folds.
        groups: (N,) image, or person, of each face; one is never on both sides of a fold. None: each face is its own.

    Raises:
        ValueError: shapes that do not fit each other or their schemes, infinite coordinates, or too few faces.
    """
    given = fit_input(
        pred, truth, (source, target), neighbours=neighbours, folds=folds, seed=seed, groups=groups
    )
    anchors = anchors_of(given)
    fits = [fit_point(given, i, int(neighbours), anchors) for i in range(given.y.shape[1])]
    origin = (
        f"fit_remap on {len(given.x)} faces of {given.images} images, {folds} folds, seed {seed}; errors are"
        f" cross-validated, in % of {given.normaliser}, mean {mean([fit.error for fit in fits]):.4f}"
    )
    return FittedRemap(
        given.source,
        given.target,
        tuple("approximate" if fit.row else "undefined" for fit in fits),
        (Step(given.x.shape[1], tuple(fit.row for fit in fits)),),
        (given.source, given.target),
        (origin,),
        tuple(fit.error for fit in fits),
        single=tuple(fit.single for fit in fits),
        known=_known(given),
        faces=tuple(fit.faces for fit in fits),
        reasons=tuple(fit.reason for fit in fits),
        normaliser=given.normaliser,
    )


def _known(given: FitInput) -> tuple[float, ...]:
    nothing = (math.nan,) * int(given.y.shape[1])
    if find(given.source) is None or find(given.target) is None:
        return nothing
    try:
        found: Floats = np.asarray(remap(given.x, given.source, given.target), dtype=np.float64)
    except ValueError:
        return nothing
    return tuple(mean(percent(found[:, i] - given.y[:, i], given.sides)) for i in range(len(nothing)))
