"""Light that ends across a face, and things before it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flmcore.train.schema import AugmentConfig

__all__ = ["put_patch", "shade"]


def shade(pixels: NDArray[np.uint8], augment: AugmentConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A gain that goes over from one side of a line to the other, sharply or softly."""
    wanted, turn = rng.random() < augment.shading, rng.uniform(0, 2 * np.pi)
    place, soft, gain = rng.uniform(-0.4, 0.4), rng.uniform(0.02, 0.6), np.exp(rng.uniform(-1.2, 0.7))
    if not wanted:
        return pixels
    x, y = _grid(pixels.shape)
    along = (x * np.cos(turn) + y * np.sin(turn) - place) / soft
    share = np.clip(along + 0.5, 0, 1).astype(np.float32)
    gains = 1 + share * np.float32(gain - 1)
    shaded: NDArray[np.uint8] = np.clip(pixels * gains[..., None] + np.float32(0.5), 0, 255).astype(np.uint8)
    return shaded


def put_patch(
    pixels: NDArray[np.uint8], augment: AugmentConfig, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """One to three turned rectangles or ellipses: of one colour, of noise, or of another part of the crop."""
    if rng.random() >= augment.patch:
        return pixels
    out = pixels.copy()
    x, y = _grid(pixels.shape)
    for _ in range(int(rng.integers(1, 4))):
        centre, half = rng.uniform(-0.55, 0.55, 2), rng.uniform(0.04, 0.22, 2)
        turn, round_, kind = rng.uniform(0, np.pi), rng.random() < 0.5, rng.integers(0, 3)
        dx, dy = x - np.float32(centre[0]), y - np.float32(centre[1])
        u = np.abs(dx * np.float32(np.cos(turn)) + dy * np.float32(np.sin(turn))) / np.float32(half[0])
        v = np.abs(dy * np.float32(np.cos(turn)) - dx * np.float32(np.sin(turn))) / np.float32(half[1])
        inside = u * u + v * v < 1 if round_ else np.maximum(u, v) < 1
        out[inside] = _filling(pixels, inside, int(kind), rng)
    return out


def _filling(
    pixels: NDArray[np.uint8], inside: NDArray[np.bool_], kind: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """(N, 3) for the pixels of a patch."""
    colour = rng.integers(0, 256, 3).astype(np.uint8)
    shift = rng.integers(0, pixels.shape[0]), rng.integers(0, pixels.shape[1])
    if kind == 0:
        return np.broadcast_to(colour, (int(inside.sum()), 3))
    if kind == 1:
        return rng.integers(0, 256, (int(inside.sum()), 3), dtype=np.uint8)
    return np.asarray(np.roll(pixels, shift, axis=(0, 1))[inside])


def _grid(shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """x and y of each pixel, -0.5 to 0.5 across the crop."""
    height, width = shape[:2]
    x = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    y = (np.arange(height, dtype=np.float32) + 0.5) / height - 0.5
    return np.broadcast_to(x, (height, width)), np.broadcast_to(y[:, None], (height, width))
