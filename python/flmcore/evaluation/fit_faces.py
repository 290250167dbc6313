"""Faces that have both landmarks and truth, for a mapping to be learnt from: from two files, or from a detector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from flmcore.data.images import read_image
from flmcore.data.truth import Dataset, TruthFace
from flmcore.detectors.base import Detector
from flmcore.errors import FlmcoreError
from flmcore.evaluation.run import Progress, one_line
from flmcore.evaluation.truth import box_overlap

__all__ = ["FacePairs", "detect_pairs", "match_pairs"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FacePairs:
    """What :func:`flmcore.fit_remap` takes.

    Attributes:
        pred: (N, K, 2) landmarks as they were found.
        truth: (N, M, 2) of the same faces.
        images: (N,) name of each face's image.
        source: scheme of ``pred``.
        target: scheme of ``truth``.
        left_out: true faces that have no counterpart, by reason.
    """

    pred: Floats
    truth: Floats
    images: tuple[str, ...]
    source: str
    target: str
    left_out: Mapping[str, int]


def match_pairs(found: Sequence[TruthFace], true: Sequence[TruthFace]) -> FacePairs:
    """Pairs of faces on images of the same name, or of the same file name where that is enough to tell.

    On an image those pairs are taken whose boxes overlap best, where the middle of each lies within the other: a face
    that the detector missed would teach nothing. Box and middle are those of the landmarks.

    Raises:
        ValueError: no face has a counterpart.
    """
    by_image = _grouped(found)
    names = _same_images([*_grouped(true)], [*by_image])
    pairs: list[tuple[TruthFace, TruthFace]] = []
    missed: Counter[str] = Counter()
    for image, rows in _grouped(true).items():
        others = by_image.get(names.get(image, ""), [])
        if not others:
            missed["no landmarks for the image"] += len(rows)
            continue
        matched = _best_pairs(rows, others)
        pairs += matched
        missed["no landmarks where the face is"] += len(rows) - len(matched)
    if not pairs:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in (+missed).items())
        msg = f"predictions: expected landmarks of the truth's faces, got none: {reasons}"
        raise ValueError(msg)
    return _stacked(pairs, found[0].scheme, true[0].scheme, +missed)


def _grouped(faces: Sequence[TruthFace]) -> dict[str, list[TruthFace]]:
    groups: dict[str, list[TruthFace]] = {}
    for face in faces:
        groups.setdefault(face.image, []).append(face)
    return groups


def _same_images(true: Sequence[str], found: Sequence[str]) -> dict[str, str]:
    """Name in the truth → name in the predictions; a file name counts where it stands once on either side."""
    short = [Counter(PurePosixPath(name).name for name in names) for names in (true, found)]
    by_file = {PurePosixPath(name).name: name for name in found}
    names = {name: name for name in true if name in set(found)}
    for name in true:
        file = PurePosixPath(name).name
        if name not in names and short[0][file] == short[1][file] == 1:
            names[name] = by_file[file]
    return names


def _best_pairs(true: Sequence[TruthFace], found: Sequence[TruthFace]) -> list[tuple[TruthFace, TruthFace]]:
    boxes = [[face.tight_box for face in faces] for faces in (true, found)]
    shares = sorted(
        (-box_overlap(a, b), i, j)
        for i, a in enumerate(boxes[0])
        for j, b in enumerate(boxes[1])
        if _holds(a, b) and _holds(b, a)
    )
    taken: dict[int, int] = {}
    for share, i, j in shares:
        if share < 0 and i not in taken and j not in taken.values():
            taken[i] = j
    return [(found[j], true[i]) for i, j in sorted(taken.items())]


def _holds(box: Floats, other: Floats) -> bool:
    """Whether the middle of the other box lies in this one; False for NaN."""
    middle = (other[:2] + other[2:]) / 2
    return bool((box[:2] <= middle).all() and (middle <= box[2:]).all())


def _stacked(
    pairs: Sequence[tuple[TruthFace, TruthFace]], source: str, target: str, left_out: Mapping[str, int]
) -> FacePairs:
    return FacePairs(
        np.stack([found.points for found, _ in pairs]),
        np.stack([true.points for _, true in pairs]),
        tuple(true.image for _, true in pairs),
        source,
        target,
        dict(left_out),
    )


def detect_pairs(
    detector: Detector, dataset: Dataset, progress: Callable[[Progress], None] | None = None
) -> FacePairs:
    """The detector on every face of the data set, seen through the box of its true landmarks, as a run sees it.

    Raises:
        ValueError: no face could be used; says why.
    """
    pairs: list[tuple[TruthFace, TruthFace]] = []
    missed: Counter[str] = Counter()
    images = dataset.by_image()
    for done, (image, faces) in enumerate(images.items()):
        if progress is not None:
            progress(Progress(done, len(images), image))
        rows = [face for face in faces if np.isfinite(face.tight_box).all()]
        missed["no landmark of the true face is defined"] += len(faces) - len(rows)
        if image not in dataset.paths:
            missed["its image is not there"] += len(rows)
            continue
        try:
            pixels = read_image(dataset.paths[image])
            marks = detector(pixels, np.array([face.tight_box for face in rows]).reshape(-1, 4))
        except (FlmcoreError, OSError, ValueError) as error:  # one image never ends the run
            missed[one_line(error)] += len(rows)
            continue
        found = [TruthFace(image, np.asarray(points, np.float64), detector.scheme) for points in marks.points]
        pairs += zip(found, rows, strict=True)
    if not pairs:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in (+missed).items())
        msg = f"{dataset.root}: expected faces to detect landmarks on, got none: {reasons}"
        raise ValueError(msg)
    return _stacked(pairs, detector.scheme, dataset.scheme, +missed)
