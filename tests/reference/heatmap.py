"""Heat-map decoding in scalar loops, float64. ``decode(map, method, ...)`` takes one H×W map and returns (x, y, score).

Published rules: MMPose ``refine_keypoints``, ``refine_keypoints_dark``, ``refine_keypoints_dark_udp``; face-alignment
``get_preds_fromhm``; iBUG ``FANPredictor._decode``. DARK is written here as published: the whole map is blurred.
"""

from __future__ import annotations

import math

import numpy as np

from .blur import blur_map, rescale

NAN = float("nan")


def peak(heat):
    """x, y and value of the first largest value in row-major order; None where a value is NaN or infinite."""
    best = None
    for y in range(len(heat)):
        for x in range(len(heat[0])):
            if not math.isfinite(heat[y][x]):
                return None
            if best is None or heat[y][x] > best[2]:
                best = (x, y, heat[y][x])
    return best


def decode(
    heat, method="argmax", *, threshold=None, rule="mmpose", blur_kernel=11, beta=1.0, gamma=1.0, radius=0.1
):
    f = np.asarray(heat, dtype=np.float64).tolist()
    found = peak(f)
    if found is None:
        return NAN, NAN, NAN
    x, y, score = found
    if threshold is None:
        threshold = -math.inf if method == "softargmax" else 0.0
    if method in ("dark", "dark_udp", "local_mean"):
        threshold = max(threshold, 0.0)
    if not score > threshold:
        return NAN, NAN, score
    move = {
        "argmax": lambda: (x, y),
        "quarter": lambda: quarter(f, x, y, rule),
        "taylor": lambda: taylor(f, x, y),
        "dark": lambda: dark(f, x, y, blur_kernel)[:2],
        "dark_udp": lambda: dark_udp(f, x, y, blur_kernel)[:2],
        "softargmax": lambda: softargmax(f, score, beta),
        "local_mean": lambda: local_mean(f, x, y, gamma, radius),
    }[method]
    return (*move(), score)


def sign(value):
    return (value > 0) - (value < 0)


def quarter(f, x, y, rule):
    height, width = len(f), len(f[0])
    if rule == "mmpose":
        move_x, move_y = 1 < x < width - 1 and 0 < y < height, 1 < y < height - 1 and 0 < x < width
    elif rule == "fan":
        move_x = move_y = 0 < x < width - 1 and 0 < y < height - 1
    else:
        move_x, move_y = 0 < x < width - 1, 0 < y < height - 1
    dx = 0.25 * sign(f[y][x + 1] - f[y][x - 1]) if move_x else 0.0
    dy = 0.25 * sign(f[y + 1][x] - f[y - 1][x]) if move_y else 0.0
    return x + dx, y + dy


def taylor(f, x, y):
    height, width = len(f), len(f[0])
    inside_x, inside_y = 0 < x < width - 1, 0 < y < height - 1
    if inside_x and inside_y:
        dx, dy = (f[y][x + 1] - f[y][x - 1]) / 2, (f[y + 1][x] - f[y - 1][x]) / 2
        dxx = (f[y][x - 1] - f[y][x]) + (f[y][x + 1] - f[y][x])
        dyy = (f[y - 1][x] - f[y][x]) + (f[y + 1][x] - f[y][x])
        dxy = ((f[y + 1][x + 1] - f[y + 1][x - 1]) - (f[y - 1][x + 1] - f[y - 1][x - 1])) / 4
        det = dxx * dyy - dxy * dxy
        if dxx < 0 and det > 0:
            x += min(max((dxy * dy - dyy * dx) / det, -1.0), 1.0)
            y += min(max((dxy * dx - dxx * dy) / det, -1.0), 1.0)
    elif inside_x:
        x += parabola_top(f[y][x - 1], f[y][x], f[y][x + 1])
    elif inside_y:
        y += parabola_top(f[y - 1][x], f[y][x], f[y + 1][x])
    return x, y


def parabola_top(before, middle, after):
    curvature = (before - middle) + (after - middle)
    return -(after - before) / 2 / curvature if curvature < 0 else 0.0


def dark(f, x, y, blur_kernel):
    """x, y, and the matrix and offset by which a test judges how well-posed the point is."""
    height, width = len(f), len(f[0])
    if not (1 < x < width - 2 and 1 < y < height - 2):
        return x, y, None, (0.0, 0.0)
    blurred = rescale(blur_map(f, blur_kernel), f)
    if blurred is None:
        return x, y, None, (0.0, 0.0)
    g = [[math.log(max(v, 1e-10)) for v in row] for row in blurred]
    dx, dy = 0.5 * (g[y][x + 1] - g[y][x - 1]), 0.5 * (g[y + 1][x] - g[y - 1][x])
    dxx = 0.25 * (g[y][x + 2] - 2 * g[y][x] + g[y][x - 2])
    dyy = 0.25 * (g[y + 2][x] - 2 * g[y][x] + g[y - 2][x])
    dxy = 0.25 * (g[y + 1][x + 1] - g[y - 1][x + 1] - g[y + 1][x - 1] + g[y - 1][x - 1])
    return move_to_top(x, y, dx, dy, dxx, dyy, dxy)


def dark_udp(f, x, y, blur_kernel):
    height, width = len(f), len(f[0])
    blurred = rescale(blur_map(f, blur_kernel), f)
    if blurred is None:
        return x, y, None, (0.0, 0.0)

    def g(j, i):
        j, i = min(max(y + j, 0), height - 1), min(max(x + i, 0), width - 1)
        return math.log(min(max(blurred[j][i], 1e-3), 50.0))

    dx, dy = 0.5 * (g(0, 1) - g(0, -1)), 0.5 * (g(1, 0) - g(-1, 0))
    dxx, dyy = g(0, 1) - 2 * g(0, 0) + g(0, -1), g(1, 0) - 2 * g(0, 0) + g(-1, 0)
    dxy = 0.5 * (g(1, 1) - g(0, 1) - g(1, 0) + 2 * g(0, 0) - g(0, -1) - g(-1, 0) + g(-1, -1))
    eps = float(np.finfo(np.float32).eps)
    return move_to_top(x, y, dx, dy, dxx + eps, dyy + eps, dxy)


def move_to_top(x, y, dx, dy, dxx, dyy, dxy):
    det = dxx * dyy - dxy * dxy
    matrix = np.array([[dxx, dxy], [dxy, dyy]])
    # "determinant not 0" of the published code, in floating point.
    if abs(det) <= 1e-14 * (abs(dxx) + abs(dyy) + abs(dxy) + 1e-14):
        return x, y, matrix, (0.0, 0.0)
    ox, oy = (dyy * dx - dxy * dy) / det, (dxx * dy - dxy * dx) / det
    return x - ox, y - oy, matrix, (ox, oy)


def softargmax(f, largest, beta):
    total = mean_x = mean_y = 0.0
    for y, row in enumerate(f):
        for x, value in enumerate(row):
            weight = math.exp(beta * (value - largest))
            total, mean_x, mean_y = total + weight, mean_x + weight * x, mean_y + weight * y
    return mean_x / total, mean_y / total


def local_mean(f, peak_x, peak_y, gamma, radius):
    height, width = len(f), len(f[0])
    reach = radius * radius * height * width
    everywhere = reach >= height * height + width * width
    largest = f[peak_y][peak_x]
    total = mean_x = mean_y = 0.0
    for y, row in enumerate(f):
        for x, value in enumerate(row):
            if value > 0 and (everywhere or (x - peak_x) ** 2 + (y - peak_y) ** 2 <= reach):
                weight = (value / largest) ** gamma
                total, mean_x, mean_y = total + weight, mean_x + weight * x, mean_y + weight * y
    return mean_x / total, mean_y / total
