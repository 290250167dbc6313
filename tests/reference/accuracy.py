"""How far rounding can move a DARK landmark: its offset solves a 2×2 system whose entries are differences of
logarithms, so the bound follows from the system's inverse and the error of one logarithm."""

from __future__ import annotations

import numpy as np

from .blur import blur_map
from .heatmap import peak

# A blur of 11 and the rescaling round at most this often for one value: 2 × 11 products and sums, and the scale.
ROUNDINGS = 48


def log_error(f, x, y, blur_kernel, eps):
    """Error of the logarithm of one blurred value near (x, y) in arithmetic of relative error ``eps``."""
    blurred = np.array(blur_map(f, blur_kernel))
    near = np.abs(blurred[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3])
    # Relative to the largest value, since values of both signs cancel; a logarithm is below 32 in size.
    return eps * (ROUNDINGS * np.abs(f).max() / max(near.min(), 1e-300) + 32)


def offset_bound(matrix, offset, error):
    """Bound on the offset's error for logarithms wrong by ``error``: |dH| <= 4 error, |dg| <= error, per entry."""
    if matrix is None:
        return 0.0
    singular = np.linalg.svd(matrix, compute_uv=False)
    if singular[-1] <= 16 * error:
        return np.inf  # the matrix is singular within its error
    return 2 * (2 * error + 8 * error * np.hypot(*offset)) / singular[-1]


def dark_bound(heat, refine, blur_kernel, eps):
    """Bound for ``refine`` (reference.heatmap.dark or dark_udp) on one map, in cells."""
    f = np.asarray(heat, dtype=np.float64)
    x, y, _ = peak(f.tolist())
    _, _, matrix, offset = refine(f.tolist(), x, y, blur_kernel)
    return offset_bound(matrix, offset, log_error(f, x, y, blur_kernel, eps))
