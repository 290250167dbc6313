"""A clip as ``flmcore evaluate --video`` keeps it for looking at, with landmarks that are known."""

from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation import Results
from flmcore.ops.affine import transform_points

SIZE, RATE = 96, 20.0


def jpeg(shade: int, size: int = SIZE, noise: int = 0) -> bytes:
    """A grey picture; ``noise`` makes it heavy."""
    from PIL import Image

    rng = np.random.default_rng(shade)
    pixels = np.clip(rng.integers(-noise, noise + 1, (size, size, 3)) + shade, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def known_tracks(count: int, landmarks: int, sway: float) -> NDArray[np.float64]:
    """(n, K, 2) in image pixels: a grid of landmarks of a face that moves on, which sways ``sway`` px about it."""
    place = np.stack(
        [20 + 3.0 * (np.arange(landmarks) % 20), 20 + 6.0 * (np.arange(landmarks) // 20)], axis=-1
    )
    time = np.arange(count)[:, None]
    moves = np.concatenate([0.5 * time, 0.25 * time], axis=1) + sway * np.array([1.0, -1.0]) * (-1.0) ** time
    return np.asarray(place[None] + moves[:, None])


def clip_arrays(tracks: list[NDArray[np.float64]], frames: list[bytes], number: int = 0) -> dict[str, Any]:
    """The arrays of ``tracks.npz``: the shown frame is the image, enlarged by two and moved on with the frames."""
    count = len(frames)
    views = np.tile(np.array([[2.0, 0.0, -10.0], [0.0, 2.0, -20.0]]), (count, 1, 1))
    views[:, 0, 2] -= np.arange(count)
    key = f"clip{number}"
    arrays: dict[str, Any] = {
        f"{key}/jpeg": np.frombuffer(b"".join(frames), np.uint8),
        f"{key}/offsets": np.cumsum([0, *map(len, frames)], dtype=np.int64),
        f"{key}/times": np.arange(count) / RATE,
        f"{key}/view": views,
    }
    for place, points in enumerate(tracks):
        shown = np.stack([transform_points(one, view) for one, view in zip(points, views, strict=True)])
        arrays[f"{key}/detector{place}"] = shown.astype(np.float32)
    return arrays


def with_clip(results: Results, folder: Path, frames: list[bytes], sways: dict[int, float]) -> Results:
    """The same results with a video of these frames, and ``tracks.npz`` in the folder; sways by place of detector."""
    tracks = [
        known_tracks(len(frames), row["landmarks"], sways[place])
        for place, row in enumerate(results.detectors)
        if place in sways
    ]
    np.savez_compressed(folder / "tracks.npz", **clip_arrays(tracks, frames))
    data = copy.deepcopy(results.data)
    clip = {"id": "walk <b>.mp4", "frames": len(frames), "shown": [0, len(frames) - 1], "fps": RATE}
    data["video"] = {"clips": [clip], "units": [], "summary": []}
    return Results(data, results.overlays)
