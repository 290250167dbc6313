"""A contact sheet of drawn faces, to be looked at."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.errors import SimulateError
from flmcore.whole_files import write_bytes

if TYPE_CHECKING:
    from PIL import Image

    from flmcore.simulate.render import Rendered

__all__ = ["MOST", "sheet_suffix", "write_sheet"]

MOST = 100  # faces: more cannot be looked at
_COLUMNS = 10
_SEEN, _HIDDEN = (64, 255, 96), (255, 64, 64)
_SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def sheet_suffix(file: Path) -> str:
    """The format that a file's suffix names; ValueError for others."""
    if file.suffix.lower() not in _SUFFIXES:
        msg = f"--sheet: expected a .png or .jpg, got {file.name!r}"
        raise ValueError(msg)
    return _SUFFIXES[file.suffix.lower()]


def write_sheet(file: Path, faces: Sequence[Rendered], *, landmarks: str | None = None) -> None:
    """Write faces side by side, ten in a row, the first :data:`MOST` of them; whole or not at all.

    Args:
        file: a ``.png`` or ``.jpg``.
        faces: of one size, at least one.
        landmarks: draw those of this scheme too, hidden ones in red; on images twice as large, so that they can be told
            apart.

    Raises:
        ValueError: another suffix, or no face.
        SimulateError: the file cannot be written.
    """
    from PIL import Image

    kind = sheet_suffix(file)
    shown = faces[:MOST]
    if not shown:
        msg = "faces: expected at least one, got none"
        raise ValueError(msg)
    side = len(shown[0].image) * (2 if landmarks else 1)
    columns = min(_COLUMNS, len(shown))
    sheet = Image.new("RGB", (columns * side, -(-len(shown) // columns) * side))
    for number, face in enumerate(shown):
        sheet.paste(_picture(face, side, landmarks), (number % columns * side, number // columns * side))
    buffer = io.BytesIO()
    sheet.save(buffer, kind, **({"quality": 92} if kind == "JPEG" else {}))
    try:
        write_bytes(file, buffer.getvalue())
    except ValueError as error:
        raise SimulateError(str(error)) from error


def _picture(face: Rendered, side: int, landmarks: str | None) -> Image.Image:
    from PIL import Image, ImageDraw

    picture = Image.fromarray(face.image).resize((side, side), Image.Resampling.NEAREST)
    if landmarks is None:
        return picture
    pen = ImageDraw.Draw(picture)
    scale = side / len(face.image)
    places = ((face.landmarks[landmarks] + 0.5) * scale - 0.5).tolist()  # pixel centres, as everywhere
    for (x, y), seen in zip(places, face.visible[landmarks].tolist(), strict=True):
        pen.ellipse((x - 1, y - 1, x + 1, y + 1), fill=_SEEN if seen else _HIDDEN)
    return picture
