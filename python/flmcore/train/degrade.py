"""What cameras and networks do to a picture: motion, defocus, lost resolution, noise, compression."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from numpy.typing import NDArray

from flmcore.ops.affine import box_affine, invert_affine
from flmcore.ops.crop import crop
from flmcore.train.schema import AugmentConfig

__all__ = ["degrade", "motion_windows"]

_NOISE = 1 << 19  # numbers that are drawn once; every crop takes a run of them
_MOVES = 7


def motion_windows(
    affine: NDArray[np.float64], side: int, augment: AugmentConfig, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(N, 2, 3): the window alone, or its places while the shutter was open, their mean where it was meant to be."""
    moved, length, turn = rng.random() < augment.motion, rng.uniform(2.0, 7.0), rng.uniform(0, np.pi)
    if not moved:
        return affine[None]
    reach = length * side / 128  # crop pixels
    windows = np.repeat(affine[None], _MOVES, axis=0)
    steps = np.linspace(-reach / 2, reach / 2, _MOVES)
    windows[:, 0, 2] += steps * np.cos(turn)
    windows[:, 1, 2] += steps * np.sin(turn)
    return windows


def degrade(pixels: NDArray[np.uint8], augment: AugmentConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur, down and up again, noise, JPEG, each at random, in the order in which a picture suffers them."""
    if rng.random() < augment.blur:
        pixels = _blurred(pixels, float(rng.uniform(0.4, 1.0) * pixels.shape[1] / 64))
    if rng.random() < augment.rescale:
        pixels = _rescaled(pixels, float(rng.uniform(0.25, 0.8)))
    if rng.random() < augment.noise:
        pixels = _noisy(pixels, float(rng.exponential(6.0)), bool(rng.random() < 0.3), rng)
    if rng.random() < augment.jpeg:
        pixels = _compressed(pixels, int(rng.integers(15, 85)))
    return pixels


def _blurred(pixels: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    from PIL import Image, ImageFilter

    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def _rescaled(pixels: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    small = max(8, round(width * share)), max(8, round(height * share))
    down = box_affine((0, 0, width, height), small, rule="stretch")
    less = crop(pixels, down, small, antialias=True, border="replicate", dtype="uint8", threads=1)[0]
    up = invert_affine(down)
    return np.asarray(crop(less, up, (width, height), border="replicate", dtype="uint8", threads=1)[0])


def _noisy(
    pixels: NDArray[np.uint8], deviation: float, grey: bool, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Gaussian noise of ``deviation`` grey levels, the same in all channels where ``grey``."""
    shape = (*pixels.shape[:2], 1) if grey else pixels.shape
    count = int(np.prod(shape))
    if count > _NOISE:
        values = rng.standard_normal(count, dtype=np.float32)
    else:
        start = int(rng.integers(0, _NOISE - count + 1))
        values = _noise()[start : start + count]
    noisy = pixels + values.reshape(shape) * np.float32(deviation)
    return np.clip(noisy + np.float32(0.5), 0, 255).astype(np.uint8)


@cache
def _noise() -> NDArray[np.float32]:
    return np.random.default_rng(20_220_101).standard_normal(_NOISE, dtype=np.float32)


def _compressed(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    from PIL import Image

    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        with Image.open(file) as image:
            return np.asarray(image)
