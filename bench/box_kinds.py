"""Where each face finder's boxes lie beside the landmarks, and how much they shake: the numbers of docs/boxes.md.

    FLMCORE_SHARED=../shared python bench/box_kinds.py

The box of the kind ``landmarks`` of a face is tight around its landmarks: the median, edge by edge, of five networks'
published landmarks. Faces are those whose longer side has at least 40 pixels. Shaking is the standard deviation of a
finder's box while the picture moves through one pixel in steps of an eighth, right and down, the picture scaled so that
the face has 100 pixels: the median over pictures of one face.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import flmcore
from flmcore.data.images import read_image
from flmcore.detectors.finders import Finder, names, open_finder

SHARED = Path(os.environ.get("FLMCORE_SHARED", "../shared"))
NETWORKS = (
    "pfld98_GhostOne",
    "pfld98_GhostNet",
    "pfld68_cunjian",
    "mobilefacenet68_cunjian_ov",
    "openseeface_lm0",
)
LEAST = 40  # pixels
SCALED = 100  # pixels of a face whose box is watched

STEPS = np.arange(8) / 8  # pixels

Faces = dict[str, list[NDArray[np.float64]]]


def landmark_boxes() -> Faces:
    """By image, the tight box of each face that is large enough."""
    published = [np.load(SHARED / "golden" / f"{name}.npz") for name in NETWORKS]
    faces: Faces = {}
    for key in json.loads((SHARED / "golden" / "boxes.json").read_text()):
        edges = [np.concatenate([p[key].min(axis=0), p[key].max(axis=0)]) + 0.5 for p in published]
        box = np.median(edges, axis=0)
        if (box[2:] - box[:2]).max() >= LEAST:
            faces.setdefault(key.split("#")[0], []).append(box)
    return faces


def offsets(finder: Finder, faces: Faces) -> Iterator[list[float]]:
    """For each face found: width and height of the finder's own box in those of the landmarks' box, its longer side in
    the longer side, and where its centre lies, as shares of width and height."""
    for image, boxes in faces.items():
        found, _ = finder.find_own(read_image(SHARED / "faces" / image))
        for box in boxes:
            centre, side = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
            away = ((found[:, :2] + found[:, 2:]) / 2 - centre) / side
            # The same face: its centre within a box that reaches from 0.4 of the height below to 0.6 above.
            near = np.flatnonzero((np.abs(away + np.array([0, 0.1])) < 0.5).all(axis=1))
            if len(near):
                best = near[np.abs(away[near]).sum(axis=1).argmin()]
                extent = found[best, 2:] - found[best, :2]
                yield [*(extent / side), extent.max() / side.max(), *away[best]]


def shaking(finder: Finder, faces: Faces) -> tuple[int, float, float]:
    """Pictures in which the face was found every time; standard deviation of centre and side in % of the side."""
    rows = []
    for name, boxes in faces.items():
        if len(boxes) == 1 and (side := (boxes[0][2:] - boxes[0][:2]).max()) >= SCALED:
            found = moved_boxes(finder, read_image(SHARED / "faces" / name), SCALED / side)
            if len(found) == 2 * len(STEPS):
                low, high = found[:, :2], found[:, 2:]
                sides = (high - low).max(axis=1)
                centre = np.sqrt(((low + high) / 2).var(axis=0).sum())
                rows.append([100 * centre / sides.mean(), 100 * sides.std() / sides.mean()])
    middle = np.median(rows, axis=0) if rows else [np.nan, np.nan]
    return len(rows), float(middle[0]), float(middle[1])


def moved_boxes(finder: Finder, image: NDArray[np.uint8], scale: float) -> NDArray[np.float64]:
    """The surest box in each moved picture, moved back."""
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    boxes = []
    for move in [(step, 0.0) for step in STEPS] + [(0.0, step) for step in STEPS]:
        affine = np.array([[scale, 0, move[0]], [0, scale, move[1]]])
        picture = flmcore.crop(image, affine, size, border="replicate", antialias=True, dtype="uint8")[0]
        found, _ = finder.find(picture)
        if len(found):
            boxes.append(found[0] - np.tile(move, 2))
    return np.array(boxes).reshape(-1, 4)


def spread(values: NDArray[np.float64]) -> Any:
    """1.48 times the median absolute deviation: the standard deviation, were they normal."""
    return 1.4826 * np.median(np.abs(values - np.median(values, axis=0)), axis=0)


def main() -> None:
    """Print a row per finder."""
    faces = landmark_boxes()
    total = sum(map(len, faces.values()))
    print(
        f"{total} faces; median ± spread of width, height, longer side, centre right, centre down; shaking % of side"
    )
    for name in names():
        finder = open_finder(name)
        rows = np.array(list(offsets(finder, faces)))
        cells = " ".join(
            f"{m:6.3f} ±{s:5.3f}" for m, s in zip(np.median(rows, axis=0), spread(rows), strict=True)
        )
        pictures, centre, side = shaking(finder, faces)
        print(f"{name:<12} {len(rows):3d} {cells}   {pictures} pictures: {centre:.2f} {side:.2f}")


if __name__ == "__main__":
    main()
