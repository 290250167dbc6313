"""Points of a head's skin in given directions, however the head is shaped and whatever it does.

Rays from inside the average head are cast once; what they hit, a triangle and a place in it, is looked up again on the
skin of every other head, because all have the same triangles.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.grid import Floats, floats

__all__ = ["CENTRE", "Atlas", "directions"]

T = TypeVar("T")

_COLLAR = 138.0  # y in mm
CENTRE = np.array([0.0, -35.0, 0.0], np.float32)  # mm: the middle of the braincase, where the rays start


def directions(turn: NDArray[np.floating], tilt: NDArray[np.floating]) -> NDArray[np.float64]:
    """Unit vectors (..., 3): turn in degrees from the front to the person's left, tilt in degrees from straight up."""
    turn, tilt = np.radians(turn), np.radians(tilt)
    flat = np.sin(tilt)
    return np.stack([flat * np.sin(turn), -np.cos(tilt), -flat * np.cos(turn)], axis=-1)


class Atlas:
    """The skin of a mean head, and rays that have been cast at it.

    Args:
        vertices: (V, 3) mm, skin of the average head at rest.
        triangles: (F, 3).
    """

    def __init__(self, vertices: NDArray[np.floating], triangles: NDArray[np.integer]) -> None:
        self.vertices = np.asarray(vertices, np.float64)
        self.triangles = np.asarray(triangles, np.intp)
        corners = self.vertices[self.triangles] - CENTRE
        self._corners = corners
        self._middles = corners.mean(axis=1)
        spread = np.linalg.norm(corners - self._middles[:, None], axis=-1).max(axis=1)
        distance = np.linalg.norm(self._middles, axis=-1)
        self._reach = np.cos(np.minimum(np.arctan2(spread, distance) * 1.3 + 0.01, math.pi))
        self._middles /= np.maximum(distance, 1e-9)[:, None]
        self._edge = _edge(self.triangles)
        self._kept: dict[Hashable, Any] = {}

    def keep(self, make: Callable[..., T], *arguments: Hashable) -> T:
        """``make(atlas, *arguments)``, called once for this skin."""
        key = (make, *arguments)
        if key not in self._kept:
            self._kept[key] = make(self, *arguments)
        kept: T = self._kept[key]
        return kept

    @functools.cached_property
    def edge(self) -> NDArray[np.intp]:
        """Vertices round the lower neck: near where collars are, or on the edge of a skin that ends above that."""
        height = self.vertices[:, 1]
        low = min(float(height[self._edge].max()) - 6.0, _COLLAR)
        return np.flatnonzero(np.abs(height - low) < 9.0)

    def cast(self, rays: NDArray[np.floating]) -> Spots:
        """Where rays (..., 3) from the centre leave the skin; those that hit nothing take the nearest triangle."""
        rays = np.asarray(rays, np.float64).reshape(-1, 3)
        facing = rays @ self._middles.T
        ray, triangle = np.nonzero(facing > self._reach)
        a, b, c = (self._corners[triangle, k] for k in range(3))
        d = rays[ray]
        normal = np.cross(b - a, c - a)
        across = (normal * d).sum(-1)
        safe = np.where(np.abs(across) < 1e-9, 1e-9, across)
        depth = (normal * a).sum(-1) / safe
        hit = d * depth[:, None]
        size = np.maximum((normal * normal).sum(-1), 1e-12)
        first = (np.cross(c - b, hit - b) * normal).sum(-1) / size
        second = (np.cross(a - c, hit - c) * normal).sum(-1) / size
        weights = np.stack([first, second, 1 - first - second], axis=-1)
        outside = np.maximum(-weights.min(axis=-1), 0.0)
        # inside the triangle and the farthest; else the one that is missed by least
        score = np.where(
            (outside < 1e-6) & (depth > 0), depth, -1e3 - outside * 1e3 - np.where(depth > 0, 0, 1e6)
        )
        order = np.lexsort((triangle, -score, ray))
        rays_hit, first_of = np.unique(ray[order], return_index=True)
        chosen = np.zeros(len(rays), np.intp)
        weight = np.full((len(rays), 3), 1 / 3)
        nearest = facing.argmax(axis=1)
        chosen[:] = nearest
        chosen[rays_hit] = triangle[order][first_of]
        weight[rays_hit] = np.clip(weights[order][first_of], 0, 1)
        weight /= weight.sum(axis=1, keepdims=True)
        return Spots(self.triangles[chosen], weight.astype(np.float32))


class Spots:
    """Places on the skin: three vertices each and their weights."""

    def __init__(self, corners: NDArray[np.intp], weights: NDArray[np.float32]) -> None:
        self.corners = np.ascontiguousarray(corners.T)
        self.weights = np.ascontiguousarray(weights.T)[..., None]

    def on(self, vertices: Floats) -> Floats:
        """(N, 3) mm: these places on the skin whose vertices (V, 3) are given; summed in a fixed order."""
        a, b, c = self.corners
        u, v, w = self.weights
        return floats(vertices[a] * u + vertices[b] * v + vertices[c] * w)


def _edge(triangles: NDArray[np.intp]) -> NDArray[np.intp]:
    """Vertices of edges that belong to one triangle only."""
    sides = np.sort(
        np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1
    )
    unique, count = np.unique(sides, axis=0, return_counts=True)
    return np.unique(unique[count == 1])
