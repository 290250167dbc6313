"""The ONNX model in a file: the file itself, or the one model in a zip archive, as MMDeploy publishes it."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from flmcore.errors import WeightsError

__all__ = ["read_model"]

MOST_BYTES = 1 << 30  # of a model once unpacked: an archive of kilobytes can claim terabytes
_MAGIC = b"PK\x03\x04"  # no ONNX file starts so: field 10 of a model is not in use


def read_model(weights: Path) -> str | bytes:
    """What ``onnxruntime.InferenceSession`` takes: the path of an ``.onnx`` file, or the bytes of one in a ``.zip``.

    The archive is read in memory; nothing is written. It must hold exactly one ``.onnx`` file, in whatever folder.

    Raises:
        WeightsError: a damaged or encrypted archive, none or several models in it, one that is too large.
    """
    try:
        with weights.open("rb") as stream:
            magic = stream.read(len(_MAGIC))
    except OSError as error:
        msg = f"{weights}: expected a file that can be read, got {error.strerror or error}"
        raise WeightsError(msg) from error
    if magic != _MAGIC and weights.suffix.lower() != ".zip":
        return str(weights)
    try:
        with zipfile.ZipFile(weights) as archive:
            return _unpack(weights, archive)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError) as error:
        msg = f"{weights}: expected a zip archive with an ONNX model, got {' '.join(str(error).split())}"
        raise WeightsError(msg) from error


def _unpack(weights: Path, archive: zipfile.ZipFile) -> bytes:
    models = [entry for entry in archive.infolist() if _is_model(entry)]
    if len(models) != 1:
        got = ", ".join(entry.filename for entry in models[:5]) or "none"
        msg = f"{weights}: expected an archive with one .onnx file, got {got}"
        raise WeightsError(msg)
    (model,) = models
    if model.file_size > MOST_BYTES:
        msg = f"{weights}: expected {model.filename} of at most {MOST_BYTES} bytes, got {model.file_size}"
        raise WeightsError(msg)
    if model.flag_bits & 1:
        msg = f"{weights}: expected {model.filename} without a password, got an encrypted one"
        raise WeightsError(msg)
    with archive.open(
        model
    ) as stream:  # unlike archive.read, unpacks no more than asked for; checks the sum at the end
        return stream.read(model.file_size + 1)


def _is_model(entry: zipfile.ZipInfo) -> bool:
    """An ``.onnx`` file that is not one of the resource forks which macOS puts into its archives."""
    path = PurePosixPath(entry.filename)
    return path.suffix.lower() == ".onnx" and not entry.is_dir() and not path.name.startswith("._")
