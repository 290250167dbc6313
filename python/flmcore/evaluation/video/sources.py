"""The clips of a run: named, opened once to see that they can be read, summed."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flmcore.data.video import Clip, open_clip
from flmcore.data.video_folder import find_frames
from flmcore.errors import ClipError
from flmcore.evaluation.inputs import short_names

__all__ = ["ClipSource", "Span", "collect_clips"]

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Span:
    """Which part of each clip: ``start`` and ``stop`` in seconds from its first frame, at most ``most`` frames."""

    fps: float | None = None
    start: float = 0.0
    stop: float | None = None
    most: int | None = None


@dataclass(frozen=True)
class ClipSource:
    """One clip of a run; ``digest`` is None where it cannot be read."""

    id: str
    path: Path
    digest: str | None
    span: Span

    def open(self) -> Clip:
        """ClipError where it cannot be read."""
        span = self.span
        fps = span.fps if self.path.is_dir() else None
        return open_clip(self.path, fps=fps, start=span.start, stop=span.stop, most=span.most)


def collect_clips(clips: PathLike | Sequence[PathLike], span: Span) -> list[ClipSource]:
    """Clips by their file names, or by paths below the common folder where two share one.

    Raises:
        ValueError: no clip, one that does not exist, a folder without ``fps``, ``fps`` with no folder.
    """
    paths = [Path(clips)] if isinstance(clips, (str, os.PathLike)) else [Path(clip) for clip in clips]
    if not paths:
        msg = "clips: expected at least one clip or folder of frames, got none"
        raise ValueError(msg)
    for path in paths:
        if not path.exists():
            msg = f"clips: expected an existing clip or folder of frames, got '{path}'"
            raise ValueError(msg)
        with contextlib.suppress(ClipError):  # one clip that cannot be read is reported, and the others go on
            ClipSource(path.name, path, None, span).open()
    if span.fps is not None and not any(path.is_dir() for path in paths):
        msg = (
            f"fps: expected none without a folder of frames, as files have their own times, got {span.fps!r}"
        )
        raise ValueError(msg)
    unique = {path.resolve(): path for path in paths}
    return [ClipSource(name, path, _digest(path), span) for name, path in short_names(unique.values())]


def _digest(path: Path) -> str | None:
    """sha256 of the file, or of the names and contents of a folder's frames."""
    total = hashlib.sha256()
    try:
        if not path.is_dir():
            _add(total, path)
            return total.hexdigest()
        for file in find_frames(path):
            one = hashlib.sha256()
            _add(one, file)
            total.update(f"{file.name}\0{one.hexdigest()}\n".encode())
    except (OSError, ClipError):
        return None
    return total.hexdigest()


def _add(total: hashlib._Hash, path: Path) -> None:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
