"""Pixel sweeps: one still image under sensor noise, JPEG compression, and other light."""

from __future__ import annotations

import io
import zlib
from functools import lru_cache
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.sweep import PIXEL_SWEEPS, Sweep, SweepPart

__all__ = ["PixelViews", "Views", "jpeg_package", "pixel_views"]

REACH = (
    3.0  # pixels change within a square of so many longer sides about the box: more than any crop rule shows
)
_TILE = 16  # JPEG's blocks with their halved colour: a region cut along them is coded as the whole image is
_QUALITY = 60.0
_GAMMA = 2.2
_SHOT = 0.9  # share of the variance at mid-grey that grows with the light; the rest is the sensor's own


class Views(Protocol):
    """Images by number, each good until the next is asked for."""

    def __getitem__(self, t: int) -> NDArray[np.uint8]: ...


class PixelViews:
    """The views of a pixel sweep: the path's, then the random ones. One copy of the image serves all."""

    def __init__(self, image: NDArray[np.uint8], box: list[float], sweep: Sweep) -> None:
        self._sweep = sweep
        self._region = _region(image, box)
        self._still = np.ascontiguousarray(image[self._region])
        self._view = image.copy()
        self._content = zlib.crc32(self._still.tobytes())  # so that no two images get the same noise

    def __getitem__(self, t: int) -> NDArray[np.uint8]:
        part, row = (
            (self._sweep.path, t) if t < self._sweep.frames else (self._sweep.random, t - self._sweep.frames)
        )
        self._view[self._region] = self._changed(part, row)
        return self._view

    def _changed(self, part: SweepPart, row: int) -> NDArray[np.uint8]:
        offset = part.offset[row]
        if self._sweep.name == "jpeg":
            return jpeg(self._still, int(_QUALITY + offset[0]))
        if self._sweep.name == "brightness":
            return brighten(self._still, float(offset[0]), float(offset[1]))
        seed = [self._sweep.seed, self._content, int(part.name == "random"), row]
        return sensor_noise(self._still, float(offset[0]), seed)


def pixel_views(image: NDArray[np.uint8], box: list[float], sweep: Sweep) -> PixelViews | None:
    """The sweep's views of the image; None where the sweep leaves pixels as they are."""
    return PixelViews(image, box, sweep) if sweep.name in PIXEL_SWEEPS else None


def jpeg_package() -> str:
    """Who makes the JPEG sweep's bytes: another version may make others."""
    import PIL
    from PIL import features

    return f"Pillow {PIL.__version__}, libjpeg {features.version('jpg')}"


def jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Compressed by Pillow (baseline, 4:2:0) and read back."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", quality=quality, subsampling="4:2:0")
    with Image.open(buffer) as coded:
        return np.asarray(coded.convert("RGB"))


def brighten(pixels: NDArray[np.uint8], gain: float, gamma: float) -> NDArray[np.uint8]:
    """255 · (2^gain · v/255)^(2^gamma), cut at white."""
    light = np.minimum(2.0**gain * np.arange(256) / 255, 1.0) ** (2.0**gamma)
    # Rounded twice: the last bit of a machine's power must not decide a grey level.
    table = np.floor(np.round(255 * light, 6) + 0.5).astype(np.uint8)
    return np.asarray(table[pixels])


def sensor_noise(pixels: NDArray[np.uint8], sigma: float, seed: list[int]) -> NDArray[np.uint8]:
    """Poisson-Gaussian noise in linear light, ``sigma`` grey levels at mid-grey, each channel by itself.

    Linear light is (v/255)^2.2. Its variance is 0.9 · light / mid-grey's + 0.1 of that at mid-grey: shot noise and the
    sensor's own. The shot noise is drawn from a normal distribution of that variance.
    """
    light, deviation, steps = _noise_tables()
    words = np.random.PCG64(seed).random_raw(-(-pixels.size // 4))
    draws = words.view(np.uint16) if words.dtype.byteorder != ">" else words.byteswap().view(np.uint16)
    normal = _normal_table()[draws[: pixels.size]].reshape(pixels.shape)
    noisy = light[pixels] + sigma * deviation[pixels] * normal
    return np.searchsorted(steps, noisy, side="right").astype(np.uint8)


@lru_cache(maxsize=1)
def _noise_tables() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Linear light of each grey level, its deviation at one grey level of noise, and where levels meet."""
    light = np.round((np.arange(256) / 255) ** _GAMMA, 12)
    middle = (128 / 255) ** _GAMMA
    one_level = _GAMMA * (128 / 255) ** (_GAMMA - 1) / 255
    deviation = np.round(one_level * np.sqrt(_SHOT * light / middle + 1 - _SHOT), 12)
    steps = np.round(((np.arange(255) + 0.5) / 255) ** _GAMMA, 12)
    return light, deviation, steps


@lru_cache(maxsize=1)
def _normal_table() -> NDArray[np.float64]:
    """Standard normal values for 16 random bits; rounded, so that they are the same on every machine."""
    normal = NormalDist()
    return np.round([normal.inv_cdf((i + 0.5) / 65536) for i in range(65536)], 9)


def _region(image: NDArray[np.uint8], box: list[float]) -> tuple[slice, slice]:
    """Rows and columns about the face, cut along JPEG's blocks; what lies beyond no window shows."""
    reach = REACH / 2 * max(box[2] - box[0], box[3] - box[1])
    slices = []
    for low, high, size in ((box[1], box[3], image.shape[0]), (box[0], box[2], image.shape[1])):
        middle = (low + high) / 2
        start = max(int((middle - reach) // _TILE) * _TILE, 0)
        stop = min(int(-((middle + reach) // -_TILE)) * _TILE, size)
        slices.append(slice(min(start, size - 1), max(stop, min(start, size - 1) + 1)))
    return slices[0], slices[1]
