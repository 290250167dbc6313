"""What is behind the head in one image."""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import SimulateError
from flmcore.ops.crop import crop
from flmcore.simulate.scene.imaging import linear_of
from flmcore.simulate.scene.scenery import SIDE, scenery
from flmcore.simulate.settings import SimulateSettings

__all__ = ["find_photos", "sample_background"]

Pixels = NDArray[np.uint8]


def sample_background(rng: np.random.Generator, settings: SimulateSettings) -> NDArray[np.float32]:
    """(3, size, size) float32 linear light: a part of one of the drawn pictures, or of the user's, turned, blurred, recoloured.

    Raises:
        SimulateError: there is no image in ``background_folder``.
        ImageError: one of them cannot be read.
    """
    photo = settings.background_folder is not None and rng.random() < settings.background_photos
    # A small picture enlarged is as blurred as one that was filtered, and takes less time.
    blur = rng.random() ** 2 * 0.06 * settings.size
    side = max(4, round(settings.size / (1 + blur))) if blur > 0.25 else settings.size
    if photo:
        files = find_photos(str(settings.background_folder))
        part = _part_of_photo(rng, files[int(rng.integers(len(files)))], side)
    else:
        part = _part_of_scenery(rng, side)
    return _recoloured(rng, _enlarged(part, settings.size), photo)


def _enlarged(picture: Pixels, size: int) -> Pixels:
    """In steps of three at most: what is interpolated twice shows no facets."""
    while len(picture) < size:
        side = min(3 * len(picture), size)
        scale = side / len(picture)
        middle = (scale - 1) / 2
        picture = _cut(picture, ((scale, 0.0, middle), (0.0, scale, middle)), side)
    return picture


def _cut(picture: Pixels, affine: tuple[tuple[float, ...], ...], size: int) -> Pixels:
    return crop(picture, affine, size, border="replicate", dtype="uint8", threads=1)[0]  # type: ignore[no-any-return]


@functools.cache
def _reduced(number: int, factor: int) -> Pixels:
    """A picture of the scenery that many times smaller."""
    from PIL import Image as pillow

    return np.asarray(pillow.fromarray(scenery()[number]).reduce(factor))


def _part_of_scenery(rng: np.random.Generator, size: int) -> Pixels:
    number = int(rng.integers(len(scenery())))
    side = SIDE * rng.uniform(0.35, 0.72)  # a square of this side fits however it is turned
    turn = rng.normal(0.0, 0.12) if rng.random() < 0.8 else rng.uniform(-math.pi, math.pi)
    room = (SIDE - side * (abs(math.cos(turn)) + abs(math.sin(turn)))) / 2
    x, y = (SIDE / 2 + shift * max(room, 0.0) for shift in rng.uniform(-1, 1, 2).tolist())
    flip = -1.0 if rng.random() < 0.5 else 1.0
    reduced = 1
    while side / reduced > 2.5 * size and reduced < 8:  # bilinear samples would miss what lies between them
        reduced *= 2
    scale = size * reduced / side
    c, s = math.cos(turn) * scale, math.sin(turn) * scale
    # the middle of the square comes to lie in the middle of what is cut out; (0, 0) is the centre of a pixel
    x, y, middle = x / reduced - 0.5, y / reduced - 0.5, (size - 1) / 2
    right, down = (c * flip, s * flip), (-s, c)
    affine = tuple((i, j, middle - i * x - j * y) for i, j in (right, down))
    return _cut(_reduced(number, reduced), affine, size)


def _part_of_photo(rng: np.random.Generator, file: Path, size: int) -> Pixels:
    from PIL import Image as pillow

    pixels = _photo(file)
    height, width = pixels.shape[:2]
    side = min(height, width) * rng.uniform(0.4, 1.0)
    x, y = rng.uniform(0, width - side), rng.uniform(0, height - side)
    box = (x, y, x + side, y + side)
    image = pillow.fromarray(pixels)
    return np.asarray(image.resize((size, size), pillow.Resampling.BILINEAR, box=box, reducing_gap=2.0))


@functools.cache
def find_photos(folder: str) -> tuple[Path, ...]:
    """Images of a folder of backgrounds; SimulateError where there are none."""
    from flmcore.data.images import find_images

    try:
        return tuple(find_images([folder]))
    except ValueError as error:
        msg = f"background_folder: {str(error).removeprefix('paths: ')}"
        raise SimulateError(msg) from None


@functools.lru_cache(maxsize=64)
def _photo(file: Path) -> Pixels:
    from flmcore.data.images import read_image

    return read_image(file)


def _recoloured(rng: np.random.Generator, picture: Pixels, photo: bool) -> NDArray[np.float32]:
    """Linear light; channels exchanged at times, each with its own gain and lift, by a table."""
    order = range(3) if photo or rng.random() < 0.8 else rng.permutation(3).tolist()
    contrast, lift = rng.uniform(0.4, 1.2), rng.normal(0.0, 30.0)
    gains = contrast * rng.normal(1.0, 0.0 if photo else 0.06, 3)
    middle = rng.uniform(60, 190)
    changed = np.empty((3, *picture.shape[:2]), np.float32)
    for channel, gain in enumerate(gains.tolist()):
        levels = _LEVELS * np.float32(gain)
        levels += np.float32(middle * (1 - gain) + lift + 0.5)
        table = linear_of(np.minimum(np.maximum(levels, 0), 255).astype(np.uint8))
        table.take(picture[:, :, order[channel]], out=changed[channel], mode="clip")
    return changed


_LEVELS = np.arange(256, dtype=np.float32)
