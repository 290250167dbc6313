"""True landmarks as a run needs them: the face, a box around it and the distance between the eyes, image by image."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore import schemes
from flmcore.data.truth import TruthFace, read_faces
from flmcore.evaluation.inputs import Source, match_names

__all__ = ["Faces", "Truth", "TruthPoints", "box_overlap", "truth_boxes", "truth_distances", "truth_faces"]

Truth = str | os.PathLike[str] | Sequence[tuple[str, ArrayLike]] | Sequence[TruthFace]
Faces = dict[str, list[TruthFace]]  # image name → faces
_OVERLAP = 0.3  # intersection over union from which a box is of a true face


def truth_faces(truth: Truth, scheme: str | None) -> Faces:
    """True faces by image name, the faces of an image in the order of the file; ``scheme`` is \"\" where none is known.

    Raises:
        ValueError: an unknown scheme, one that must be named, landmarks of another count, an empty truth.
        OSError: the file cannot be read.
    """
    rows = read_faces(truth, scheme) if isinstance(truth, (str, os.PathLike)) else truth
    faces: Faces = {}
    for row in rows:
        face = row if isinstance(row, TruthFace) else _face(*row, scheme)
        faces.setdefault(face.image, []).append(face)
    if not faces:
        msg = "truth: expected at least one face, got none"
        raise ValueError(msg)
    return faces


def _face(name: str, landmarks: ArrayLike, scheme: str | None) -> TruthFace:
    points = np.asarray(landmarks, dtype=np.float64)
    expected = "(K, 2)" if scheme is None else (schemes.get(scheme).landmarks, 2)
    if points.ndim != 2 or points.shape[1] != 2 or (scheme is not None and points.shape != expected):
        msg = f"truth: expected landmarks of shape {expected} for {name}, got {points.shape}"
        raise ValueError(msg)
    return TruthFace(str(name), points, "" if scheme is None else schemes.get(scheme).name)


def truth_boxes(faces: Faces) -> dict[str, NDArray[np.float64]]:
    """(N, 4) boxes of the kind ``landmarks``: tight around the defined landmarks, in edge coordinates; NaN without any."""
    return {name: np.array([face.tight_box for face in rows]) for name, rows in faces.items()}


def truth_distances(faces: Faces, scheme: str | None) -> dict[str, list[float]] | None:
    """Distance of the outer eye corners of each face in pixels; None where the scheme has no outer eye corners."""
    corners = None if not scheme else schemes.get(scheme).eye_outer
    if corners is None:
        return None
    left, right = corners
    return {
        name: [float(np.hypot(*(face.points[right] - face.points[left]))) for face in rows]
        for name, rows in faces.items()
    }


class TruthPoints:
    """The true faces of a run, by image id.

    Attributes:
        scheme: of every face; None where the truth was given without one.
    """

    def __init__(self, faces: Faces, sources: Sequence[Source], *, numbered: bool = True) -> None:
        self._numbered = numbered  # whether the run's boxes are those of the truth, in its order
        self._faces = {image: faces[name] for image, name in match_names(faces, sources).items()}
        first = next(iter(faces.values()))[0]
        self.scheme: str | None = first.scheme or None

    def of(self, image: str, face: int, box: ArrayLike) -> TruthFace | None:
        """The true face of a face of the run: by its number where boxes are of the truth, else by its box."""
        return self.face(image, face) if self._numbered else self.match(image, box)

    def face(self, image: str, face: int) -> TruthFace | None:
        """The face of this number, where boxes are of the truth and so are numbered as it is; None beyond them."""
        rows = self._faces.get(image, [])
        return rows[face] if 0 <= face < len(rows) else None

    def match(self, image: str, box: ArrayLike) -> TruthFace | None:
        """The face that a box of the kind ``landmarks`` from elsewhere frames: the one whose own box it covers best.

        None where intersection over union stays below 0.3 with every face.
        """
        rows = self._faces.get(image, [])
        shares = [box_overlap(np.asarray(box, dtype=np.float64), face.tight_box) for face in rows]
        best = int(np.argmax(shares)) if shares else 0
        return rows[best] if shares and shares[best] >= _OVERLAP else None

    def describe(self) -> Mapping[str, Any]:
        """What the identity of a run says of its truth: a sum over landmarks, visibility and attributes."""
        total = hashlib.sha256()
        for image in sorted(self._faces):
            for face in self._faces[image]:
                seen = b"" if face.visible is None else face.visible.tobytes()
                about = repr(sorted(face.attributes.items())).encode()
                points = np.ascontiguousarray(face.points, "<f8").tobytes()
                total.update(b"\0".join([image.encode(), points, seen, about]))
        return {
            "scheme": self.scheme,
            "images": len(self._faces),
            "faces": sum(map(len, self._faces.values())),
            "sha256": total.hexdigest(),
        }


def box_overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Intersection over union; 0 where either is no box."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if not (np.isfinite(sides).all() and (sides > 0).all()):
        return 0.0
    shared = float(np.prod(sides))
    return shared / float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared)
