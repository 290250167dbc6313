"""What landmarks are compared with truth in a run, decided before anything is measured."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.evaluation.landmarks import scheme_or_none

__all__ = ["AccuracyPlan", "TrueFace", "TrueLandmarks", "plan_accuracy", "true_landmarks"]

_PREFERRED = ("interocular", "interpupil", "box")


class TrueLandmarks(Protocol):
    """The truth of one face; :class:`TrueFace` is one."""

    @property
    def points(self) -> NDArray[np.float64]: ...
    @property
    def scheme(self) -> str: ...
    @property
    def attributes(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class TrueFace:
    """True landmarks of one face, (K, 2) in image pixels, and what the data set says of it: pose, blur, ..."""

    points: NDArray[np.float64]
    scheme: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AccuracyPlan:
    """How landmarks are compared with truth.

    Attributes:
        truth: true faces by image id, in the order of the boxes.
        normaliser: of the figures in table and comparisons: outer eye corners where every true scheme has them, else
            the eyes' centres, else the box.
        points: per detector, the landmarks of its own figure: its scheme where that is the truth's, else the largest
            scheme that both reach; None where there is none.
        common: the landmarks on which all detectors are compared; None where there are none.
    """

    truth: Mapping[str, Sequence[TrueLandmarks]]
    normaliser: str
    points: Mapping[str, str | None]
    common: str | None

    def describe(self) -> dict[str, Any]:
        """For the protocol in ``results.json``."""
        return {
            "normaliser": self.normaliser,
            "points": dict(self.points),
            "common": self.common,
            "truth": sorted({face.scheme for faces in self.truth.values() for face in faces}),
            "sha256": self._digest(),
        }

    def _digest(self) -> str:
        """Of all true landmarks: a run on other truth is another run."""
        digest = hashlib.sha256()
        for image in sorted(self.truth):
            for face in self.truth[image]:
                points = np.ascontiguousarray(face.points, dtype="<f8")
                digest.update(f"{image}\0{face.scheme}{points.shape}{dict(face.attributes)}".encode())
                digest.update(points.tobytes())
        return digest.hexdigest()


def plan_accuracy(
    truth: Mapping[str, Sequence[TrueLandmarks]] | None, detectors: Mapping[str, str]
) -> AccuracyPlan | None:
    """The plan for these true faces and detectors (name → scheme); None without truth in a known scheme."""
    given = {image: list(faces) for image, faces in (truth or {}).items()}
    names = list(dict.fromkeys(face.scheme for faces in given.values() for face in faces))
    if not names or any(scheme_or_none(name) is None for name in names):
        return None
    points = {name: _largest([scheme, *names]) for name, scheme in detectors.items()}
    known = [scheme for scheme in detectors.values() if scheme_or_none(scheme) is not None]
    common = _largest([*known, *names]) if len(known) == len(detectors) else None
    return AccuracyPlan(given, _normaliser(names), points, common)


def _largest(names: Sequence[str]) -> str | None:
    if any(scheme_or_none(name) is None for name in names):
        return None
    kept = list(dict.fromkeys(schemes.get(name).name for name in names))
    return kept[0] if len(kept) == 1 else schemes.common(kept)


def _normaliser(names: Sequence[str]) -> str:
    known = [schemes.get(name) for name in names]
    if all(scheme.eye_outer is not None for scheme in known):
        return _PREFERRED[0]
    return _PREFERRED[1 if all({"left_eye", "right_eye"} <= set(s.groups) for s in known) else 2]


def true_landmarks(plan: AccuracyPlan | None, image: str, face: int) -> TrueLandmarks | None:
    """The truth of a face; None where there is none."""
    faces = () if plan is None else plan.truth.get(image, ())
    return faces[face] if face < len(faces) else None
