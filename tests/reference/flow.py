"""Pyramidal Lucas-Kanade, point by point, sample by sample, from the contract in kernels/flow.hpp.

Samples, gradients and their products are float32 and added in eight lanes, as the contract says; so results must be
equal to the bit, not near.
"""

from __future__ import annotations

import math

import numpy as np

F = np.float32
Image = np.ndarray


def grey(frame: Image) -> Image:
    """Of uint8 (H, W, 3)."""
    out = np.empty(frame.shape[:2], F)
    for y, row in enumerate(frame):
        for x, (r, g, b) in enumerate(row):
            out[y, x] = (F(r) * F(0.299) + F(g) * F(0.587)) + F(b) * F(0.114)
    return out


def blurred(a: F, b: F, c: F, d: F, e: F) -> F:
    return (((a + e) + (b + d) * F(4)) + c * F(6)) * F(0.0625)


def mirrored(i: int, n: int) -> int:
    return -i if i < 0 else 2 * n - 2 - i if i >= n else i


def halve(image: Image) -> Image:
    h, w = image.shape
    out = np.empty(((h + 1) // 2, (w + 1) // 2), F)
    for y in range(out.shape[0]):
        rows = [mirrored(2 * y + i, h) for i in range(-2, 3)]
        line = [blurred(*(image[r, x] for r in rows)) for x in range(w)]
        for x in range(out.shape[1]):
            out[y, x] = blurred(*(line[mirrored(2 * x + i, w)] for i in range(-2, 3)))
    return out


def pyramid(image: Image, levels: int) -> list[Image]:
    made = [image.astype(F)]
    while len(made) < levels and min(made[-1].shape) >= 4:
        made.append(halve(made[-1]))
    return made


def sample(image: Image, x: float, y: float, extent: int) -> Image:
    """Bilinear at (x + i, y + j), i and j below extent."""
    h, w = image.shape
    ix, iy = math.floor(x), math.floor(y)
    fx, fy = F(x - ix), F(y - iy)
    weights = ((F(1) - fx) * (F(1) - fy), fx * (F(1) - fy), (F(1) - fx) * fy, fx * fy)
    out = np.empty((extent, extent), F)
    for j in range(extent):
        for i in range(extent):
            left, right = (min(max(ix + i + d, 0), w - 1) for d in (0, 1))
            up, down = (min(max(iy + j + d, 0), h - 1) for d in (0, 1))
            four = image[up, left], image[up, right], image[down, left], image[down, right]
            a, b, c, d = (pixel * weight for pixel, weight in zip(four, weights, strict=True))
            out[j, i] = ((a + b) + c) + d
    return out


def gradients(patch: Image) -> tuple[Image, Image]:
    window = len(patch) - 2
    gx, gy = np.empty((window, window), F), np.empty((window, window), F)
    for r in range(window):
        for c in range(window):
            (a0, a1, a2), (b0, _, b2), (d0, d1, d2) = patch[r : r + 3, c : c + 3]
            gx[r, c] = (((a2 - a0) + (d2 - d0)) * F(3) + (b2 - b0) * F(10)) * F(0.03125)
            gy[r, c] = (((d0 - a0) + (d2 - a2)) * F(3) + (d1 - a1) * F(10)) * F(0.03125)
    return gx, gy


def lane_sum(a: Image, b: Image) -> float:
    """Sum of a·b in eight float32 lanes, column modulo 8, the lanes in double."""
    lanes = [F(0)] * 8
    for first, second in zip(a, b, strict=True):
        for c, (x, y) in enumerate(zip(first, second, strict=True)):
            lanes[c % 8] = lanes[c % 8] + x * y
    f = [float(lane) for lane in lanes]
    return ((f[0] + f[1]) + (f[2] + f[3])) + ((f[4] + f[5]) + (f[6] + f[7]))


def within(image: Image, x: float, y: float, margin: float) -> bool:
    h, w = image.shape
    return margin <= x <= w - 1 - margin and margin <= y <= h - 1 - margin


def follow(
    before: list[Image], after: list[Image], point: tuple[float, float], options: dict[str, float]
) -> tuple[float, float] | None:
    window = int(options["window"])
    half, margin = (window - 1) / 2, (window + 1) / 2
    if not within(before[0], *point, margin):
        return None
    level = len(before) - 1
    while level > 0 and min(before[level].shape) < window:
        level -= 1
    vx = vy = 0.0
    for current in range(level, -1, -1):
        vx, vy = 2 * vx, 2 * vy
        x, y = point[0] / 2**current, point[1] / 2**current
        patch = sample(before[current], x - half - 1, y - half - 1, window + 2)
        gx, gy = gradients(patch)
        xx, xy, yy = lane_sum(gx, gx), lane_sum(gx, gy), lane_sum(gy, gy)
        apart = (xx - yy) / 2
        least, det = (xx + yy) / 2 - math.sqrt(apart * apart + xy * xy), xx * yy - xy * xy
        if least < options["min_eigenvalue"] * window * window or det <= 0:
            if current == 0:
                return None
            continue
        for _ in range(int(options["iterations"])):
            now = sample(after[current], x + vx - half, y + vy - half, window)
            less = patch[1:-1, 1:-1] - now
            bx, by = lane_sum(gx, less), lane_sum(gy, less)
            dx, dy = (yy * bx - xy * by) / det, (xx * by - xy * bx) / det
            vx, vy = vx + dx, vy + dy
            if not within(after[current], x + vx, y + vy, -window):
                return None
            if dx * dx + dy * dy <= options["epsilon"] ** 2:
                break
    x, y = point[0] + vx, point[1] + vy
    return (x, y) if within(after[0], x, y, margin) else None


def track(
    previous: list[Image], after: list[Image], point: tuple[float, float], **options: float
) -> tuple[tuple[float, float], bool, float]:
    """Where one point is, whether that counts, and its forward-backward error."""
    nan = (math.nan, math.nan)
    there = follow(previous, after, point, options)
    if there is None:
        return nan, False, math.nan
    back = follow(after, previous, there, options)
    if back is None:
        return nan, False, math.nan
    dx, dy = back[0] - point[0], back[1] - point[1]
    error = math.sqrt(dx * dx + dy * dy)
    return (there, True, error) if error <= options["max_error"] else (nan, False, error)
