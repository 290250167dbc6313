"""Finding and reading image files."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import ImageError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["IMAGE_SUFFIXES", "PathLike", "find_images", "read_image"]

PathLike = str | os.PathLike[str]

IMAGE_SUFFIXES = frozenset(
    [
        ".avif",
        ".bmp",
        ".dib",
        ".gif",
        ".jfif",
        ".jp2",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".pbm",
        ".pgm",
        ".png",
        ".pnm",
        ".ppm",
        ".tif",
        ".tiff",
        ".webp",
    ]
)


def read_image(path: PathLike) -> NDArray[np.uint8]:
    """The picture in a file, as H×W×3 uint8 RGB.

    The EXIF orientation is applied (one that cannot be read counts as none). Grey is repeated, a palette looked up,
    CMYK converted (through the file's own colour profile where it has one), 16 bits per channel scaled to 8;
    transparent parts become black, as everything outside the picture is in a crop. Of an animation, the first frame.

    Raises:
        ImageError: missing, not an image, cut off, or more pixels than Pillow's limit against decompression bombs
            (``PIL.Image.MAX_IMAGE_PIXELS``); one line that names the file and the reason.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a decoder's remark is no fault of the caller's
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                pixels = np.array(_as_rgb(_upright(image)))
    except UnidentifiedImageError:
        msg = f"{os.fspath(path)}: expected an image, got a file that no decoder knows"
        raise ImageError(msg) from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        msg = f"{os.fspath(path)}: expected at most {Image.MAX_IMAGE_PIXELS} pixels, got more"
        raise ImageError(msg) from None
    except ImageError as error:
        msg = f"{os.fspath(path)}: {error}"
        raise ImageError(msg) from None
    except Exception as error:  # decoders raise OSError, ValueError, SyntaxError, struct.error, …
        msg = f"{os.fspath(path)}: expected a readable image, got {_reason(error)}"
        raise ImageError(msg) from error
    return pixels


def find_images(paths: PathLike | Sequence[PathLike]) -> list[Path]:
    """Image files among files and folders, each once.

    A folder is searched with its sub-folders, in sorted order, by suffix; hidden files and folders are passed over.
    A file named here is kept whatever its suffix, so that one that cannot be read is reported and not lost.

    Raises:
        ValueError: a path that does not exist, or no image in any of them.
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    found: dict[str, Path] = {}
    for path in map(Path, given):
        if path.is_dir():
            listed: Sequence[Path] = list(_walk(path))
        elif path.exists():
            listed = [path]
        else:
            msg = f"paths: expected an existing file or folder, got '{path}'"
            raise ValueError(msg)
        for file in listed:
            found.setdefault(os.path.abspath(file), file)
    if not found:
        where = ", ".join(f"'{os.fspath(path)}'" for path in given) or "no path at all"
        msg = f"paths: expected at least one image ({' '.join(sorted(IMAGE_SUFFIXES))}), got none in {where}"
        raise ValueError(msg)
    return list(found.values())


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES:
                yield Path(root, name)


def _upright(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    image.load()  # a truncated file must fail here, not count as damaged EXIF
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - EXIF readers raise whatever the damage leads to
        return image


def _as_rgb(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode == "RGB":
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_as_8_bit(np.asarray(image), image.mode)).convert("RGB")
    if image.mode == "CMYK":
        return _through_profile(image) or image.convert("RGB")
    if image.mode == "P" or image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, (0, 0, 0, 255)), rgba).convert("RGB")
    return image.convert("RGB")


def _as_8_bit(values: NDArray[np.generic], mode: str) -> NDArray[np.uint8]:
    """0 … 65535 to 0 … 255, rounded."""
    wide = values.astype(np.float64)
    if mode == "F" or wide.min() < 0 or wide.max() > 65535:
        msg = f"expected 8 or 16 bits per channel, got mode {mode} with values from {wide.min():g} to {wide.max():g}"
        raise ImageError(msg)
    return np.floor(wide / 257 + 0.5).astype(np.uint8)


def _through_profile(image: Image.Image) -> Image.Image | None:
    """``image`` in sRGB by its embedded colour profile; None where it has none that works."""
    profile = image.info.get("icc_profile")
    if not profile:
        return None
    try:
        from PIL import ImageCms

        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, io.BytesIO(profile), srgb, outputMode="RGB")
    except Exception:  # noqa: BLE001 - no ImageCms, or a damaged profile: the plain conversion remains
        return None


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__
