"""Label translation: a fitted mapping between a network's decoder and whoever uses its landmarks.

A network trained on rendered faces puts its landmarks at points of the surface; annotators put theirs elsewhere. A mapping
that was learnt from faces with both (:func:`flmcore.fit_remap`, :func:`flmcore.fit_offsets`) is named by the config and
applied in crop pixels: its rows sum to 1, so that it commutes with the way back into the image.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.images import PathLike
from flmcore.detectors.config import NO_MAPPING
from flmcore.detectors.schema import DetectorConfig
from flmcore.errors import ConfigError
from flmcore.ops.remap import remap
from flmcore.schemes.mapping_file import mapping_text, read_mapping
from flmcore.schemes.rows import Mapping, Row, Step

__all__ = ["Translation", "locate_mapping", "read_translation"]


@dataclass(frozen=True)
class Translation:
    """A mapping that follows a detector's decoder.

    Attributes:
        mapping: from the network's scheme to that of the landmarks given.
        name: of its file, for people.
        sha256: of the file; of its text, where the mapping comes from no file.
    """

    mapping: Mapping
    name: str
    sha256: str

    @property
    def scheme(self) -> str:
        return self.mapping.target

    @property
    def landmark_count(self) -> int:
        return len(self.mapping.grades)

    def points(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, M, 2) landmarks of the target from the network's (N, K, 2); NaN where a source is."""
        return remap(points, mapping=self.mapping)

    def scores(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, M) means of the sources' scores, weighted by how much each counts; NaN where a source has none."""
        if np.isnan(scores).all():
            return np.full((len(scores), self.landmark_count), np.nan, np.float32)
        pairs = np.stack([scores, scores], axis=-1)
        return np.ascontiguousarray(remap(pairs, mapping=self._shares)[..., 0])

    @cached_property
    def _shares(self) -> Mapping:
        """The same sources with weights above 0: a score is no place, and must not leave its own range."""
        steps = tuple(Step(step.sources, tuple(map(_share, _with_arcs(step)))) for step in self.mapping.steps)
        m = self.mapping
        return Mapping(m.source, m.target, m.grades, steps, m.path, m.origins)

    def describe(self) -> dict[str, Any]:
        """For results: which mapping, between what, learnt from what."""
        return {
            "file": self.name,
            "sha256": self.sha256,
            "source": self.mapping.source,
            "target": self.mapping.target,
            "origin": "; ".join(self.mapping.origins),
        }


def _with_arcs(step: Step) -> list[Row]:
    rows = list(step.rows)
    for arc in step.arcs:
        for target in arc.targets:
            rows[target] = tuple((index, 1.0) for index in arc.path)
    return rows


def _share(row: Row) -> Row:
    total = sum(abs(weight) for _, weight in row)
    return tuple((index, abs(weight) / total) for index, weight in row)


def locate_mapping(config: DetectorConfig) -> Path | None:
    """The file that ``mapping.file`` names, beside the config that says it; None where none is named.

    Raises:
        ConfigError: there is no such file.
    """
    if config.mapping is None:
        return None
    file = (config.mapping_folder or Path()) / config.mapping.file
    if not file.is_file():
        msg = f"{config.path or config.name}: mapping.file: expected a mapping as 'flmcore schemes fit' writes, got no file {file}"
        raise ConfigError(msg)
    return file


def read_translation(config: DetectorConfig, given: PathLike | Mapping | None = None) -> Translation | None:
    """The translation of a detector: ``given`` (a mapping, its file, or ``none``), else what the config names.

    Raises:
        ConfigError: a file that is not there, holds no mapping, has another sum than the config's, or maps from another
            scheme than the network's.
    """
    if isinstance(given, Mapping):
        text = mapping_text(given) if len(given.steps) == 1 and not given.steps[0].arcs else repr(given)
        return _checked(
            config, Translation(given, "a mapping given", hashlib.sha256(text.encode()).hexdigest())
        )
    if given is not None:
        return None if str(given) == NO_MAPPING else _checked(config, _read(Path(given)))
    file = locate_mapping(config)
    if file is None:
        return None
    found = _read(file)
    expected = None if config.mapping is None else config.mapping.sha256
    if expected is not None and found.sha256 != expected:
        msg = f"{config.path}: mapping.sha256: expected {file} with SHA-256 {expected}, got {found.sha256}"
        raise ConfigError(msg)
    return _checked(config, found)


def _read(file: Path) -> Translation:
    mapping = read_mapping(file)  # ahead of the sum: it says what is wrong with a file that cannot be read
    return Translation(mapping, file.name, hashlib.sha256(file.read_bytes()).hexdigest())


def _checked(config: DetectorConfig, found: Translation) -> Translation:
    mapping = found.mapping
    if mapping.source != config.scheme or mapping.steps[0].sources != config.landmarks:
        expected = f"a mapping from {config.scheme} with its {config.landmarks} landmarks, the network's"
        msg = f"{config.name}: mapping: expected {expected}, got {found.name} from {mapping.source} with {mapping.steps[0].sources}"
        raise ConfigError(msg)
    return found
