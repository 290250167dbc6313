"""Colours of a crop changed at random: light, contrast, cast, saturation, lost and swapped channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.train.schema import AugmentConfig

__all__ = ["change_colours"]

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_LEVELS = np.arange(256, dtype=np.float64) / 255.0


def change_colours(
    pixels: NDArray[np.uint8], augment: AugmentConfig, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Channels mixed by one matrix, then one table for each."""
    matrix = _mixing(augment, rng)
    tables = _tables(augment, rng)
    if matrix is not None:
        pixels = _mix(pixels, matrix)
    out = np.empty_like(pixels)
    for channel in range(3):
        out[..., channel] = tables[channel][pixels[..., channel]]
    return out


def _mixing(augment: AugmentConfig, rng: np.random.Generator) -> NDArray[np.float32] | None:
    """(3, 3): grey, more or less saturated, channels in another order; None where nothing is mixed."""
    grey, shuffle = rng.random() < augment.grey, rng.random() < augment.shuffle
    saturation = float(np.clip(1 + augment.saturation * rng.standard_normal(), 0.0, 2.5))
    order = rng.permutation(3)
    if grey:
        saturation = 0.0
    matrix = saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * np.tile(_LUMA, (3, 1))
    if shuffle:
        matrix = matrix[order]
    return matrix.astype(np.float32) if grey or shuffle or augment.saturation > 0 else None


def _mix(pixels: NDArray[np.uint8], matrix: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Sums written out: a matrix product's order of addition is its library's affair, bytes must not depend on it."""
    red, green, blue = (pixels[..., channel].astype(np.float32) for channel in range(3))
    out = np.empty_like(pixels)
    for channel in range(3):
        a, b, c = (float(weight) for weight in matrix[channel])
        mixed = red * np.float32(a) + green * np.float32(b) + blue * np.float32(c) + np.float32(0.5)
        out[..., channel] = np.clip(mixed, 0, 255)
    return out


def _tables(augment: AugmentConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(3, 256): gamma, gain, contrast about the middle and brightness, for each channel."""
    draws = np.clip(rng.standard_normal(3), -2.5, 2.5)
    gains = np.exp(augment.cast * np.clip(rng.standard_normal(3), -2.5, 2.5))
    gamma, contrast = np.exp(augment.gamma * draws[0]), np.exp(augment.contrast * draws[1])
    curve = _LEVELS**gamma
    levels = curve[None] * gains[:, None]
    levels = (levels - 0.5) * contrast + 0.5 + augment.brightness * 0.5 * draws[2]
    table: NDArray[np.uint8] = np.clip(np.floor(255.0 * levels + 0.5), 0, 255).astype(np.uint8)
    return table
