"""Reading ``tracks.npz``, which ``flmcore evaluate --video`` writes beside the results."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import ResultsError

__all__ = ["ClipTracks", "read_clips"]

_LARGEST = 4096  # px of a side of a shown frame


@dataclass(frozen=True)
class ClipTracks:
    """What is kept of a clip for looking at it.

    Attributes:
        name: of the clip.
        first: number of the first shown frame in the clip.
        fps: frames a second, on average.
        times: (n,) seconds.
        views: (n, 2, 3), image to shown frame.
        frames: n JPEGs.
        size: width and height of the shown frames.
        detectors: by name (n, K, 2) landmarks in shown-frame pixels.
    """

    name: str
    first: int
    fps: float | None
    times: NDArray[np.float64]
    views: NDArray[np.float64]
    frames: list[bytes]
    size: tuple[int, int]
    detectors: dict[str, NDArray[np.float32]]


def read_clips(path: Path, clips: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Iterator[ClipTracks]:
    """The clips that have frames to show, in the order of the results.

    Raises:
        ResultsError: the file cannot be read, or does not hold what its description says.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            for number, about in enumerate(clips):
                if f"clip{number}/times" in arrays and len(arrays[f"clip{number}/times"]):
                    yield _clip(arrays, number, about, names)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        msg = f"{path}: expected the tracks of flmcore evaluate --video, got {error or type(error).__name__}"
        raise ResultsError(msg) from error


def _clip(arrays: Any, number: int, about: Mapping[str, Any], names: Sequence[str]) -> ClipTracks:
    key = f"clip{number}"
    times = np.asarray(arrays[f"{key}/times"], np.float64)
    count = len(times)
    frames = _frames(arrays[f"{key}/jpeg"], arrays[f"{key}/offsets"], count, key)
    views = np.broadcast_to(np.asarray(arrays[f"{key}/view"], np.float64), (count, 2, 3))
    if not (np.isfinite(times).all() and (np.diff(times) >= 0).all() and np.isfinite(views).all()):
        msg = f"{key}: times that go back, or a number that is not finite"
        raise ValueError(msg)
    detectors = {}
    for place, name in enumerate(names):
        points = arrays.get(f"{key}/detector{place}")
        if points is None:
            continue
        if points.ndim != 3 or points.shape[0] != count or points.shape[2] != 2:
            msg = f"{key}/detector{place} of shape {points.shape}"
            raise ValueError(msg)
        detectors[name] = points
    first = (about.get("shown") or [0])[0]
    return ClipTracks(
        str(about["id"]), int(first), about.get("fps"), times, views, frames, _size(frames[0]), detectors
    )


def _frames(jpeg: NDArray[Any], offsets: NDArray[Any], count: int, key: str) -> list[bytes]:
    ends = offsets.tolist()
    data = np.asarray(jpeg, np.uint8).tobytes()
    good = len(ends) == count + 1 and ends[0] == 0 and ends[-1] == len(data)
    if not good or any(a >= b for a, b in pairwise(ends)):
        msg = f"{key}/offsets that do not cut {len(data)} bytes into {count} frames"
        raise ValueError(msg)
    return [data[a:b] for a, b in pairwise(ends)]


def _size(frame: bytes) -> tuple[int, int]:
    """Of the first frame; raises ValueError where it is no JPEG, or too large to be of a page."""
    from PIL import Image

    with Image.open(io.BytesIO(frame), formats=["JPEG"]) as picture:
        if max(picture.size) > _LARGEST:
            msg = f"a frame of {picture.size[0]} × {picture.size[1]} px"
            raise ValueError(msg)
        return picture.size
