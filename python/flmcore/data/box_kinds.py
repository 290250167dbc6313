"""Kinds of face boxes, and boxes of one kind as boxes of another.

Face detectors do not agree on what a face is: one frames brows to chin, the next the whole head. A landmark network
sees what the box shows it, so a box of another kind than it was trained on is an error of the box, not of the network.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.nearest import nearest

__all__ = ["BoxKind", "box_kind", "box_kinds", "convert_boxes"]


@dataclass(frozen=True)
class BoxKind:
    """A kind of box, as a factor on the tight box around the landmarks of the same face.

    Attributes:
        name: what configs and options call it.
        meaning: what the box frames.
        side: its width and height, as multiples of those of the box of kind ``landmarks``.
        shift: where its centre lies from that of the box of kind ``landmarks``, right and down, as shares of that
            box's width and height.
        source: where the numbers are from.
    """

    name: str
    meaning: str
    side: tuple[float, float]
    shift: tuple[float, float]
    source: str


def box_kinds() -> list[str]:
    """Names of every kind that :func:`convert_boxes` knows."""
    return list(_kinds())


def box_kind(name: str) -> BoxKind:
    """The kind of this name; ValueError (with the nearest name) where there is none."""
    return _kind("kind", name)


def convert_boxes(boxes: ArrayLike, source: str, target: str) -> NDArray[np.float64]:
    """Boxes of one kind as boxes of another: width and height times a factor, the centre moved by a share of them.

    Each axis on its own, so the inverse is exact but for rounding. The factors are medians over faces (``docs/boxes.md``):
    a single face's true box of the other kind may be some per cent off.

    Args:
        boxes: (N, 4) or (4,), ``x0, y0, x1, y1`` in edge coordinates.
        source: kind of ``boxes``, one of :func:`flmcore.data.box_kinds.box_kinds`.
        target: kind of the result.

    Returns:
        the shape of ``boxes``, float64; a copy where the kinds are the same.

    Raises:
        ValueError: an unknown kind, a box that is not finite or has no area, another shape.
    """
    here, there = _kind("source", source), _kind("target", target)
    box = np.array(boxes, dtype=np.float64)
    if box.size == 0 and box.ndim <= 2:
        return box.reshape(0, 4)
    if box.ndim not in (1, 2) or box.shape[-1] != 4:
        msg = f"boxes: expected shape (N, 4) or (4,), got {box.shape}"
        raise ValueError(msg)
    low, high = box[..., :2], box[..., 2:]
    good = np.isfinite(box).all(axis=-1) & (high > low).all(axis=-1)
    if not good.all():
        got = box.reshape(-1, 4)[np.argmin(good)].tolist()
        msg = f"boxes: expected finite x0 < x1 and y0 < y1, got {got}"
        raise ValueError(msg)
    if here == there:
        return box
    centre, extent = (low + high) / 2, (high - low) / np.array(here.side)
    centre = centre + extent * (np.array(there.shift) - np.array(here.shift))
    half = extent * np.array(there.side) / 2
    return np.asarray(np.concatenate([centre - half, centre + half], axis=-1))


def _kind(argument: str, name: object) -> BoxKind:
    kinds = _kinds()
    if not isinstance(name, str) or name not in kinds:
        msg = f"{argument}: expected one of {', '.join(kinds)}, got {name!r}{nearest(name, kinds)}"
        raise ValueError(msg)
    return kinds[name]


@cache
def _kinds() -> dict[str, BoxKind]:
    from importlib.resources import files  # here, for the sake of import time

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    table = tomllib.loads((files("flmcore.data") / "box_kinds.toml").read_text(encoding="utf-8"))
    return {
        name: BoxKind(name, row["meaning"], tuple(row["side"]), tuple(row["shift"]), row["source"])
        for name, row in table.items()
    }
