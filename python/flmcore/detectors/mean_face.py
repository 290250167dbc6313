"""The mean face from which SLPT starts: read from a file, or made from true landmarks.

A checkpoint holds none. The publisher's ``init_98.npz`` is under the GPL and no part of flmcore; ``flmcore schemes
mean-shape`` makes one from any truth set. Both files hold ``init_face``, (K, 2) in pixels of a 256×256 crop.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import flmcore
from flmcore.errors import WeightsError

__all__ = ["average_face", "pack_mean_face", "read_mean_face"]

_SIZE = 256  # side of the crop that the file's pixels belong to, unless it says another


def read_mean_face(file: Path, landmarks: int, scheme: str | None = None) -> NDArray[np.float32]:
    """The mean face in a file, (K, 2) float32 as shares of the crop. Nothing in the file is executed.

    Args:
        file: the publisher's ``init_98.npz`` or one that ``flmcore schemes mean-shape`` wrote.
        landmarks: K, as many as it must hold.
        scheme: the order of the landmarks; held against the file's, where that names one.

    Raises:
        WeightsError: not such a file, another count or scheme, or numbers that are no pixels of the crop.
    """
    arrays = _read(file)
    if "init_face" not in arrays:
        held = ", ".join(arrays) or "nothing"
        msg = f"{file}: expected an array 'init_face', the mean face in pixels of a {_SIZE} crop, got {held}"
        raise WeightsError(msg)
    points, size = arrays["init_face"], arrays.get("size", np.array(_SIZE))
    if points.shape != (landmarks, 2) or points.dtype.kind not in "fiu":
        expected = f"{landmarks} landmarks, numbers of shape ({landmarks}, 2)"
        msg = f"{file}: init_face: expected {expected}, got {points.dtype} of shape {points.shape}"
        raise WeightsError(msg)
    if size.shape != () or size.dtype.kind not in "fiu" or not 0 < size < np.inf:
        msg = f"{file}: size: expected a positive number, the crop's side in pixels, got {size!r}"
        raise WeightsError(msg)
    named = str(arrays.get("scheme", ""))
    if scheme and named and named != scheme:
        msg = f"{file}: expected a mean face of scheme {scheme}, got {named}"
        raise WeightsError(msg)
    # A face that fills less than a tenth of the crop has been divided by its size already.
    if not (np.isfinite(points).all() and points.min() >= 0 and size / 10 < points.max() <= size):
        span = f"{points.min():g} to {points.max():g}"
        msg = f"{file}: init_face: expected pixels of a crop from 0 to {size:g}, got {span}"
        raise WeightsError(msg)
    return (points.astype(np.float64) / float(size)).astype(np.float32)


def pack_mean_face(points: NDArray[np.float64], scheme: str) -> bytes:
    """The file for a mean face of (K, 2) shares of the crop: the published key and unit, and the scheme beside."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        init_face=np.asarray(points, np.float64) * _SIZE,
        scheme=np.array(scheme),
        size=np.array(_SIZE),
    )
    return buffer.getvalue()


def average_face(faces: Iterable[NDArray[np.float64]]) -> tuple[NDArray[np.float64], int, int]:
    """The mean of faces (K, 2), each seen through SLPT's crop, as (K, 2) shares of the crop.

    The mean itself is then brought into the crop as a face is, as the published mean face has been: the longer side of
    its box is the crop's divided by 1.2. Faces with an undefined landmark or without area are passed over.

    Returns:
        the mean face, the number of faces used, the number passed over.

    Raises:
        ValueError: no face that can be used.
    """
    total: NDArray[np.float64] | None = None
    used = skipped = 0
    for face in faces:
        if not np.isfinite(face).all() or not (np.ptp(face, axis=0) > 0).all():
            skipped += 1
            continue
        seen = _through_crop(face)
        total = seen if total is None else total + seen
        used += 1
    if total is None:
        msg = f"faces: expected at least one with every landmark defined, got {skipped} without"
        raise ValueError(msg)
    return _through_crop(total / used), used, skipped


def _through_crop(face: NDArray[np.float64]) -> NDArray[np.float64]:
    """Landmarks in the crop about their tight box, as shares of it; the official rule counts from pixel centres."""
    box = np.concatenate([face.min(axis=0), face.max(axis=0)])
    window = flmcore.box_affine(box, _SIZE, rule="slpt")[0]
    return np.asarray(flmcore.transform_points(face, window), dtype=np.float64) / _SIZE


def _read(file: Path) -> dict[str, NDArray[np.generic]]:
    expected = "expected a mean face (.npz with an array 'init_face')"
    try:
        with file.open("rb") as stream:
            loaded = np.load(stream, allow_pickle=False)
            if not isinstance(loaded, np.ndarray):
                return {name: loaded[name] for name in loaded.files}
        msg = f"{file}: {expected}, got a single array without a name"
        raise WeightsError(msg)
    except WeightsError:
        raise
    except Exception as error:  # zip, NumPy and the file system raise their own kinds
        reason = " ".join(str(error).split()) or type(error).__name__
        msg = f"{file}: {expected}, got one that cannot be read: {reason}"
        raise WeightsError(msg) from error
