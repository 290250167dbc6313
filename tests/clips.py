"""Clips whose every landmark is known: a still picture under known motion, and detectors that know where it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import flmcore
from evaluated import SHAPE, face_shape
from textures import texture, warped

Motion = Callable[[int], NDArray[np.float64]]  # number of a frame → (2, 3), still picture to frame
SIDE = 200  # of frames
FACE = [60.0, 60.0, 140.0, 140.0]
STILL = face_shape(FACE)  # (68, 2), outer eye corners 40 px apart
CENTRE = np.array([100.0, 100.0])
CROP = 64


def turned(angle: float = 0.0, zoom: float = 1.0, shift: Sequence[float] = (0.0, 0.0)) -> NDArray[np.float64]:
    """Turned by degrees and scaled about the frames' centre, then moved by pixels."""
    c, s = zoom * np.cos(np.radians(angle)), zoom * np.sin(np.radians(angle))
    linear = np.array([[c, -s], [s, c]])
    return np.column_stack([linear, CENTRE - linear @ CENTRE + np.asarray(shift)])


def moved(shift: Sequence[float]) -> Motion:
    """By so many pixels a frame."""
    return lambda t: turned(shift=t * np.asarray(shift, dtype=float))


def zoomed(rate: float) -> Motion:
    """Larger by a share of the first frame, each frame."""
    return lambda t: turned(zoom=1 + rate * t)


def rotated(degrees: float) -> Motion:
    """By so many degrees a frame."""
    return lambda t: turned(degrees * t)


def drawn(motion: Motion, count: int) -> list[NDArray[np.uint8]]:
    """Frames of a picture that is known between its pixels, so that nothing is resampled."""
    frames = [np.rint(texture(SIDE, SIDE, motion(t))).astype(np.uint8) for t in range(count)]
    return numbered([np.repeat(frame[..., None], 3, axis=2) for frame in frames])


def numbered(frames: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """Each with its number in the first pixel, so that frames of a face at rest can be told apart."""
    marked = [np.array(frame) for frame in frames]
    for t, frame in enumerate(marked):
        frame[0, 0] = t % 256
    return marked


def cropped(
    image: NDArray[np.uint8], motion: Motion, count: int, side: int = SIDE
) -> list[NDArray[np.uint8]]:
    """Frames of any picture, resampled by the core's own crop."""
    return numbered([flmcore.crop(image, motion(t)[None], side, dtype="uint8")[0] for t in range(count)])


def write_frames(folder: Path, frames: Sequence[NDArray[np.uint8]]) -> Path:
    """PNG files, numbered without leading zeros: their order is that of the numbers."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"f{number}.png", compress_level=1)
    return folder


def write_video(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    *,
    codec: str = "libx264",
    rate: int = 25,
    times: Sequence[float] | None = None,
    options: Mapping[str, str] | None = None,
    rotation: int = 0,
    pixels: str = "yuv420p",
) -> Path:
    """Through PyAV; ``times`` in seconds for a variable rate."""
    from fractions import Fraction

    import av

    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, options=dict(options or {}))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixels
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="rgba" if image.shape[2] == 4 else "rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[number] * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


class SeeingDetector:
    """Knows the landmarks of frames by their pixels, and errs by independent noise of ``sigma`` pixels an axis."""

    def __init__(
        self,
        frames: Sequence[NDArray[np.uint8]],
        motion: Motion,
        *,
        name: str = "seeing",
        sigma: float = 0.0,
        points: NDArray[np.float64] = STILL,
        fails_on: frozenset[int] = frozenset(),
        stops_at: int | None = None,
    ) -> None:
        self.name, self.scheme, self.licence, self.grid = name, "300w-68", "MIT", None
        self.landmark_count, self.sigma, self.fails_on = 68, sigma, fails_on
        self.stops_at = stops_at
        self.truth = [warped(points, motion(t)) for t in range(len(frames))]
        self._numbers = {digest(frame): t for t, frame in enumerate(frames)}
        self._number = 0
        self.calls = 0

    def windows(self, boxes: Any, **_: Any) -> Any:
        return flmcore.box_affine(boxes, CROP, scale=1.25)

    def crop(self, image: Any, windows: Any, *, out: Any = None, threads: int | None = None) -> Any:
        self._number = self._numbers[digest(image)]
        self.calls += 1
        if self.stops_at is not None and self.calls > self.stops_at:
            raise KeyboardInterrupt
        return flmcore.crop(image, windows, CROP, out=out, threads=threads)

    def infer(self, inputs: Any) -> Any:
        if self._number in self.fails_on:
            msg = "no memory\nleft"
            raise RuntimeError(msg)
        return (self._number, inputs)

    def decode(self, raw: Any) -> Any:
        points = self.truth[raw[0]]
        noise = np.random.default_rng([raw[0], len(self.name)]).normal(0, 1, points.shape)
        return (points + self.sigma * noise)[None], np.ones((1, 68), np.float32)

    def to_image(self, points: Any, windows: Any) -> Any:  # noqa: ARG002 - as detectors have it
        """They are in image pixels already."""
        return np.asarray(points, np.float64)

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "sigma": self.sigma, "weights_sha256": None}


def digest(image: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()


def tight(points: NDArray[np.float64]) -> list[float]:
    """Box of the kind ``landmarks`` in edge coordinates."""
    return [*(points.min(axis=0) + 0.5).tolist(), *(points.max(axis=0) + 0.5).tolist()]


def eye_distance(points: NDArray[np.float64]) -> float:
    left, right = SHAPE.eye_outer or (0, 0)
    return float(np.hypot(*(points[right] - points[left])))


def damage(path: Path, number: int) -> None:
    """Noise in place of most of a frame's packet."""
    import av

    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    start, size = places[number]
    data[start + 20 : start + size] = np.random.default_rng(0).integers(0, 256, size - 20, np.uint8).tobytes()
    path.write_bytes(bytes(data))
