"""Where faces come from: data sets in the readers' formats, and streams that draw them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.data.box_kinds import box_kinds, convert_boxes
from flmcore.data.images import read_image
from flmcore.data.truth import Dataset, TruthFace, read_dataset
from flmcore.errors import ConfigError
from flmcore.ops.remap import remap
from flmcore.train.faces import Face, cut_out, tight_box
from flmcore.train.schema import DataConfig, TrainConfig

__all__ = ["DatasetSource", "Source", "StreamSource", "open_source"]

Note = Callable[[str], None]
_FARTHEST = 1_000_000  # pixels: no image is as large, so a number is wrong


class Source(Protocol):
    """Faces by number: the same number, the same face, in every process."""

    name: str

    @property
    def length(self) -> int | None:
        """Faces; None where there is no end of them."""

    def face(self, number: int) -> Face: ...

    def describe(self) -> dict[str, Any]:
        """What tells this source from another, for checkpoints."""


def open_source(
    config: TrainConfig, source: DataConfig, number: int, note: Note, *, exact: bool = False
) -> Source:
    """The faces that ``[[data]]`` or ``[[validation]]`` number ``number`` describes.

    Args:
        note: told in one line what is left out.
        exact: images are kept as they are, to measure an error; else made smaller where they have more pixels than
            the network sees.

    Raises:
        ConfigError: there is no face in it, or none that can be used.
        ValueError, OSError: as of :func:`flmcore.data.truth.read_dataset`.
    """
    if source.stream is not None:
        return StreamSource(config, source, number)
    return DatasetSource(config, source, number, note, exact=exact)


class DatasetSource:
    """Faces of a data set, remapped to the trained scheme. Images are read when they are first needed, and kept."""

    def __init__(
        self, config: TrainConfig, source: DataConfig, number: int, note: Note, *, exact: bool = False
    ) -> None:
        assert source.path is not None
        path = config.folder / source.path
        if not path.exists():
            msg = f"data: expected a data set's file or folder, got '{path}', which is not there"
            raise ConfigError(msg)
        images = None if source.images is None else config.folder / source.images
        dataset = read_dataset(path, source.format, source.scheme, images=images)
        self.name = source.name or path.resolve().name or f"data-{number}"
        self._config, self._paths = config, dataset.paths
        self._rows = _usable(config, source, dataset, self.name, note)
        self._about = {**dataset.describe(), "used": len(self._rows), "box": source.box}
        self._kept: dict[int, Face] = {}
        self._room, self._exact = 0, exact

    @property
    def length(self) -> int:
        return len(self._rows)

    def describe(self) -> dict[str, Any]:
        return self._about

    def keep(self, room: int, step: Callable[[int, int], None] = lambda _done, _all: None) -> int:
        """Read images until ``room`` bytes of them are kept; returns the bytes.

        Raises:
            ImageError: one cannot be read.
        """
        self._room = room
        for number in range(len(self._rows)):
            if self._room <= 0:
                break
            self.face(number)
            step(number + 1, len(self._rows))
        return room - self._room

    def face(self, number: int) -> Face:
        kept = self._kept.get(number)
        if kept is not None:
            return kept
        name, points, box = self._rows[number]
        rule, augment = self._config.crop, self._config.augment
        face = cut_out(read_image(self._paths[name]), points, box, rule, augment, exact=self._exact)
        if self._room > 0:
            self._room -= face.image.nbytes
            self._kept[number] = face
        return face

    def __getstate__(self) -> dict[str, Any]:
        """Processes get the list, and read images of their own."""
        return {**self.__dict__, "_kept": {}}


Row = tuple[str, NDArray[np.float64], NDArray[np.float64]]


def _usable(config: TrainConfig, source: DataConfig, dataset: Dataset, name: str, note: Note) -> list[Row]:
    """Image, landmarks and box of each face that can be trained on; what is left out is noted by its reason."""
    remapped = _remapped(config, dataset)
    rows: list[Row] = []
    out: dict[str, list[str]] = {}
    for face, points in zip(dataset.faces, remapped, strict=True):
        if source.first is not None and len(rows) == source.first:
            break
        box = _box(config, source, face, points)
        if face.image not in dataset.paths:
            out.setdefault("its image is not there", []).append(face.image)
        elif not np.isfinite(points).all(axis=1).any():
            out.setdefault("no landmark is defined", []).append(face.image)
        elif box is None:
            out.setdefault("there is no box with an area", []).append(face.image)
        elif np.abs(box).max() > _FARTHEST:
            out.setdefault(f"its box goes beyond {_FARTHEST:,} pixels", []).append(face.image)
        else:
            rows.append((face.image, points, box))
    for reason, names in out.items():
        count = "1 face" if len(names) == 1 else f"{len(names)} faces"
        note(f"{name}: {count} left out: {reason} ({names[0]}{', …' * (len(names) > 1)})")
    if not rows:
        reasons = "; ".join(f"{len(names)}: {reason}" for reason, names in out.items())
        msg = f"{name}: expected at least one face to train on, got {len(dataset.faces)} that cannot be used ({reasons})"
        raise ConfigError(msg)
    return rows


def _remapped(config: TrainConfig, dataset: Dataset) -> NDArray[np.float64]:
    points = np.stack([face.points for face in dataset.faces])
    if schemes.get(dataset.scheme).name == config.scheme:
        return points
    return np.asarray(remap(points, dataset.scheme, config.scheme), dtype=np.float64)


def _box(
    config: TrainConfig, source: DataConfig, face: TruthFace, points: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """The box that the crop takes; around the face's own landmarks where the remapped ones are not all there."""
    if source.box == "file":
        if face.box is None:
            return None
        kind = face.box_kind if face.box_kind in box_kinds() else config.crop.box
        box = np.array(face.box, dtype=np.float64)
        usable = np.isfinite(box).all() and (box[2:] > box[:2]).all()
        return convert_boxes(box, kind, config.crop.box) if usable else None
    complete = bool(np.isfinite(points).all())
    tight = tight_box(points if complete else np.asarray(face.points))
    return None if tight is None else convert_boxes(tight, "landmarks", config.crop.box)


class StreamSource:
    """Faces that are drawn as they are needed: ``stream[i]`` of :class:`flmcore.simulate.stream.FaceStream`."""

    length = None

    def __init__(self, config: TrainConfig, source: DataConfig, number: int) -> None:
        self.name = source.name or f"stream-{number}"
        self._config = config
        self._settings = dict(source.stream or {})
        self._seed = self._settings.pop("seed", 0)
        self._first = source.first
        self._stream = _open_stream(self._settings, self._seed)

    def describe(self) -> dict[str, Any]:
        return {"seed": self._seed, "settings": self._settings}

    def face(self, number: int) -> Face:
        from flmcore.simulate.render import TRUTH

        scheme = self._config.scheme
        drawn = self._stream.render(
            number if self._first is None else number % self._first,
            truth=(scheme,) if scheme in TRUTH else TRUTH,
            labels=False,
        )
        points = _drawn_points(drawn.landmarks, self._config.scheme)
        box = tight_box(points)
        if box is None:
            msg = f"{self.name}: expected a drawn face with landmarks, got number {number} without"
            raise ValueError(msg)
        return Face(drawn.image, points, convert_boxes(box, "landmarks", self._config.crop.box))

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_stream"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._stream = _open_stream(self._settings, self._seed)


def _open_stream(settings: dict[str, Any], seed: int) -> Any:
    from flmcore.simulate.stream import FaceStream

    return FaceStream.from_options(settings, seed=seed)


def _drawn_points(landmarks: dict[str, Any], scheme: str) -> NDArray[np.float64]:
    """Of the trained scheme, or remapped from the first that leads there."""
    if scheme in landmarks:
        return np.asarray(landmarks[scheme], dtype=np.float64)
    for source, points in landmarks.items():
        try:
            return np.asarray(remap(points, source, scheme), dtype=np.float64)
        except ValueError:
            continue
    msg = f"scheme: expected one that drawn faces have ({', '.join(landmarks)}), got {scheme!r}"
    raise ConfigError(msg)
