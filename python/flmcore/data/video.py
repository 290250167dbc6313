"""Reading clips frame by frame: video files, animated GIFs, folders of frames."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flmcore.data.images import PathLike
from flmcore.data.video_container import Header, decode_frames, read_header
from flmcore.data.video_folder import find_frames, read_frames
from flmcore.errors import ClipError

__all__ = ["CLIP_SUFFIXES", "Clip", "Frame", "open_clip"]

CLIP_SUFFIXES = frozenset([".avi", ".gif", ".m4v", ".mkv", ".mov", ".mp4", ".webm"])


@dataclass(frozen=True)
class Frame:
    """One frame of a clip.

    Attributes:
        index: its number in the clip, from 0; frames that could not be read have one too where they are known of.
        name: of its file, in a folder of frames; else the index as text.
        time: seconds from the clip's first frame.
        image: (H, W, 3) uint8 RGB, upright.
    """

    index: int
    name: str
    time: float
    image: NDArray[np.uint8]


@dataclass
class Clip:
    """A clip made by :func:`open_clip`; iterate :meth:`frames` as often as needed, each time from the file.

    Attributes:
        path: the file or folder.
        rotation: degrees counter-clockwise that the file asks players to turn its frames by; done already.
        nominal_fps: what the file says of its rate, or ``fps`` of a folder; None where it says nothing.
        nominal_frames: frames that the file claims; None where it does not say.
        notes: what should be known of the clip and does not keep it from being read.
        skipped: reason → frames left out for it, of the last pass that reached the end of what was asked for.
    """

    path: Path
    rotation: int
    nominal_fps: float | None
    nominal_frames: int | None
    notes: tuple[str, ...]
    start: float = 0.0
    stop: float = math.inf
    most: int | None = None
    skipped: Counter[str] = field(default_factory=Counter)
    _header: Header | None = None
    _files: tuple[Path, ...] = ()

    def frames(self) -> Iterator[Frame]:
        """The frames in order of time, one in memory at a time.

        A frame that cannot be decoded, has another size than the first, or a time that is not later than the one
        before is left out and counted in ``skipped``.

        Raises:
            ClipError: the file can no longer be opened.
        """
        skipped: Counter[str] = Counter()
        self.skipped = skipped
        given, last, size = 0, -math.inf, None
        for index, name, time, image in self._raw(skipped):
            if time > self.stop:
                break
            if time < self.start:
                continue
            if not time > last:
                skipped["a time that is not after the frame before"] += 1
            elif size is not None and image.shape != size:
                skipped[f"{image.shape[1]}×{image.shape[0]} pixels among {size[1]}×{size[0]}"] += 1
            else:
                last, size, given = time, image.shape, given + 1
                yield Frame(index, name, time, image)
                if self.most is not None and given >= self.most:
                    break

    def _raw(self, skipped: Counter[str]) -> Iterator[tuple[int, str, float, NDArray[np.uint8]]]:
        if self._header is not None:
            return decode_frames(self.path, self._header, skipped)
        assert self.nominal_fps is not None
        return read_frames(self._files, self.nominal_fps, skipped)


def open_clip(
    path: PathLike,
    *,
    fps: float | None = None,
    start: float = 0.0,
    stop: float | None = None,
    most: int | None = None,
) -> Clip:
    """A clip to read frame by frame; nothing but its header is read here.

    A file is read through PyAV (FFmpeg): mp4, mov, gif, webm and what else it knows, the first video stream, with the
    frames' own times (a variable rate included) and the display matrix applied; what is transparent becomes black. A
    folder is the images in it (not those of its sub-folders), sorted naturally: ``frame9`` before ``frame10``.

    Args:
        path: the file or folder.
        fps: frames per second of a folder, which has no times of its own; none for a file.
        start: seconds from the first frame; earlier frames are left out.
        stop: seconds from the first frame; later frames are left out.
        most: use only so many frames.

    Raises:
        ClipError: no such file, not a video, no picture in it (audio only), no decoder for its codec.
        ValueError: ``fps`` missing for a folder or given for a file, a span that is empty.
        MissingExtraError: a file is to be read and PyAV is not installed.
    """
    place = Path(path)
    stop = math.inf if stop is None else stop
    _check_span(start, stop, most)
    if place.is_dir():
        if fps is None:
            msg = f"fps: expected the frames per second of the folder of frames {os.fspath(path)}, got none"
            raise ValueError(msg)
        if isinstance(fps, bool) or not (math.isfinite(fps) and 0.001 <= fps <= 1e6):
            msg = f"fps: expected frames per second above 0, got {fps!r}"
            raise ValueError(msg)
        files = find_frames(place)
        return Clip(place, 0, float(fps), len(files), (), start, stop, most, _files=files)
    if fps is not None:
        msg = f"fps: expected none for the file {os.fspath(path)}, which has its own times, got {fps:g}"
        raise ValueError(msg)
    if not place.exists():
        msg = f"{os.fspath(path)}: expected an existing clip or folder of frames, got none"
        raise ClipError(msg)
    header = read_header(place)
    return Clip(
        place, header.rotation, header.rate, header.frames, header.notes, start, stop, most, _header=header
    )


def _check_span(start: float, stop: float, most: int | None) -> None:
    if not (math.isfinite(start) and 0 <= start < stop):
        msg = f"start: expected seconds from 0, below stop ({stop:g}), got {start!r}"
        raise ValueError(msg)
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        msg = f"most: expected a whole number from 1, got {most!r}"
        raise ValueError(msg)
