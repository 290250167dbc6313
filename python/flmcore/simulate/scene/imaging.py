"""What a camera, its software and a file do to a picture: light in, 8 bits a channel out."""

from __future__ import annotations

import functools
import io
import math

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.scene.blur import defocused, moved

__all__ = ["develop", "encode", "linear_of"]

_BRIGHTEST = 4.0  # linear light that a table of the tone curve reaches
_STEPS = 2048
# evenly spaced in its root, nearly as sRGB is
_LIGHT = ((np.arange(_STEPS) / (_STEPS - 1)) ** 2 * _BRIGHTEST).astype(np.float32)
_MIDDLE = 0.2  # linear light that exposures aim at
_LUMA = (0.2126, 0.7152, 0.0722)


def _decoded(levels: NDArray[np.floating]) -> NDArray[np.floating]:
    """sRGB 0 … 1 to linear light (IEC 61966-2-1)."""
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


_TABLE = _decoded(np.arange(256) / 255.0).astype(np.float32)


def linear_of(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Linear light of sRGB levels."""
    return _TABLE[image]


def encode(light: NDArray[np.floating]) -> NDArray[np.floating]:
    """Linear light 0 … 1 to sRGB 0 … 1."""
    light = np.clip(light, 0.0, 1.0)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def develop(
    rng: np.random.Generator, light: NDArray[np.float32], face: NDArray[np.float32], strength: float = 1.0
) -> NDArray[np.uint8]:
    """A photograph of a scene.

    Args:
        rng: all that is random comes from it.
        light: (3, H, W) linear red, green and blue.
        face: (H, W) weights by which the exposure is metered: how much of a pixel is the person.
        strength: of everything; 0 meters and encodes, no more.

    Returns:
        (H, W, 3) uint8 sRGB.
    """
    # A share of the images is as good as a camera can make them.
    strength *= 0.25 if rng.random() < 0.15 else 1.0
    sharp = _through_lens(rng, light, strength)
    exposed = sharp * _gains(rng, light, face, strength)
    _vignette(rng, exposed, strength)
    _noise(rng, exposed, strength)
    levels = _toned(rng, exposed, strength)
    return _filed(rng, levels, strength)


def _through_lens(
    rng: np.random.Generator, light: NDArray[np.float32], strength: float
) -> NDArray[np.float32]:
    """Out of focus, or moved while the shutter was open."""
    kind, size, turn = rng.random(), rng.random(), rng.uniform(0, math.pi)
    scale = light.shape[1] / 128 * strength
    if kind < 0.3 and scale:
        return defocused(light, (0.3 + 1.6 * size * size) * scale)
    if kind < 0.42 and scale:
        return moved(light, 1.0 + 7.0 * size * size * scale, turn)
    return light


def _gains(
    rng: np.random.Generator, light: NDArray[np.float32], face: NDArray[np.float32], strength: float
) -> NDArray[np.float32]:
    """Exposure times white balance, (3, 1, 1)."""
    every = max(1, light.shape[1] // 32)  # a light meter needs no more pixels
    light, face = light[:, ::every, ::every], face[::every, ::every]
    weights = face * np.float32(0.7 / max(float(face.sum()), 1.0))
    weights += np.float32(0.3 / face.size)
    metered = [float((plane * weights).sum()) for plane in light]
    grey = max(sum(share * value for share, value in zip(_LUMA, metered, strict=True)), 1e-4)
    # Dark scenes stay a little darker, bright ones brighter: meters do not take all of it away.
    exposure = (grey / _MIDDLE) ** -0.85 * math.exp(strength * rng.normal(0.0, 0.42))
    # A camera takes some of the light's colour away, not all, and errs.
    share = rng.uniform(0.15, 0.6)
    gains = [
        exposure * (grey / max(value, 0.25 * grey)) ** share * math.exp(strength * error)
        for value, error in zip(metered, rng.normal(0.0, 0.05, 3).tolist(), strict=True)
    ]
    return np.array(gains, np.float32)[:, None, None]


def _vignette(rng: np.random.Generator, light: NDArray[np.float32], strength: float) -> None:
    """Darker, or with a gradient of light, towards the border; in place."""
    depth, tilt = rng.uniform(0, 0.5), rng.normal(0, 0.15, 2)
    if rng.random() > 0.3 * strength:
        return
    height, width = light.shape[1:]
    x = np.linspace(-1, 1, width, dtype=np.float32)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    fall = 1 - np.float32(depth / 2) * (x * x + y * y) + np.float32(tilt[0]) * x + np.float32(tilt[1]) * y
    light *= np.maximum(fall, np.float32(0.1))


@functools.cache
def _grains() -> NDArray[np.float32]:
    """Numbers of a normal distribution: drawing 50,000 new ones takes longer than most of what is done to an image."""
    return np.random.default_rng([20, 8]).standard_normal(1 << 20, np.float32)


def _noise(rng: np.random.Generator, light: NDArray[np.float32], strength: float) -> None:
    """Of photons and of reading, in place: its deviation grows as √light from a floor."""
    kind, size, start = rng.random(), rng.random(), int(rng.integers(1 << 20))
    level = strength * (0.003 + 0.05 * size**3)
    if kind > 0.7 or level < 1e-3:
        return
    planes = 1 if kind < 0.2 else 3  # of brightness only, or of each colour
    shape = (planes, *light.shape[1:])
    deviation = np.maximum(light, np.float32(0))
    deviation *= np.float32(0.5 * level**2)
    deviation += np.float32(0.001 * level**2)
    np.sqrt(deviation, out=deviation)
    deviation *= _grain(start, math.prod(shape)).reshape(shape)
    light += deviation


def _grain(start: int, count: int) -> NDArray[np.float32]:
    """Some of the numbers, from any of them on."""
    every = _grains()
    if count > len(every):
        return np.take(every, np.arange(start, start + count), mode="wrap")
    start %= len(every) - count + 1
    return every[start : start + count]


def _toned(rng: np.random.Generator, light: NDArray[np.float32], strength: float) -> NDArray[np.uint8]:
    """(H, W, 3) levels by a tone curve: a shoulder for highlights, contrast, lifted or crushed blacks, gamma."""
    shoulder = rng.uniform(0.5, 1.0)
    contrast, lift = strength * rng.normal(0.12, 0.28), strength * rng.normal(-0.01, 0.035)
    gamma = math.exp(strength * rng.normal(0.0, 0.13))
    saturation = 1 + strength * rng.normal(-0.04, 0.2)
    table = _curve(shoulder, contrast, lift, gamma)
    if abs(saturation - 1) > 0.02:
        share = max(saturation, 0.0)
        grey = light[0] * np.float32(_LUMA[0] * (1 - share))
        for plane, luma in zip(light[1:], _LUMA[1:], strict=True):
            grey += plane * np.float32(luma * (1 - share))
        light = light * np.float32(share)
        light += grey
    place = np.maximum(light, np.float32(0))
    np.sqrt(place, out=place)
    place *= np.float32((_STEPS - 1) / math.sqrt(_BRIGHTEST))
    np.minimum(place, np.float32(_STEPS - 1), out=place)
    levels = np.empty((*light.shape[1:], 3), np.uint8)
    for channel, index in enumerate(place.astype(np.intp)):
        levels[..., channel] = table[index]
    return levels


def _curve(shoulder: float, contrast: float, lift: float, gamma: float) -> NDArray[np.uint8]:
    """(_STEPS,) levels of light: bent, encoded, to the power of ``gamma``, and with more contrast."""
    over = np.maximum(_LIGHT - np.float32(shoulder), np.float32(0))
    bent = np.exp(over * np.float32(-1 / max(1 - shoulder, 1e-3)))
    bent *= np.float32(shoulder - 1)
    bent += np.minimum(_LIGHT, np.float32(shoulder)) + np.float32(1 - shoulder)
    # the power by its logarithm, which a table of the encoding has
    np.sqrt(bent, out=bent)
    bent *= np.float32(_STEPS - 1)
    tones = _logarithms().take(bent.astype(np.intp), mode="clip")
    tones *= np.float32(gamma)
    np.exp(tones, out=tones)
    tones += np.float32(4 * contrast) * (tones - np.float32(0.5)) * tones * (1 - tones)
    tones *= np.float32(255 * (1 - lift))
    tones += np.float32(255 * lift + 0.5)
    return np.asarray(tones.clip(0, 255), np.uint8)


@functools.cache
def _logarithms() -> NDArray[np.float32]:
    """(_STEPS,) logarithms of encoded light, whose root rises evenly to 1."""
    root = (np.arange(_STEPS) + 0.5) / _STEPS
    return np.asarray(np.log(encode(root * root)), np.float32)


def _filed(rng: np.random.Generator, levels: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    """Made smaller and larger again, sharpened, grey, compressed."""
    from PIL import Image, ImageFilter

    size, small, filters = (levels.shape[1], levels.shape[0]), rng.uniform(0.35, 0.9), rng.integers(0, 4, 2)
    dice = rng.random(4)
    quality = int(rng.uniform(30, 95) if dice[0] < 0.8 else rng.uniform(12, 30))
    image = Image.fromarray(levels)
    if dice[1] < 0.22 * strength:
        reduced = tuple(max(8, round(side * small)) for side in size)
        image = image.resize(reduced, _FILTERS[filters[0]]).resize(size, _FILTERS[filters[1]])
    if dice[2] < 0.2 * strength:
        image = image.filter(ImageFilter.Kernel((3, 3), _sharpening(0.5 + 2.0 * dice[3]), 1.0))
    if dice[3] < 0.07 * strength:
        image = image.convert("L").convert("RGB")
    if dice[0] < 0.6 * strength or (strength and dice[0] > 0.9):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, subsampling=2 if dice[1] < 0.7 else 0)
        image = Image.open(file, formats=("JPEG",))
    return np.asarray(image).copy()


def _sharpening(amount: float) -> list[float]:
    """Nine weights: a pixel, and ``amount`` of how it differs from a blur of it and its neighbours."""
    blur = (1, 2, 1, 2, 4, 2, 1, 2, 1)
    return [(k == 4) * (1 + amount) - amount * share / 16 for k, share in enumerate(blur)]


_FILTERS = (1, 2, 3, 2)  # Pillow's Lanczos, bilinear, bicubic
