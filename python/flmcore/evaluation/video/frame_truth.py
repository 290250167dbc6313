"""The true face of each frame, in the landmarks that a detector is compared on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.data.truth import TruthFace
from flmcore.evaluation.accuracy.plan import AccuracyPlan
from flmcore.evaluation.landmarks import to_scheme
from flmcore.evaluation.truth import box_overlap
from flmcore.ops._normaliser import shape_normaliser
from flmcore.schemes.scheme import find

__all__ = ["choose_face", "in_scheme", "true_distance"]

Floats = NDArray[np.float64]
_OVERLAP = 0.3


def choose_face(faces: list[TruthFace] | None, box: Floats) -> TruthFace | None:
    """The face that the box frames: the one whose own box it covers best; None below an IoU of 0.3."""
    shares = [box_overlap(box, face.tight_box) for face in faces or []]
    best = int(np.argmax(shares)) if shares else 0
    return faces[best] if faces and shares[best] >= _OVERLAP else None


def true_distance(face: TruthFace, plan: AccuracyPlan) -> float:
    """The plan's normaliser of a true face in pixels; NaN where a landmark that it needs is not defined."""
    points = np.asarray(face.points, dtype=np.float64)
    return float(shape_normaliser(plan.normaliser, points[None], find(face.scheme))[0])


def in_scheme(points: Floats, source: str, target: str) -> Floats:
    """(K, 2) landmarks of ``source`` as those of ``target``."""
    return np.asarray(to_scheme(points[None], source, target)[0], dtype=np.float64)
