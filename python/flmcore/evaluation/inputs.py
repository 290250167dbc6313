"""What is evaluated on: images, their face boxes, and what is wrong with them."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.data.boxes import read_boxes
from flmcore.data.images import find_images, read_image
from flmcore.errors import ImageError

__all__ = [
    "FACE_CHOICES",
    "Boxes",
    "Problem",
    "Source",
    "as_boxes",
    "check_boxes",
    "collect_sources",
    "faces_of",
    "match_boxes",
    "match_names",
    "open_image",
    "short_names",
    "true_distance",
]

FACE_CHOICES = ("largest", "all")
Boxes = Mapping[str, NDArray[np.float64]]
FindFaces = Callable[[NDArray[np.uint8]], tuple[NDArray[np.float64], NDArray[np.float64]]]


@dataclass(frozen=True)
class Problem:
    """What was not measured and why; ``note`` marks what was measured but should be known."""

    image: str | None
    reason: str
    kind: str
    face: int | None = None
    detector: str | None = None
    note: bool = False

    def to_dict(self) -> dict[str, Any]:
        """For ``results.json``."""
        return {
            "image": self.image,
            "face": self.face,
            "detector": self.detector,
            "kind": self.kind,
            "note": self.note,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Source:
    """One image of the run, from a file or from memory."""

    id: str
    path: Path | None
    pixels: NDArray[np.uint8] | None
    digest: str | None


def collect_sources(images: Any) -> list[Source]:
    """Images from a path, an array, or a sequence of both; a folder stands for the images in it.

    A file is named by its own name, or by its path below the common folder where two share a name.

    Raises:
        ValueError: a path that does not exist, nothing found.
        TypeError: an array that is not uint8 H×W×3.
    """
    rows = [images] if isinstance(images, (str, os.PathLike, np.ndarray)) else list(images)
    if not rows:
        msg = "images: expected at least one path or array, got none"
        raise ValueError(msg)
    sources: list[Source] = []
    files: dict[Path, Path] = {}
    for row in rows:
        if isinstance(row, (str, os.PathLike)):
            for path in find_images([row]):
                files.setdefault(path.resolve(), path)
        else:
            pixels = _as_image(row)
            digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
            sources.append(Source(f"array-{len(sources)}", None, pixels, digest))
    return [Source(name, path, None, _digest(path)) for name, path in short_names(files.values())] + sources


def _as_image(value: Any) -> NDArray[np.uint8]:
    pixels = np.asarray(value)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        msg = f"images: expected paths or uint8 arrays of shape (H, W, 3), got {pixels.dtype} {pixels.shape}"
        raise TypeError(msg)
    return pixels


def short_names(files: Iterable[Path]) -> list[tuple[str, Path]]:
    paths = list(files)
    count = Counter(path.name for path in paths)
    if all(n == 1 for n in count.values()):
        return [(path.name, path) for path in paths]
    root = Path(os.path.commonpath([path.resolve().parent for path in paths]))
    return [(path.resolve().relative_to(root).as_posix(), path) for path in paths]


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def open_image(source: Source) -> NDArray[np.uint8]:
    """The pixels; ImageError where the file cannot be read."""
    if source.pixels is not None:
        return source.pixels
    assert source.path is not None
    try:
        return read_image(source.path)
    except (OSError, MemoryError) as error:
        msg = f"{source.path}: cannot be read: {error or type(error).__name__}"
        raise ImageError(msg) from error


def match_boxes(
    boxes: str | os.PathLike[str] | Boxes | Sequence[ArrayLike] | None, sources: Sequence[Source]
) -> tuple[dict[str, NDArray[np.float64]] | None, list[str]]:
    """Boxes per image of the run, and the names in the boxes file that meet no image.

    A name in the file is an image's id, its path as given, or its file name.
    """
    if boxes is None:
        return None, []
    if isinstance(boxes, (str, os.PathLike)):
        table: dict[str, Any] = dict(read_boxes(boxes))
    elif isinstance(boxes, Mapping):
        table = {os.fspath(name): rows for name, rows in boxes.items()}
    elif len(boxes) == len(sources):
        table = {source.id: rows for source, rows in zip(sources, boxes, strict=True)}
    else:
        msg = f"boxes: expected one (N, 4) array for each of {len(sources)} images, got {len(boxes)}"
        raise ValueError(msg)
    matched = match_names(table, sources)
    unused = [name for name in table if name not in {*matched.values()}]
    return {image: as_boxes(name, table[name]) for image, name in matched.items()}, unused


def match_names(table: Container[str], sources: Sequence[Source]) -> dict[str, str]:
    """Image id → the name under which ``table`` has it: its path as given, its id, or its file name.

    A file name that several images share says of none which it is.
    """
    shared = Counter(source.path.name for source in sources if source.path is not None)
    matched = {}
    for source in sources:
        names = [source.id] if source.path is None else [str(source.path), source.id]
        if source.path is not None and shared[source.path.name] == 1:
            names.append(source.path.name)
        name = next((name for name in names if name in table), None)
        if name is not None:
            matched[source.id] = name
    return matched


def as_boxes(name: str, rows: Any) -> NDArray[np.float64]:
    """(N, 4) float64 of one image or frame; ValueError where rows are no boxes."""
    array = np.asarray(rows, dtype=np.float64)
    array = array.reshape(0, 4) if array.size == 0 else np.atleast_2d(array)
    if array.ndim != 2 or array.shape[1] != 4:
        msg = f"boxes: expected rows of x0, y0, x1, y1 for {name}, got shape {array.shape}"
        raise ValueError(msg)
    return array


def true_distance(table: Mapping[str, Any] | None, image: str, face: int) -> float | None:
    """The true inter-ocular distance of a face; None where none is given for its image.

    Raises:
        ValueError: none for this face, or not a length.
    """
    if table is None or image not in table:
        return None
    values = np.atleast_1d(np.asarray(table[image], dtype=np.float64))
    if face >= len(values) or not (np.isfinite(values[face]) and values[face] > 0):
        msg = f"interocular: expected a positive length for face {face} of {image}, got {table[image]!r}"
        raise ValueError(msg)
    return float(values[face])


def check_boxes(image: str, boxes: NDArray[np.float64], width: int, height: int) -> list[Problem]:
    """One problem for each box that no window can be made from, or that lies outside the image."""
    problems = []
    for face, (x0, y0, x1, y1) in enumerate(boxes.tolist()):
        text = f"[{x0:g}, {y0:g}, {x1:g}, {y1:g}]"
        if not np.isfinite([x0, y0, x1, y1]).all():
            reason = f"box {text}: expected finite numbers"
        elif x1 <= x0 or y1 <= y0:
            reason = f"box {text}: expected x0 < x1 and y0 < y1, got a box without area"
        elif x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
            reason = f"box {text}: lies outside the image of {width}×{height} pixels"
        else:
            continue
        problems.append(Problem(image, reason, "box", face))
    return problems


def faces_of(
    source: Source,
    image: NDArray[np.uint8],
    given: Boxes | None,
    find: FindFaces | None,
    choice: str,
) -> tuple[dict[int, list[float]], list[Problem]]:
    """Boxes to measure, by face number, and what was left out.

    Boxes that were given are all used. Of faces that were found, the largest is used unless ``choice`` is ``all``:
    a finder's small extra boxes are often background faces or not faces at all.
    """
    height, width = image.shape[:2]
    if given is not None:
        boxes = given.get(source.id)
        if boxes is None or len(boxes) == 0:
            return {}, [Problem(source.id, "the boxes file has no box for this image", "no-face")]
        problems = check_boxes(source.id, boxes, width, height)
        bad = {problem.face for problem in problems}
        return {face: box for face, box in enumerate(boxes.tolist()) if face not in bad}, problems
    assert find is not None
    boxes = np.asarray(find(image)[0], dtype=np.float64).reshape(-1, 4)
    if len(boxes) == 0:
        return {}, [Problem(source.id, "no face found", "no-face")]
    if len(boxes) == 1 or choice == "all":
        return dict(enumerate(boxes.tolist())), []
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    face = int(area.argmax())
    reason = f"{len(boxes)} faces found: the largest is used"
    return {face: boxes[face].tolist()}, [Problem(source.id, reason, "several-faces", note=True)]
