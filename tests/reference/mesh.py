"""Meshes and layers of colour, by their definitions."""

from __future__ import annotations

import numpy as np

F = np.float32


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    sums = np.zeros((len(vertices), 3))
    for a, b, c in triangles:
        p, q, r = (vertices[i].astype(float) for i in (a, b, c))
        cross = np.cross(q - p, r - p)
        if np.isfinite(cross).all():
            for i in (a, b, c):
                sums[i] += cross
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.divide(sums, length, out=np.zeros_like(sums), where=length > 0)


def blend_shapes(mean: np.ndarray, basis: np.ndarray, weights: np.ndarray) -> np.ndarray:
    out = mean.copy()
    for shape, weight in zip(basis, weights, strict=True):
        if weight != 0:
            out = out + weight * shape
    return out


def blend_layers(base: np.ndarray, masks: np.ndarray, colours: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    out = base.astype(F)
    for mask, paint, strength in zip(masks, colours, opacity, strict=True):
        share = mask.astype(F) * (F(strength) / F(255))
        out = out + share[..., None] * (paint.astype(F) - out)
    return np.floor(out + F(0.5)).astype(np.uint8)
