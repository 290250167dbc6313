"""The files of one drawn image, in the form of FaceSynthetics' data set."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import SimulateError

if TYPE_CHECKING:
    from flmcore.simulate.render import Rendered

__all__ = ["SCHEMES", "files_of", "image_name", "labels_of", "write_image"]

SCHEMES = ("300w-68", "facesynthetics-70", "mediapipe-468")
"""Whose landmarks a drawn image has."""


def image_name(index: int) -> str:
    """``000042.png``."""
    return f"{index:06d}.png"


def files_of(folder: Path, index: int) -> tuple[Path, Path, Path]:
    """Image, segmentation and landmarks of an image."""
    stem = f"{index:06d}"
    return folder / f"{stem}.png", folder / f"{stem}_seg.png", folder / f"{stem}_ldmks.txt"


def write_image(folder: Path, index: int, rendered: Rendered) -> dict[str, NDArray[Any]]:
    """Write its three files; returns its labels, the lengths of the files (``bytes``) among them.

    Raises:
        SimulateError: a file cannot be written (a full disk, …); names it. It may be cut off: the labels, which are
            written last, are what makes it count.
    """
    # Huffman codes alone: on noisy pictures as small as any strategy, in 60 % of the time.
    image = _png(rendered.image, compress_type=zlib.Z_HUFFMAN_ONLY)
    contents = (image, _png(rendered.labels, compress_level=1), _text(rendered))
    for path, data in zip(files_of(folder, index), contents, strict=True):
        try:
            path.write_bytes(data)
        except OSError as error:
            msg = f"{path}: cannot be written: {error.strerror or error}"
            raise SimulateError(msg) from error
    lengths = np.array([len(data) for data in contents], np.int64)
    return {**labels_of(rendered), "bytes": lengths}


def labels_of(rendered: Rendered) -> dict[str, NDArray[Any]]:
    """What is exactly known of an image: ``SCHEME`` (K, 2) float32, ``SCHEME visible`` (K,) bool, ``box`` (4,) float32."""
    arrays: dict[str, NDArray[Any]] = {}
    for scheme, points in rendered.landmarks.items():
        arrays[scheme] = np.asarray(points, np.float32)
        arrays[f"{scheme} visible"] = np.asarray(rendered.visible[scheme], bool)
    return {**arrays, "box": np.asarray(rendered.box, np.float32)}


def _png(pixels: NDArray[np.uint8], **options: int) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()


def _text(rendered: Rendered) -> bytes:
    """70 lines ``x y``, each number to its last bit."""
    points = np.asarray(rendered.landmarks["facesynthetics-70"], np.float32)
    return "".join(f"{x!r} {y!r}\n" for x, y in points.tolist()).encode()
