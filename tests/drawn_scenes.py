"""Small scenes for tests of drawing: a ball, a square, a camera."""

from __future__ import annotations

import numpy as np

BYTES = np.random.default_rng(0).integers(0, 256, (5, 7, 4), np.uint8)


def ball(
    rings: int, centre: tuple[float, float, float], radius: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices, triangles that look outwards, and uv."""
    down, around = np.meshgrid(
        np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, 2 * rings + 1), indexing="ij"
    )
    vertices = radius * np.stack(
        [np.sin(down) * np.sin(around), -np.cos(down), -np.sin(down) * np.cos(around)], -1
    )
    row, column = np.meshgrid(np.arange(rings), np.arange(2 * rings), indexing="ij")
    a = (row * (2 * rings + 1) + column).ravel()
    b, c, d = a + 1, a + 2 * rings + 1, a + 2 * rings + 2
    triangles = np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)])
    uv = np.stack([around / (2 * np.pi), down / np.pi], -1)
    places = (vertices.reshape(-1, 3) + centre).astype(np.float32)
    return places, triangles.astype(np.int32), uv.reshape(-1, 2).astype(np.float32)


def square(x: float, y: float, z: float, half: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    corners = [
        [x - half, y - half, z],
        [x + half, y - half, z],
        [x + half, y + half, z],
        [x - half, y + half, z],
    ]
    uv = [[0, 0], [1, 0], [1, 1], [0, 1]]
    return np.float32(corners), np.int32([[0, 2, 1], [0, 3, 2]]), np.float32(uv)


def joined(
    *parts: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One mesh of several: vertices, triangles, uv, part."""
    starts = np.cumsum([0, *(len(vertices) for vertices, _, _ in parts)])
    return (
        np.concatenate([vertices for vertices, _, _ in parts]),
        np.concatenate(
            [triangles + start for (_, triangles, _), start in zip(parts, starts, strict=False)]
        ).astype(np.int32),
        np.concatenate([uv for _, _, uv in parts]),
        np.repeat(np.arange(len(parts)), [len(triangles) for _, triangles, _ in parts]).astype(np.int32),
    )


def on_screen(vertices: np.ndarray, size: int, focal: float) -> np.ndarray:
    """A camera at the origin: x and y in pixels, and the depth."""
    middle = (size - 1) / 2
    x, y, z = vertices.astype(np.float64).T
    return np.stack([x / z * focal + middle, y / z * focal + middle, z], -1).astype(np.float32)


def plain(red: int, green: int, blue: int, cover: int = 255) -> np.ndarray:
    return np.full((4, 4, 4), (red, green, blue, cover), np.uint8)
