"""``labels/000000.npz``, ``labels/000200.npz``, …: the exact labels of 200 drawn images each, named by the first.

A file is written whole, after its images; so images without one are to be drawn (again), and nothing else is.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import SimulateError
from flmcore.simulate.image_files import files_of
from flmcore.simulate.manifest import Manifest
from flmcore.whole_files import write_bytes

__all__ = ["FOLDER", "count_finished", "is_finished", "read_shard", "shard_ranges", "write_shard"]

FOLDER = "labels"
Labels = Mapping[str, NDArray[Any]]


def shard_ranges(manifest: Manifest) -> Iterator[range]:
    """Indices of the images of every shard."""
    for start in range(0, manifest.images, manifest.shard):
        yield range(start, min(start + manifest.shard, manifest.images))


def write_shard(folder: Path, start: int, rows: Sequence[Labels]) -> None:
    """Write the labels of images ``start``, …; each row has the same keys (``docs/simulate.md`` lists them)."""
    from flmcore.evaluation.store import pack_arrays

    arrays = {key: np.stack([row[key] for row in rows]) for key in rows[0]}
    write_bytes(_file(folder, start), pack_arrays(arrays))


def read_shard(folder: Path, images: range) -> dict[str, NDArray[Any]]:
    """Labels of a shard's images, each array with a row per image.

    Raises:
        SimulateError: the file is not there, is damaged, or has another number of images.
    """
    file = _file(folder, images.start)
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror or error}; {_again(folder)}"
        raise SimulateError(msg) from error
    except Exception as error:  # zip, npy and zlib each raise their own
        msg = f"{file}: expected the labels of drawn images, got a damaged file; {_again(folder)}"
        raise SimulateError(msg) from error
    counts = {len(array) if array.ndim else 0 for array in arrays.values()}
    if counts != {len(images)} or "bytes" not in arrays:
        got = " and ".join(map(str, sorted(counts)))
        msg = f"{file}: expected labels of {len(images)} images, got {got}; {_again(folder)}"
        raise SimulateError(msg)
    return arrays


def is_finished(folder: Path, images: range) -> bool:
    """Whether labels and images of a shard are there, the images with the lengths that they were written with."""
    try:
        lengths = read_shard(folder, images)["bytes"]
    except SimulateError:
        return False
    return all(
        _length(path) == length
        for index, row in zip(images, lengths.tolist(), strict=True)
        for path, length in zip(files_of(folder, index), row, strict=True)
    )


def count_finished(folder: Path, manifest: Manifest) -> int:
    """Images of the shards that have their labels."""
    return sum(len(images) for images in shard_ranges(manifest) if _file(folder, images.start).is_file())


def _file(folder: Path, start: int) -> Path:
    return folder / FOLDER / f"{start:06d}.npz"


def _again(folder: Path) -> str:
    return f"'flmcore simulate -o {folder} --resume' draws what is missing"


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
