"""Label translation from a handful of faces: how far annotators put each landmark, in the face's own frame, shrunk.

Eight faces cannot say which of a detector's landmarks explain which of an annotator's; they can say by how much the two
differ in the mean. So each landmark stays where the detector (through the registry's mapping) has it, moved by a fixed
offset along the two axes of the face: from outer eye corner to outer eye corner, and from their middle to that of the mouth.
As a row this is affine, so that it commutes with moving, turning and scaling the face.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.evaluation.fit_input import FitInput, fit_input
from flmcore.evaluation.fit_remap import FittedRemap
from flmcore.evaluation.fold_rows import mean, percent
from flmcore.evaluation.sparse_rows import rounded
from flmcore.ops.remap import remap
from flmcore.schemes.paths import mapping as registered
from flmcore.schemes.rows import Mapping, Row, Step
from flmcore.schemes.scheme import Scheme, find

__all__ = ["STRENGTHS", "fit_offsets", "translate_left_out"]

STRENGTHS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, math.inf)
"""What the offsets are shrunk by, as a number of faces that have none; infinite: no offsets at all."""
_MOUTH = ("mouth", "outer_mouth")  # groups

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Frame:
    """Source landmarks that span the face's frame: outer eye corners as seen, left first, then two mouth corners."""

    left: int
    right: int
    mouth: tuple[int, int]

    def axes(self, x: Floats) -> Floats:
        """(N, 2, 2): per face the vector across and the one down."""
        left, right = x[:, self.left], x[:, self.right]
        lips = (x[:, self.mouth[0]] + x[:, self.mouth[1]]) / 2
        return np.stack([right - left, lips - (left + right) / 2], axis=1)

    def weights(self, across: float, down: float) -> dict[int, float]:
        """The same two vectors times ``across`` and ``down``, as weights of source landmarks that sum to 0."""
        found = {self.left: -across - down / 2, self.right: across - down / 2}
        for corner in self.mouth:
            found[corner] = found.get(corner, 0.0) + down / 2
        return found


def _frame_of(scheme: Scheme, x: Floats) -> _Frame:
    """The frame's landmarks; the mouth's corners are its left-right pair that lies furthest apart on these faces.

    Raises:
        ValueError: the scheme has no eye corners, or no left-right pair in its mouth.
    """
    members = {k for name, group in scheme.groups.items() if name in _MOUTH for k in group}
    pairs = [(k, partner) for k, partner in enumerate(scheme.flip) if k < partner and {k, partner} <= members]
    if scheme.eye_outer is None or not pairs:
        msg = f"source: expected a scheme with outer eye corners and a mouth, got {scheme.name}"
        raise ValueError(msg)

    def width(pair: tuple[int, int]) -> float:
        step = x[:, pair[0]] - x[:, pair[1]]
        lengths = np.sqrt(step[:, 0] * step[:, 0] + step[:, 1] * step[:, 1])
        return math.fsum(float(v) for v in lengths if math.isfinite(v))

    return _Frame(scheme.eye_outer[0], scheme.eye_outer[1], max(pairs, key=width))


def fit_offsets(
    pred: ArrayLike,
    truth: ArrayLike,
    *,
    source: str,
    target: str | None = None,
    groups: Sequence[object] | None = None,
) -> FittedRemap:
    """Learn a mean offset for each landmark from few faces: label translation where :func:`flmcore.fit_remap` has too few.

    Landmark m becomes ŷ = x̂ + a e₁ + b e₂, with x̂ the registry's mapping of the source's landmarks (the landmark itself
    where both schemes are one), e₁ the vector between the outer eye corners and e₂ that from their middle to the middle
    of the mouth's corners. Left and right partners share a (with its sign turned) and b. a and b are least squares of
    |ŷ − y|²/d² over faces plus λ faces that have no offset; λ, one number for all landmarks, is the one of
    :data:`STRENGTHS` with the least squared error on images that were left out, and may be infinite: no offsets.
    ``errors`` leave out each image in turn, the choice of λ included. See docs/definitions.md.

    Args:
        pred: (N, K, 2) landmarks that a detector found, in pixels. NaN: undefined.
        truth: (N, M, 2) landmarks of the same faces in ``target``. NaN: undefined, left out point by point.
        source: scheme of ``pred``, with outer eye corners and a mouth.
        target: scheme of ``truth``; None: that of ``pred``, annotated in another manner.
        groups: (N,) image, or person, of each face. None: each face is its own.

    Raises:
        ValueError: shapes that do not fit their schemes, infinite coordinates, faces of fewer than three images, or
            schemes that no mapping without polylines joins.
    """
    given = fit_input(pred, truth, (source, target), neighbours=1, folds=None, seed=0, groups=groups)
    problem = _Problem(given)
    everything = sorted(set(given.fold.tolist()))
    found = _left_out(problem)
    errors = tuple(mean(percent(found[:, m] - given.y[:, m], given.sides)) for m in range(given.y.shape[1]))
    strength = problem.strength(everything)
    return _fitted(problem, problem.offsets(everything, strength), strength, errors)


def translate_left_out(
    pred: ArrayLike,
    truth: ArrayLike,
    *,
    source: str,
    target: str | None = None,
    groups: Sequence[object] | None = None,
) -> Floats:
    """(N, M, 2) landmarks of each face, translated by what the faces of the other images teach; for judging a detector.

    Arguments and errors are those of :func:`fit_offsets`, and its ``errors`` are of these landmarks. Faces that have no
    landmarks, no truth or no size are NaN.
    """
    given = fit_input(pred, truth, (source, target), neighbours=1, folds=None, seed=0, groups=groups)
    result = np.full(np.asarray(truth).shape, np.nan)
    result[given.kept] = _left_out(_Problem(given))
    return result


def _left_out(problem: _Problem) -> Floats:
    """Each image's faces by the offsets, and the strength, that the other images give."""
    fold = problem.given.fold
    everything = sorted(set(fold.tolist()))
    found = np.empty_like(problem.given.y)
    for held in everything:
        rest = [other for other in everything if other != held]
        rows = np.flatnonzero(fold == held)
        found[rows] = problem.moved(rows, problem.offsets(rest, problem.strength(rest)))
    return found


class _Problem:
    """Residuals in the face's frame, and sums of them per image."""

    def __init__(self, given: FitInput) -> None:
        self.given = given
        source = find(given.source)
        if source is None:
            msg = f"source: expected a scheme that flmcore knows, got {given.source!r}"
            raise ValueError(msg)
        self.frame = _frame_of(source, given.x)
        self.base = _base(given.source, given.target)
        self.x = np.asarray(remap(given.x, mapping=self.base), dtype=np.float64)
        target = find(given.target)
        count = given.y.shape[1]
        self.partner = np.arange(count) if target is None else np.array(target.flip)
        self.axes = self.frame.axes(given.x)
        self._sums = {
            fold: self._normal(np.flatnonzero(given.fold == fold)) for fold in set(given.fold.tolist())
        }

    def _normal(self, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Normal equations of these faces, (M, 2, 2) and (M, 2): each landmark's and its partner's, mirrored."""
        sides = self.given.sides[rows][:, None, None]
        axes = self.axes[rows] / sides
        residual = (self.given.y[rows] - self.x[rows]) / sides
        there: NDArray[np.bool_] = np.asarray(np.isfinite(residual).all(axis=2))
        seen: NDArray[np.bool_] = np.asarray(np.isfinite(axes).all(axis=(1, 2)))
        there = there & seen[:, None]
        residual = np.where(there[:, :, None], residual, 0.0)
        count = residual.shape[1]
        a, b = np.zeros((count, 2, 2)), np.zeros((count, 2))
        for face in range(len(rows)):  # in order, and without BLAS: the same sums on every machine
            e = np.where(np.isfinite(axes[face]), axes[face], 0.0)
            for i in (0, 1):
                b[:, i] += residual[face, :, 0] * e[i, 0] + residual[face, :, 1] * e[i, 1]
                for j in (0, 1):
                    a[:, i, j] += there[face] * (e[i, 0] * e[j, 0] + e[i, 1] * e[j, 1])
        turn = np.array([-1.0, 1.0])  # across changes its sign in the mirror, down does not
        paired = (self.partner != np.arange(count)).astype(np.float64)
        a = a + paired[:, None, None] * a[self.partner] * turn[:, None] * turn
        b = b + paired[:, None] * b[self.partner] * turn
        middle = self.partner == np.arange(count)
        b[middle, 0] = 0.0  # a point of the middle line goes to neither side
        a[middle, 0, 1] = a[middle, 1, 0] = 0.0
        return a, b

    def offsets(self, folds: Sequence[int], strength: float) -> Floats:
        """(M, 2) across and down; 0 where nothing is known."""
        a = np.zeros_like(self._sums[folds[0]][0])
        b = np.zeros_like(self._sums[folds[0]][1])
        for fold in folds:
            a, b = a + self._sums[fold][0], b + self._sums[fold][1]
        if math.isinf(strength):
            return b * 0.0
        # A face that has no offset adds its own part of the matrix, and nothing to the other side.
        faces = int(np.isin(self.given.fold, list(folds)).sum())
        a = a * (1 + strength / faces)
        determinant = a[:, 0, 0] * a[:, 1, 1] - a[:, 0, 1] * a[:, 1, 0]
        good = determinant > 1e-12
        safe = np.where(good, determinant, 1.0)
        across = (a[:, 1, 1] * b[:, 0] - a[:, 0, 1] * b[:, 1]) / safe
        down = (a[:, 0, 0] * b[:, 1] - a[:, 1, 0] * b[:, 0]) / safe
        return np.where(good[:, None], np.stack([across, down], axis=1), 0.0)

    def moved(self, rows: NDArray[np.int64], offsets: Floats) -> Floats:
        """(N, M, 2) landmarks of these faces with offsets."""
        axes = self.axes[rows]
        return (
            self.x[rows] + offsets[None, :, :1] * axes[:, None, 0] + offsets[None, :, 1:] * axes[:, None, 1]
        )

    def strength(self, folds: Sequence[int]) -> float:
        """The λ whose offsets have the least squared error on each image of ``folds`` that the others teach."""
        if len(folds) < 2:
            return math.inf
        best, least = math.inf, math.inf
        for strength in reversed(STRENGTHS):  # of equals the one that trusts the few faces least
            error = 0.0
            for held in folds:
                rows = np.flatnonzero(self.given.fold == held)
                found = self.moved(rows, self.offsets([f for f in folds if f != held], strength))
                step = (found - self.given.y[rows]) / self.given.sides[rows][:, None, None]
                error += math.fsum(float(v) * float(v) for v in step.ravel() if math.isfinite(v))
            if error < least:
                best, least = strength, error
        return best


def _base(source: str, target: str) -> Mapping:
    """The registry's mapping in one step without polylines, to which offsets can be added."""
    if find(target) is None:
        msg = f"target: expected a scheme that flmcore knows, got {target!r}"
        raise ValueError(msg)
    for variant in (None, "nearest"):
        try:
            found = registered(source, target, variant=variant)
        except ValueError:
            continue
        if len(found.steps) == 1 and not found.steps[0].arcs:
            return found
    msg = f"target: expected a scheme that a mapping without polylines leads to from {source}, got {target!r}"
    raise ValueError(msg)


def _fitted(problem: _Problem, offsets: Floats, strength: float, errors: tuple[float, ...]) -> FittedRemap:
    given = problem.given
    rows = tuple(
        _row(row, problem.frame.weights(float(across), float(down)))
        for row, (across, down) in zip(problem.base.steps[0].rows, offsets, strict=True)
    )
    faces = len(given.x)
    kept = 0.0 if math.isinf(strength) else faces / (faces + strength)
    origin = (
        f"fit_offsets on {faces} faces of {given.images} images, {kept:.0%} of the mean offsets kept (strength "
        f"{strength:g} faces); errors leave out each image in turn, in % of {given.normaliser}, mean {mean(errors):.4f}"
    )
    sides = given.sides
    return FittedRemap(
        given.source,
        given.target,
        tuple("approximate" if row else "undefined" for row in rows),
        (Step(given.x.shape[1], rows),),
        (given.source, given.target),
        (origin,),
        errors,
        single=(math.nan,) * len(rows),
        known=tuple(mean(percent(problem.x[:, m] - given.y[:, m], sides)) for m in range(len(rows))),
        faces=tuple(int(n) for n in np.isfinite(given.y[:, :, 0]).sum(axis=0)),
        reasons=tuple("" if row else "the registry's mapping leaves it undefined" for row in rows),
        normaliser=given.normaliser,
    )


def _row(base: Row, offset: dict[int, float]) -> Row:
    """The base's weights and the offset's."""
    if not base:
        return ()
    total = dict(base)
    for index, weight in offset.items():
        total[index] = total.get(index, 0.0) + weight
    return rounded((np.array([*total], np.int64), np.array([*total.values()])))
