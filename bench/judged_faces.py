"""Faces with human landmarks, and a detector's errors on them: with boxes of the truth, of a finder, and translated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.data.images import read_image
from flmcore.data.truth import TruthFace, read_dataset
from flmcore.detectors.base import Detector
from flmcore.detectors.finders import Finder
from flmcore.errors import FlmcoreError
from flmcore.evaluation.accuracy.measure import accuracy_of
from flmcore.evaluation.fit_offsets import translate_left_out
from flmcore.evaluation.truth import box_overlap
from flmcore.ops.remap import remap

COMMON = "300w-68"
INNER = slice(17, 68)  # all but the contour
MAIN = (COMMON, "wflw-98", "lapa-106")
APART = ("cofw-29", "aflw-19")
TINY = 30.0  # px of the box's longer side: there annotators' own pixel is worth 6 % of the eyes' distance


@dataclass(frozen=True)
class Judged:
    """A face with human landmarks; ``main`` where the verdict rests on it."""

    name: str
    truth: TruthFace
    path: Path
    main: bool

    @property
    def box(self) -> NDArray[np.float64]:
        return np.asarray(self.truth.tight_box, dtype=np.float64)


def judged_faces(folder: Path) -> list[Judged]:
    """The main faces first, then tiny ones and those of sparse schemes."""
    faces = []
    for scheme in (*MAIN, *APART):
        dataset = read_dataset(folder / "faces.json", scheme=scheme)
        for number, face in enumerate(dataset.faces):
            box = np.asarray(face.tight_box)
            main = scheme in MAIN and max(box[2:] - box[:2]) > TINY
            stem = Path(face.image).stem
            faces.append(Judged(f"{stem[:22]} {number} ({scheme})", face, folder / face.image, main))
    return sorted(faces, key=lambda face: not face.main)


@cache
def image_of(path: Path) -> NDArray[np.uint8]:
    return read_image(path)


def landmarks_of(detector: Detector, face: Judged, box: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """(K, 2); None where the detector fails, which is said elsewhere by a dash."""
    try:
        return np.asarray(detector(image_of(face.path), box).points[0], dtype=np.float64)
    except FlmcoreError:
        return None


def errors_of(landmarks: NDArray[np.float64] | None, scheme: str, face: Judged) -> dict[str, Any]:
    """``all`` and ``inner``: NME in % between the outer eye corners, over how many landmarks; ``grades`` of both mappings."""
    if landmarks is None:
        return {"all": None, "inner": None, "landmarks": 0, "grades": {}}
    found = accuracy_of(landmarks, scheme, face.truth, points=COMMON, common=COMMON)
    kept, pixels = found["sets"].get(COMMON), found["normaliser_px"]["interocular"]
    if kept is None or pixels is None:
        return {"all": None, "inner": None, "landmarks": 0, "grades": {}}
    errors = kept["error_px"]
    return {
        "all": _mean(errors, pixels),
        "inner": _mean(errors[INNER], pixels),
        "landmarks": sum(e is not None for e in errors),
        "grades": kept["grades"],
    }


def _mean(errors: Sequence[float | None], pixels: float) -> float | None:
    known = [e for e in errors if e is not None]
    return 100 * math.fsum(known) / len(known) / pixels if known else None


def found_box(finder: Finder, face: Judged) -> NDArray[np.float64] | None:
    """The finder's box that overlaps the truth's best, brought to the landmarks' box; None where none does."""
    boxes, _ = finder.find(image_of(face.path))
    shares = [box_overlap(np.asarray(box), face.box) for box in boxes]
    return np.asarray(boxes[int(np.argmax(shares))]) if shares and max(shares) > 0 else None


def judge_faces(detector: Detector, faces: Sequence[Judged], finder: Finder) -> list[dict[str, Any]]:
    """One row per face; ``translated`` is fitted on the main faces of other images alone."""
    seen = [landmarks_of(detector, face, face.box) for face in faces]
    moved = _translated(detector, faces, seen)
    rows = []
    for face, points, other in zip(faces, seen, moved, strict=True):
        box = found_box(finder, face)
        boxed = None if box is None else landmarks_of(detector, face, box)
        rows.append(
            {
                "face": face.name,
                "main": face.main,
                "truth": errors_of(points, detector.scheme, face),
                "finder": errors_of(boxed, detector.scheme, face),
                "translated": errors_of(other, COMMON, face),
                "truth_grades": dict(_grades(face.truth.scheme)),
            }
        )
    return rows


def _grades(scheme: str) -> Mapping[str, int]:
    grades = schemes.mapping(scheme, COMMON).grades
    return {grade: grades.count(grade) for grade in dict.fromkeys(grades)}


def _translated(
    detector: Detector, faces: Sequence[Judged], seen: Sequence[NDArray[np.float64] | None]
) -> list[NDArray[np.float64] | None]:
    """Landmarks of the main faces by mean offsets that the other images' main faces taught; None for the rest."""
    used = [i for i, face in enumerate(faces) if face.main and seen[i] is not None]
    result: list[NDArray[np.float64] | None] = [None] * len(faces)
    pred = np.stack([remap(seen[i], detector.scheme, COMMON) for i in used])
    truth = np.stack([remap(np.asarray(faces[i].truth.points), faces[i].truth.scheme, COMMON) for i in used])
    try:
        moved = translate_left_out(pred, truth, source=COMMON, groups=[faces[i].truth.image for i in used])
    except ValueError:  # faces of fewer than three images
        return result
    for place, points in zip(used, moved, strict=True):
        result[place] = points
    return result
