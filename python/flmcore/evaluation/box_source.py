"""Where the boxes of a run come from: given, true, or found; all of them brought to the kind ``landmarks``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.data import box_kinds as kinds
from flmcore.detectors import finders
from flmcore.evaluation.inputs import Boxes, FindFaces, Source, match_boxes, match_names
from flmcore.evaluation.truth import Truth, TruthPoints, truth_boxes, truth_distances, truth_faces
from flmcore.nearest import nearest

__all__ = ["BoxSource", "BoxesOption", "boxes_as_landmarks", "open_boxes"]

BoxesOption = str | os.PathLike[str] | Boxes | Sequence[ArrayLike] | finders.Finder | None
TRUTH = "truth"


@dataclass(frozen=True)
class BoxSource:
    """Boxes of a run.

    Attributes:
        given: (N, 4) boxes of the kind ``landmarks`` by image id; None where a finder looks.
        find: the finder's; None where boxes are given.
        unused: names with boxes that are no image of the run.
        interocular: true distances by image id, from the truth; else None.
        about: what results say: ``source``, ``kind`` before the conversion, ``side`` and ``shift`` of that kind.
        truth: the true faces, where boxes come from them.
    """

    given: Boxes | None
    find: FindFaces | None
    unused: list[str]
    interocular: dict[str, list[float]] | None
    about: dict[str, Any]
    truth: TruthPoints | None = None


def open_boxes(
    sources: Sequence[Source],
    *,
    boxes: BoxesOption = None,
    box_kind: str = "landmarks",
    truth: Truth | None = None,
    truth_scheme: str | None = None,
) -> BoxSource:
    """Boxes as :func:`flmcore.evaluate` takes them; an existing file goes before a finder of the same name.

    Raises:
        ValueError: no such file or finder (with the nearest name), an unknown kind, truth and boxes that do not fit.
        MissingExtraError, WeightsError: the finder cannot be opened; says what to install or to fetch.
    """
    if box_kind not in (known := kinds.box_kinds()):
        msg = f"box_kind: expected one of {', '.join(known)}, got {box_kind!r}{nearest(box_kind, known)}"
        raise ValueError(msg)
    named = isinstance(boxes, str) and not Path(boxes).exists()
    if (truth is None) == (named and boxes == TRUTH):
        got = "none" if truth is None else "truth and other boxes"
        msg = f"truth: expected the true landmarks together with boxes='{TRUTH}', got {got}"
        raise ValueError(msg)
    if truth is not None:
        _only_landmarks(box_kind, "true boxes")
        return _from_truth(truth, truth_scheme, sources)
    if boxes is None or named or isinstance(boxes, finders.Finder):
        _only_landmarks(box_kind, "a finder, whose boxes are converted anyway")
        return _from_finder(_open(boxes))
    given, unused = match_boxes(boxes, sources)
    converted = {image: boxes_as_landmarks(rows, box_kind) for image, rows in (given or {}).items()}
    source = "file" if isinstance(boxes, (str, os.PathLike)) else "given"
    return BoxSource(converted, None, unused, None, _about(source, kinds.box_kind(box_kind)))


def _open(boxes: Any) -> finders.Finder:
    if isinstance(boxes, finders.Finder):
        return boxes
    name = "dlib" if boxes is None else boxes
    if name not in (known := finders.names()):
        places = [*known, TRUTH]
        msg = f"boxes: expected an existing file or one of {', '.join(places)}, got {name!r}{nearest(name, places)}"
        raise ValueError(msg)
    return finders.open_finder(name)


def _from_finder(finder: finders.Finder) -> BoxSource:
    about = {**_about(finder.name, kinds.box_kind(finder.kind)), "finder": finder.describe()}
    return BoxSource(None, finder.find, [], None, about)


def _from_truth(truth: Truth, scheme: str | None, sources: Sequence[Source]) -> BoxSource:
    faces = truth_faces(truth, scheme)
    points = TruthPoints(faces, sources)
    given, unused = match_boxes(truth_boxes(faces), sources)
    distances = truth_distances(faces, points.scheme)
    if distances is not None:
        distances = {image: distances[name] for image, name in match_names(distances, sources).items()}
    about = {**_about(TRUTH, kinds.box_kind("landmarks")), "scheme": points.scheme}
    return BoxSource(given, None, unused, distances, about, points)


def _about(source: str, kind: kinds.BoxKind) -> dict[str, Any]:
    return {"source": source, "kind": kind.name, "side": list(kind.side), "shift": list(kind.shift)}


def _only_landmarks(kind: str, what: str) -> None:
    if kind != "landmarks":
        msg = f"box_kind: expected landmarks with {what}, got {kind!r}"
        raise ValueError(msg)


def boxes_as_landmarks(boxes: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    """Boxes as ``landmarks``; one that is no box stays as it is, to be reported by its image."""
    good = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    converted = boxes.copy()
    converted[good] = kinds.convert_boxes(boxes[good], kind, "landmarks")
    return converted
