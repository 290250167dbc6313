"""Detectors by name: the zoo, installed packages, the caller's own files."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flmcore.data.images import PathLike
from flmcore.detectors.backends import missing_package, open_backend, require_package
from flmcore.detectors.base import Detector
from flmcore.detectors.config import ZOO, read_config
from flmcore.detectors.schema import DetectorConfig
from flmcore.detectors.translation import locate_mapping, read_translation
from flmcore.detectors.weights import find_weights, locate_mean_face, locate_weights, sha256_of
from flmcore.errors import ConfigError, DetectorError, FlmcoreError, WeightsError
from flmcore.nearest import nearest
from flmcore.ops._arrays import as_threads
from flmcore.schemes.rows import Mapping

if TYPE_CHECKING:
    import torch

__all__ = ["GROUP", "DetectorEntry", "available_detectors", "find_config", "load_detector"]

OWN = "flmcore"  # origin of the zoo
GROUP = "flmcore.detectors"  # entry point: detector's name -> package (dotted) with <name>.toml in its folder


@dataclass(frozen=True)
class DetectorEntry:
    """One detector that :func:`load_detector` knows by name.

    Attributes:
        name: what to pass to :func:`load_detector`.
        origin: ``flmcore``, or the package that brings it.
        config: what its file says; None where the file is faulty.
        weights: the file found, or None.
        reasons: why it cannot be loaded here, one line each; empty where it can.
    """

    name: str
    origin: str
    config: DetectorConfig | None
    weights: Path | None
    reasons: tuple[str, ...]

    @property
    def ready(self) -> bool:
        return not self.reasons


def load_detector(
    name_or_path: PathLike | DetectorConfig,
    *,
    weights: PathLike | None = None,
    device: str = "cpu",
    threads: int | None = None,
    module: torch.nn.Module | None = None,
    mapping: PathLike | Mapping | None = None,
) -> Detector:
    """A detector ready to run: ``detector(image, boxes)`` gives landmarks.

    Args:
        name_or_path: a detector of the zoo or of an installed package by name, a config file (``.toml``), or a config.
        weights: file with the weights, or a folder to look in; None looks where the config and ``FLMCORE_WEIGHTS`` say.
        device: ``cpu``, or what the backend knows beside it (``cuda``, ``mps``).
        threads: for the crop and the network; None is every processor.
        module: the network itself, for a config with backend ``torch``; filled from ``weights`` where given.
        mapping: label translation in place of the config's: a mapping, its file, or ``none`` for none.

    Raises:
        ConfigError: no such detector, its file is faulty, or its mapping is not there or does not fit.
        WeightsError: the weights are missing, damaged, of another sum, or do not fit.
        MissingExtraError: the backend's package is not installed; names the extra.
        DetectorError: the network runs but gives something that is not landmarks.
    """
    as_threads(threads)
    config = find_config(name_or_path)
    translation = read_translation(config, mapping)
    file = None
    if weights is not None or module is None:
        require_package(
            config.model.backend
        )  # ahead of the search: who lacks it need not hear of weights first
        file = find_weights(config, weights)
    backend = open_backend(config, file, device=device, threads=threads, module=module)
    sha256 = None if file is None else sha256_of(file)
    detector = Detector(config, backend, threads=threads, sha256=sha256, translation=translation)
    _try_out(detector, file)
    return detector


def find_config(name_or_path: PathLike | DetectorConfig) -> DetectorConfig:
    """The config that :func:`load_detector` would take; ConfigError as there."""
    if isinstance(name_or_path, DetectorConfig):
        return name_or_path
    return read_config(_config_file(name_or_path))


def available_detectors() -> list[DetectorEntry]:
    """Every detector of the zoo and of installed packages, by name, with why it cannot be loaded where it cannot.

    Looks for files and packages without importing or reading them, so a damaged weights file shows only on loading. A
    name that several packages use is listed for each of them.
    """
    return [
        _entry(name, origin, file, clash=_clash(name, files) if number or files[0][0] != OWN else None)
        for name, files in sorted(_named_files().items())
        for number, (origin, file) in enumerate(files)
    ]


def _entry(name: str, origin: str, file: Path, *, clash: str | None) -> DetectorEntry:
    try:
        config = read_config(file)
    except FlmcoreError as error:
        return DetectorEntry(name, origin, None, None, (str(error),))
    reasons, weights = [] if clash is None else [clash], None
    if reason := missing_package(config.model.backend):
        reasons.append(reason)
    try:
        weights = locate_weights(config)
    except WeightsError as error:
        reasons.append(str(error))
    try:
        if config.model.mean_face is not None:
            locate_mean_face(config, weights)
        locate_mapping(config)
    except (ConfigError, WeightsError) as error:
        reasons.append(str(error))
    return DetectorEntry(name, origin, config, weights, tuple(reasons))


def _config_file(name_or_path: PathLike) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".toml" or len(path.parts) > 1:
        return path
    files = _named_files()
    if path.name not in files:
        known = ", ".join(sorted(files))
        msg = f"detector: expected a .toml file or one of {known}, got '{path}'{nearest(path.name, files)}"
        raise ConfigError(msg)
    named = files[path.name]
    if named[0][0] != OWN and (clash := _clash(path.name, named)) is not None:
        raise ConfigError(clash)
    return named[0][1]


def _clash(name: str, files: Sequence[tuple[str, Path]]) -> str | None:
    """What is wrong where several packages offer a detector of one name; None where one does."""
    if len(files) == 1:
        return None
    origins = " and ".join(origin for origin, _ in files)
    others = ", ".join(str(file) for origin, file in files if origin != OWN)
    return (
        f"{name}: expected one package with a detector of this name, got {origins}: choose by file ({others})"
    )


def _named_files() -> dict[str, list[tuple[str, Path]]]:
    """Name → (origin, file) of each that has it, flmcore's own first: no package can take the name of one of these."""
    files = {file.stem: [(OWN, file)] for file in ZOO.glob("*.toml")}
    for name, (origin, file) in _entry_point_files():
        known = files.setdefault(name, [])
        if file.resolve() not in [other.resolve() for _, other in known]:  # a folder may be on the path twice
            known.append((origin, file))
    return files


def _entry_point_files() -> Iterator[tuple[str, tuple[str, Path]]]:
    """The files of installed packages, found without importing the packages."""
    for entry in metadata.entry_points(group=GROUP):
        top, *rest = entry.value.split(".")
        spec = importlib.util.find_spec(top)
        for folder in (spec.submodule_search_locations if spec is not None else None) or ():
            file = Path(folder, *rest, f"{entry.name}.toml")
            yield entry.name, (entry.dist.name if entry.dist is not None else top, file)


def _try_out(detector: Detector, file: Path | None) -> None:
    """One black crop through the network, so that weights of another shape fail here and not in an evaluation."""
    config = detector.config
    image = np.zeros((8, 8, 3), np.uint8)
    inputs = detector.crop(image, np.array([[[1.0, 0, 0], [0, 1.0, 0]]]))
    where = file or config.name
    try:
        points, _ = detector.decode(detector.infer(inputs))
    except DetectorError as error:
        if file is None:
            raise
        msg = f"{where}: expected a model that fits the config, got one that does not: {error}"
        raise WeightsError(msg) from error
    except (TypeError, ValueError) as error:
        msg = f"{config.path}: decode: {error}"
        raise ConfigError(msg) from error
    if len(points) != 1:
        msg = f"{where}: expected landmarks of one face for one crop, got {len(points)}"
        raise WeightsError(msg)
