"""A small picture of a face."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.images import read_image
from flmcore.errors import FlmcoreError
from flmcore.evaluation.overlays import face_picture

__all__ = ["LARGEST", "SIDE", "thumbnail"]

SIDE = 160  # px; shown at 80, so sharp on a screen of twice the density
LARGEST = 12_000  # bytes
_QUALITIES = (80, 70, 60, 45, 30)


def thumbnail(image: Mapping[str, Any], overlay: Mapping[str, NDArray[Any]]) -> bytes | None:
    """JPEG of the first face of an image: from the picture that the results hold, else from the file.

    None where neither is there; a file of another content than the one that was measured is not shown.
    """
    picture = overlay.get("picture")
    if picture is None:
        picture = _from_file(image)
    if picture is None or not picture.size:
        return None
    from PIL import Image

    small = Image.fromarray(np.asarray(picture, np.uint8)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= LARGEST:
            break
    return buffer.getvalue()


def _from_file(image: Mapping[str, Any]) -> NDArray[np.uint8] | None:
    path, faces = image["path"], image["faces"]
    if not path or not faces:
        return None
    try:
        file = Path(path)  # of a results file that anyone may have written: a device would never end
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != image["sha256"]:
            return None
        return np.asarray(face_picture(read_image(path), faces[0]["box"], 1)["picture"], np.uint8)
    except (OSError, FlmcoreError, ValueError):
        return None
