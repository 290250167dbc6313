"""Does the error fall as data grows, and how fast: a power law with a floor, and how sure its exponent is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.statistics import expanded_percentiles

Floats = NDArray[np.float64]

EXPONENTS = np.geomspace(0.02, 4.0, 300)  # that are tried: a step is 1.8 %
_NEEDED = 4  # sizes, for three parameters
_RESAMPLES = 2000


def power_law(sizes: Floats, errors: Floats) -> tuple[Floats, Floats, Floats]:
    """``(a, b, c)``, (B,) each, of error = a·n^−b + c with a, c ≥ 0, least squares of the relative residuals.

    Args:
        sizes: (P,) n.
        errors: (B, P), B curves.
    """
    middle = float(np.exp(np.log(sizes).mean()))
    weights = 1 / errors**2
    best = np.full(len(errors), np.inf)
    found = np.zeros((3, len(errors)))
    for exponent in EXPONENTS:
        x = (sizes / middle) ** -exponent
        a, c = _line(np.broadcast_to(x, errors.shape), errors, weights)
        residual = (weights * (errors - a[:, None] * x - c[:, None]) ** 2).sum(axis=1)
        better = residual < best
        best[better] = residual[better]
        found[:, better] = np.stack([a * middle**exponent, np.full_like(a, exponent), c])[:, better]
    return found[0], found[1], found[2]


def _line(x: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Slope and offset of each row, neither of them negative, by weighted least squares."""
    total, wx, wy = w.sum(axis=1), (w * x).sum(axis=1), (w * y).sum(axis=1)
    wxx, wxy = (w * x * x).sum(axis=1), (w * x * y).sum(axis=1)
    slope = (total * wxy - wx * wy) / np.maximum(total * wxx - wx * wx, 1e-300)
    offset = (wy - slope * wx) / total
    flat = slope < 0
    slope, offset = np.where(flat, 0.0, slope), np.where(flat, wy / total, offset)
    below = offset < 0
    return np.where(below, wxy / wxx, slope), np.where(below, 0.0, offset)


def resampled(curves: Sequence[Floats], rng: np.random.Generator) -> Floats:
    """(B, P) means over resampled faces, the same faces for every size, and resampled seeds, for each size anew.

    Args:
        curves: for each size (seeds, faces) errors.
    """
    faces = curves[0].shape[1]
    counts = rng.multinomial(faces, np.full(faces, 1 / faces), size=_RESAMPLES) / faces
    columns = []
    for errors in curves:
        means = errors @ counts.T  # (seeds, B)
        picked = rng.integers(0, len(errors), (len(errors), _RESAMPLES))
        columns.append(np.take_along_axis(means, picked, axis=0).mean(axis=0))
    return np.stack(columns, axis=1)


def fall(sizes: Sequence[int], curves: Sequence[Floats], *, seed: int = 0) -> dict[str, Any]:
    """How the mean error falls with the number of faces.

    ``doubling``: the factor on the error for twice the faces, of a straight line through the logarithms, over the measured
    sizes. ``a``, ``b``, ``c``: of the power law, None with a ``reason`` where there are too few sizes. ``determined``: both
    ends of the exponent's interval lie inside of what is tried; if not, other exponents fit as well.
    """
    n = np.asarray(sizes, dtype=np.float64)
    faces, seeds = curves[0].shape[1], min(len(errors) for errors in curves)
    found: dict[str, Any] = {"sizes": list(sizes), "faces": faces, "seeds": seeds, "determined": False}
    found |= dict.fromkeys(("a", "b", "c", "b_interval", "c_interval", "doubling", "doubling_interval"))
    if len(n) < 2 or faces < 2:
        return {**found, "reason": f"two sizes and two faces are needed, there are {len(n)} and {faces}"}
    means = np.array([[errors.mean() for errors in curves]])
    drawn = resampled(curves, np.random.default_rng(seed))
    found["doubling"] = float(_doubling(n, means)[0])
    found["doubling_interval"] = list(expanded_percentiles(_doubling(n, drawn), faces))
    if len(n) < _NEEDED:
        return {**found, "reason": f"three parameters need {_NEEDED} sizes, there are {len(n)}"}
    found |= dict(zip("abc", (float(value[0]) for value in power_law(n, means)), strict=True))
    _, exponents, floors = power_law(n, drawn)
    low, high = expanded_percentiles(exponents, faces)
    inside = bool(low > EXPONENTS[1] and high < EXPONENTS[-2] and found["a"] > 0)
    found |= {"b_interval": [low, high], "c_interval": list(expanded_percentiles(floors, faces))}
    reason = None if inside else "the exponent's interval reaches the end of what is tried"
    return {**found, "determined": inside, "reason": reason}


def _doubling(n: Floats, errors: Floats) -> Floats:
    x = np.log2(n) - np.log2(n).mean()
    return np.asarray(2 ** (np.log2(errors) @ x / (x @ x)))


def told(name: str, found: dict[str, Any]) -> str:
    """One honest line."""
    seeds = f"{found['seeds']} seeds"
    if found["seeds"] == 1:
        seeds = "1 seed, so no spread of trainings in the intervals"
    start = f"{name} ({found['faces']} faces, {seeds})"
    if found["doubling"] is None:
        return f"{start}: {found['reason']}."
    low, high = found["doubling_interval"]
    line = f"{start}: twice the faces, {found['doubling']:.3f} times the error [{low:.3f}, {high:.3f}]"
    if found["b"] is None:
        return f"{line}; no power law: {found['reason']}."
    (low, high), floor = found["b_interval"], found["c_interval"]
    line += f"; a·n^−b + c with a = {found['a']:.3g}, b = {found['b']:.2f} [{low:.2f}, {high:.2f}]"
    line += f", c = {found['c']:.2f} % [{floor[0]:.2f}, {floor[1]:.2f}]"
    return f"{line}." if found["determined"] else f"{line}: not determined, {found['reason']}."
