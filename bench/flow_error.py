"""What the optical flow itself gets wrong at landmarks of real faces: the floor of the flow-compensated jitter.

Each face is shown through the core's antialiased crop twice, the second time moved by a known part of a pixel, with
sensor noise of its own; the flow at the true landmarks should be that motion.

    FLMCORE_SHARED=../shared python bench/flow_error.py   (some two minutes)
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import flmcore

SIDE, MOVES = 256, 2
OPENCV = {"maxLevel": 3, "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01)}


def faces(shared: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Images with the landmarks that are published with them, one face each."""
    listed = json.loads((shared / "faces/faces.json").read_text())
    found = []
    for face in listed["faces"] if isinstance(listed, dict) else listed:
        points = np.asarray(face["landmarks"], float)
        points = points[np.isfinite(points).all(axis=1) & (points >= 0).all(axis=1)]
        image = Image.open(shared / "faces" / face["image"]).convert("RGB")
        if len(points) >= 19:
            found.append((np.asarray(image), points))
    return found


def shown(image: np.ndarray, points: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The face at SIDE pixels for twice its box, moved by ``shift``, and its landmarks there."""
    low, high = points.min(axis=0), points.max(axis=0)
    affine = flmcore.box_affine(np.array([[*low, *high]]), SIDE, scale=1.8)
    affine[0, :, 2] += shift
    view = flmcore.crop(image, affine, SIDE, antialias=True, border="replicate")[0]
    return view, flmcore.transform_points(points[None], affine)[0]


def noisy(view: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    made = view + rng.normal(0, sigma, view.shape) if sigma else view
    return np.rint(made).clip(0, 255).astype(np.uint8).transpose(1, 2, 0).copy()


def main() -> None:
    """Prints one row per noise and window."""
    material = faces(Path(os.environ["FLMCORE_SHARED"]))
    print(f"{len(material)} faces, {SIDE} px views, OpenCV {cv2.__version__}; errors in px")
    print("noise window  valid   mean    p50    p95    max   OpenCV mean    p50    p95")
    for sigma in (0.0, 1.0, 2.0, 4.0):
        for window in (15, 21, 31):
            row(material, sigma, window)


def row(material: list[tuple[np.ndarray, np.ndarray]], sigma: float, window: int) -> None:
    rng = np.random.default_rng(0)
    mine, theirs, valid = [], [], []
    for image, points in material:
        for _ in range(MOVES):
            move = rng.uniform(-1.5, 1.5, 2)
            (a, start), (b, end) = (shown(image, points, shift) for shift in (np.zeros(2), move))
            a, b = noisy(a, sigma, rng), noisy(b, sigma, rng)
            got = flmcore.track_points(a, b, start, window=window)
            mine.append(np.linalg.norm(got.points - end, axis=1)[got.valid])
            valid.append(got.valid)
            grey = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (a, b))
            first = start.astype(np.float32)[:, None]
            there = cv2.calcOpticalFlowPyrLK(*grey, first, None, winSize=(window, window), **OPENCV)[0]
            theirs.append(np.linalg.norm(there[:, 0] - end, axis=1)[got.valid])
    ours, other = np.concatenate(mine), np.concatenate(theirs)
    print(
        f"{sigma:5.1f} {window:6d} {np.concatenate(valid).mean():6.3f} {ours.mean():6.4f} "
        f"{np.median(ours):6.4f} {np.percentile(ours, 95):6.4f} {ours.max():6.2f} {other.mean():13.4f} "
        f"{np.median(other):6.4f} {np.percentile(other, 95):6.4f}"
    )


if __name__ == "__main__":
    main()
