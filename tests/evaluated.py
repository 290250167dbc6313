"""Detectors whose stability is known beforehand, and images to see them on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import flmcore
from flmcore import schemes

SIZE = 128
BOX = [60.0, 50.0, 140.0, 130.0]  # longer side 80
SHAPE = flmcore.schemes.get("300w-68")


def face_shape(box: list[float] | None = None) -> NDArray[np.float64]:
    """68 places in a box, outer eye corners 40 px apart in one of 80."""
    x0, y0, x1, y1 = box or BOX
    side = max(x1 - x0, y1 - y0)
    shape = np.random.default_rng(3).uniform(0.15, 0.85, (68, 2))
    left, right = SHAPE.eye_outer or (0, 0)
    shape[left], shape[right] = (0.25, 0.4), (0.75, 0.4)
    return np.array([x0, y0]) + shape * side


class KnownDetector:
    """Landmarks by formula: ``hold`` of the face, ``1 - hold`` of the window, and noise of ``sigma`` image pixels.

    ``bias`` is added in image pixels; with ``latency`` it says where the face was that many windows ago; ``dims`` image
    pixels to the right for each doubling of the crop's light.

    It goes the way of a real detector: windows by the core, crops, landmarks in crop pixels. What it must know of the
    windows it remembers from :meth:`crop`, as a network sees it in the pixels.
    """

    def __init__(
        self,
        name: str = "known",
        *,
        hold: float = 1.0,
        sigma: float = 0.0,
        bias: tuple[float, float] = (0.0, 0.0),
        latency: int = 0,
        dims: float = 0.0,
        grid: float | None = None,
        scheme: str = "300w-68",
        fails_on: int | None = None,
        undefined: tuple[int, ...] = (),
    ) -> None:
        self.name, self.scheme, self.licence, self.grid = name, scheme, "MIT", grid
        self.hold, self.sigma, self.fails_on, self.undefined = hold, sigma, fails_on, undefined
        self.bias, self.latency, self.dims = bias, latency, dims
        self.landmark_count = 68 if scheme not in schemes.names() else schemes.get(scheme).landmarks
        self.calls = 0
        self._windows: NDArray[np.float64] = np.empty((0, 2, 3))
        self._box = BOX

    def windows(self, boxes: Any, *, shift: Any = (0, 0), scale: Any = 1.0, rotation: Any = 0.0) -> Any:
        self._box = [float(v) for v in np.asarray(boxes).reshape(-1, 4)[0]]
        self._windows = self._windows[:0]  # what was seen of another face is no past of this one
        return flmcore.box_affine(boxes, SIZE, scale=np.asarray(scale) * 1.25, shift=shift, rotation=rotation)

    def crop(self, image: Any, windows: Any, *, out: Any = None, threads: int | None = None) -> Any:
        self._windows = np.concatenate([self._windows, np.array(windows)])
        return flmcore.crop(image, windows, SIZE, out=out, threads=threads)

    def infer(self, inputs: NDArray[np.float32]) -> tuple[Any, ...]:
        self.calls += 1
        if self.fails_on is not None and self.calls > self.fails_on:
            msg = "out of memory\non this face"
            raise RuntimeError(msg)
        return (inputs,)

    def decode(self, raw: tuple[Any, ...]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        count = len(raw[0])
        face = np.broadcast_to(face_shape(self._box)[: self.landmark_count], (count, self.landmark_count, 2))
        last = len(self._windows)
        now = self._windows[last - count :]
        then = self._windows[np.maximum(np.arange(last - count, last) - self.latency, 0)]
        seen = flmcore.transform_points(np.array(face) + np.array(self.bias), then)
        rigid = np.broadcast_to(self._at_rest(), seen.shape)
        points = self.hold * seen + (1 - self.hold) * rigid
        to_crop = np.hypot(*now[0, :, 0])
        if self.dims:
            light = raw[0].reshape(count, -1).mean(axis=1)
            points[..., 0] += (self.dims * to_crop * np.log2(light))[:, None]
        if self.sigma:
            # Noise depends on the window alone, as a network's error does: a resumed run must meet the same.
            digest = int.from_bytes(hashlib.sha256(now.tobytes() + raw[0].tobytes()).digest()[:8], "little")
            points = points + np.random.default_rng(digest).normal(0, self.sigma * to_crop, points.shape)
        if self.grid is not None:
            points = np.floor(points / self.grid + 0.5) * self.grid
        points[:, list(self.undefined)] = np.nan
        return points, np.ones(points.shape[:2], np.float32)

    def to_image(self, points: Any, windows: Any) -> NDArray[np.float64]:
        return flmcore.transform_points(np.asarray(points, np.float64), flmcore.invert_affine(windows))

    def _at_rest(self) -> NDArray[np.float64]:
        """The landmarks in the crop of the unmoved window."""
        still = flmcore.box_affine([self._box], SIZE, scale=1.25)[0]
        face = face_shape(self._box)[: self.landmark_count] + np.array(self.bias)
        return np.asarray(flmcore.transform_points(face, still))

    def describe(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "hold": self.hold,
            "sigma": self.sigma,
            "grid": self.grid,
            "bias": self.bias,
        }


def noise_image(seed: int, width: int = 200, height: int = 180) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def write_images(folder: Path, count: int) -> tuple[list[Path], Path]:
    """PNG files and a boxes file."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"face{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.fromarray(noise_image(number)).save(path)
    boxes = folder / "boxes.json"
    boxes.write_text(
        json.dumps({path.name: [[v + number for v in BOX]] for number, path in enumerate(paths)})
    )
    return paths, boxes
