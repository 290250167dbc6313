"""How far detectors that were trained on photographs lie from the truth of drawn faces, landmark by landmark.

    FLMCORE_WEIGHTS=../shared/weights python bench/drawn_landmarks.py

A landmark that all of them see elsewhere, on the same side, is one that the drawn head has in another place than people
annotate it. Heads are bald, nearly frontal and have their mouths nearly closed, so that little else explains a distance.
"""

from __future__ import annotations

import argparse

import numpy as np

import flmcore
from flmcore.errors import FlmcoreError
from flmcore.schemes import get
from flmcore.simulate.render import render_face
from flmcore.simulate.settings import SimulateSettings

DETECTORS = ("dlib-68", "pfld-68")
LOST = 0.12  # mean distance, of the outer eye corners', beyond which a detector has not found the face


def is_plain(points: np.ndarray) -> bool:
    """Whether a face (68, 2) is nearly frontal and has its mouth nearly closed."""
    sides = np.linalg.norm(points[30] - points[36]) / np.linalg.norm(points[30] - points[45])
    open_by = (points[66, 1] - points[62, 1]) / np.linalg.norm(points[36] - points[45])
    return bool(0.75 < sides < 1.25 and open_by < 0.08)


def offsets(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(68, 2) along and across the line through the outer eye corners, of their distance."""
    way = truth[45] - truth[36]
    return (found - truth) @ np.array([way, [-way[1], way[0]]]).T / (way @ way)


def main() -> None:
    """Draw, detect, show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=220, help="faces that are drawn")
    options = parser.parse_args()
    detectors = {}
    for name in DETECTORS:
        try:
            detectors[name] = flmcore.load_detector(name)
        except FlmcoreError as error:
            print(f"{name} is left out: {error}")
    settings, rows = SimulateSettings(size=256, accessories=False), {name: [] for name in detectors}
    for index in range(options.n):
        face = render_face(settings, 11, index)
        truth = face.landmarks["300w-68"].astype(np.float64)
        if is_plain(truth):
            for name, detector in detectors.items():
                rows[name].append(offsets(detector(face.image, face.box).points[0], truth))
    for name, each in rows.items():
        away = np.linalg.norm(each, axis=2).mean(axis=1)
        middle = np.median(np.array(each)[away < LOST], axis=0) * 100
        print(
            f"{name}: {len(each)} faces, {(away >= LOST).sum()} lost, median NME {100 * np.median(away):.1f} %"
        )
        for group, indices in get("300w-68").groups.items():
            worst = max(indices, key=lambda i: float(np.linalg.norm(middle[i])))
            right, down = middle[worst]
            print(f"  {group:<12} farthest, on average: {worst} by {right:+.1f} right, {down:+.1f} down")


if __name__ == "__main__":
    main()
