"""Where the boxes of a clip's frames come from: a finder, a file, the truth; or tracking that a finder starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.data.boxes import read_boxes
from flmcore.data.video import Frame
from flmcore.detectors import finders
from flmcore.evaluation.box_source import TRUTH, boxes_as_landmarks, open_boxes
from flmcore.evaluation.inputs import FindFaces, as_boxes
from flmcore.evaluation.truth import Faces, Truth, truth_boxes, truth_faces
from flmcore.evaluation.video.sources import ClipSource
from flmcore.nearest import nearest

__all__ = ["TRACK", "VideoBoxes", "VideoBoxesOption", "open_video_boxes", "rows_of"]

TRACK = "track"
VideoBoxesOption = str | os.PathLike[str] | Mapping[str, ArrayLike] | finders.Finder | None
_NONE = np.empty((0, 4))


@dataclass(frozen=True)
class VideoBoxes:
    """How the faces of a run's frames are found.

    Attributes:
        find: the finder's; None where boxes are given.
        given: (N, 4) boxes of the kind ``landmarks`` by the frame's name; None where a finder looks.
        track: whether a detector's box follows from its own landmarks of the frame before; the finder then only starts
            it, and looks now and then whether the face is still there.
        truth: the true faces by the frame's name; None without truth.
        about: what results say.
    """

    find: FindFaces | None
    given: Mapping[str, NDArray[np.float64]] | None
    track: bool
    truth: Faces | None
    about: dict[str, Any]

    def of(self, source: ClipSource, frame: Frame, *, alone: bool) -> NDArray[np.float64]:
        """(N, 4) boxes of the kind ``landmarks`` in a frame; ``alone``: the run has no other clip."""
        if self.find is not None:
            return np.asarray(self.find(frame.image)[0], dtype=np.float64).reshape(-1, 4)
        assert self.given is not None
        rows = rows_of(self.given, source, frame.name, alone=alone)
        return _NONE if rows is None else np.asarray(rows, dtype=np.float64).reshape(-1, 4)


def rows_of(table: Mapping[str, Any], source: ClipSource, frame: str, *, alone: bool) -> Any:
    """What ``table`` has of a frame, as ``CLIP/FRAME``; where the run has one clip also as ``FRAME``; else None.

    ``FRAME`` is the file's name in a folder of frames, the frame's number from 0 in a file.
    """
    names = [f"{source.id}/{frame}", (source.path / frame).as_posix(), *([frame] if alone else [])]
    return next((table[name] for name in names if name in table), None)


def open_video_boxes(
    boxes: VideoBoxesOption,
    *,
    finder: str | finders.Finder | None = None,
    box_kind: str = "landmarks",
    truth: Truth | None = None,
    truth_scheme: str | None = None,
) -> VideoBoxes:
    """Boxes as :func:`flmcore.evaluate_video` takes them; ``finder`` starts the tracking of ``boxes="track"``.

    Raises:
        ValueError: no such file or finder (with the nearest name), an unknown kind, a truth that is not given.
        MissingExtraError, WeightsError: the finder cannot be opened.
    """
    faces = None if truth is None else truth_faces(truth, truth_scheme)
    named = isinstance(boxes, str) and not Path(boxes).exists()
    track = named and boxes == TRACK
    if finder is not None and not track:
        msg = f"finder: expected none unless boxes='{TRACK}', got {finder!r}"
        raise ValueError(msg)
    if named and not track and boxes not in (known := [*finders.names(), TRACK, TRUTH]):
        msg = f"boxes: expected an existing file or one of {', '.join(known)}, got {boxes!r}{nearest(str(boxes), known)}"
        raise ValueError(msg)
    if track or boxes is None or isinstance(boxes, finders.Finder) or (named and boxes != TRUTH):
        who: Any = finder if track else boxes
        origin = open_boxes([], boxes=who, box_kind=box_kind)
        return VideoBoxes(origin.find, None, track, faces, {**origin.about, "track": track})
    if named:
        if faces is None:
            msg = f"truth: expected the true landmarks together with boxes='{TRUTH}', got none"
            raise ValueError(msg)
        table: Mapping[str, Any] = truth_boxes(faces)
    else:
        table = read_boxes(boxes) if isinstance(boxes, (str, os.PathLike)) else boxes
    about = open_boxes([], boxes=dict(table), box_kind=box_kind).about
    kind = {"source": TRUTH if named else "given" if isinstance(boxes, Mapping) else "file", "track": False}
    given = {name: boxes_as_landmarks(as_boxes(name, rows), box_kind) for name, rows in table.items()}
    return VideoBoxes(None, given, False, faces, {**about, **kind})
