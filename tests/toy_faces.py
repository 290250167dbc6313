"""Crude faces with known landmarks, drawn with Pillow: enough of a picture for a small network to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.train.config import read_train_config
from flmcore.train.schema import TrainConfig

__all__ = ["CONFIG", "config_of", "toy_face", "two_folders", "write_config", "write_folder"]

# The face of a child's drawing in the order of 300w-68, x and y from -1 to 1; pupils follow.
_TURN = np.linspace(np.pi, 0, 17)
_JAW = np.stack([np.cos(_TURN), 0.1 + 0.9 * np.sin(_TURN)], axis=1)
_EYE = np.array([[-1, 0], [-0.4, -0.6], [0.4, -0.6], [1, 0], [0.4, 0.6], [-0.4, 0.6]]) * [0.19, 0.12]
_RING = 2 * np.pi * np.arange(12) / 12 + np.pi
_LIPS = np.stack([0.36 * np.cos(_RING), 0.52 + 0.14 * np.sin(_RING)], axis=1)
_INNER = 2 * np.pi * np.arange(8) / 8 + np.pi
_BROW = np.array([[-2, 0.3], [-1, -0.3], [0, -0.5], [1, -0.4], [2, 0.0]]) * [0.13, 0.12]
MEAN = np.concatenate(
    [
        _JAW,
        np.add(_BROW, [-0.45, -0.35]),
        np.add(_BROW[::-1] * [-1, 1], [0.45, -0.35]),
        np.stack([np.zeros(4), np.linspace(-0.15, 0.2, 4)], axis=1),
        np.stack([np.linspace(-0.16, 0.16, 5), [0.26, 0.29, 0.31, 0.29, 0.26]], axis=1),
        np.add(_EYE, [-0.45, -0.12]),
        np.add(_EYE, [0.45, -0.12]),
        _LIPS,
        np.stack([0.25 * np.cos(_INNER), 0.52 + 0.05 * np.sin(_INNER)], axis=1),
        [[-0.45, -0.12], [0.45, -0.12]],
    ]
)


def toy_face(index: int, size: int = 64) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """(size, size, 3) uint8 RGB and 70 landmarks, those of FaceSynthetics, in its pixels."""
    from PIL import Image, ImageDraw

    rng = np.random.default_rng([7, index])
    turn, scale = rng.uniform(-0.3, 0.3), size * rng.uniform(0.28, 0.36)
    shape = MEAN * rng.uniform(0.85, 1.15, 2) + rng.normal(0, 0.008, MEAN.shape)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = scale * shape @ matrix + size / 2 + rng.uniform(-0.08, 0.08, 2) * size

    def colour(low: int, high: int) -> tuple[int, ...]:
        return tuple(int(v) for v in rng.integers(low, high, 3))

    zoom = 4  # drawn larger and made smaller, for soft edges
    image = Image.new("RGB", (size * zoom, size * zoom), colour(0, 256))
    pen = ImageDraw.Draw(image)

    def outline(part: NDArray[np.float64]) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in (part + 0.5) * zoom]

    pen.polygon(outline(np.concatenate([points[:17], points[26:16:-1]])), fill=colour(140, 240))
    for start, stop, fill in ((36, 42, (250, 250, 250)), (42, 48, (250, 250, 250)), (48, 60, (170, 40, 50))):
        pen.polygon(outline(points[start:stop]), fill=fill)
    pen.polygon(outline(points[60:68]), fill=(40, 0, 0))
    for start, stop in ((17, 22), (22, 27), (27, 31), (31, 36)):
        pen.line(outline(points[start:stop]), fill=(60, 40, 30), width=zoom)
    for x, y in outline(points[68:]):
        pen.ellipse((x - 4, y - 4, x + 4, y + 4), fill=(20, 20, 20))
    return np.asarray(image.resize((size, size), Image.Resampling.BOX)), points


def write_folder(folder: Path, count: int, *, first: int = 0, size: int = 64) -> Path:
    """Faces as FaceSynthetics has them: ``000000.png`` and ``000000_ldmks.txt``."""
    from PIL import Image

    folder.mkdir(parents=True)
    for index in range(count):
        pixels, points = toy_face(first + index, size)
        Image.fromarray(pixels).save(folder / f"{index:06d}.png")
        lines = "".join(f"{x!r} {y!r}\n" for x, y in points.tolist())
        (folder / f"{index:06d}_ldmks.txt").write_text(lines)
    return folder


CONFIG = """
name = "toy"
scheme = "300w-68"
licence = "none"
{top}
[[data]]
path = "faces"
{data}
[model]
network = "resnet"
options = {{ depth = 10, width = 8, grid = 2 }}
[crop]
size = [48, 48]
scale = 1.2
[input]
mean = 127.5
std = 64
[augment]
{augment}
[optimise]
batch = 8
average = 0.9
{optimise}
[run]
threads = 1
{run}
"""


def write_config(folder: Path, **parts: Any) -> Path:
    """A small training's ``toy.toml``, with lines of TOML put into its tables."""
    usual = dict.fromkeys(("top", "data", "augment", "optimise", "run"), "")
    path = folder / "toy.toml"
    path.write_text(CONFIG.format(**{**usual, **parts}))
    return path


def config_of(
    place: Path, settings: tuple[str, ...] = (), *, validated: bool = True, **parts: Any
) -> TrainConfig:
    """The training of :func:`write_config`, its error measured on the folder ``others``."""
    path = write_config(place, **parts)
    if validated:
        path.write_text(path.read_text() + '\n[[validation]]\npath = "others"\nname = "other"\n')
    return read_train_config(path, settings)


def two_folders(folder: Path) -> Path:
    """``faces``, 32 to train on, and ``others``, 8 more."""
    write_folder(folder / "faces", 32)
    write_folder(folder / "others", 8, first=1000)
    return folder
