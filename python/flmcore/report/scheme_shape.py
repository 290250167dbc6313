"""Where a scheme's landmarks lie on a schematic face: for charts, not for measuring.

Unit: the distance of the outer eye corners; (0, 0) between the eyes, x right, y down. WFLW-98 and LaPa-106 are drawn by
hand here, the left half and the midline, the right half by the flip; the others follow through the registry's mappings.
"""

from __future__ import annotations

import json
from functools import cache

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.ops.remap import remap

__all__ = ["shape_of"]

Points = NDArray[np.float64]
Half = dict[int, tuple[float, float]]

_BROW = [(-0.67, -0.24), (-0.56, -0.37), (-0.40, -0.42), (-0.25, -0.39), (-0.11, -0.30)]
_BROW_BELOW = [(-0.13, -0.22), (-0.26, -0.29), (-0.40, -0.32), (-0.55, -0.29)]
_EYE = [
    (-0.5, 0.0),
    (-0.435, -0.075),
    (-0.35, -0.1),
    (-0.265, -0.07),
    (-0.2, 0.02),
    (-0.27, 0.07),
    (-0.35, 0.085),
    (-0.435, 0.06),
]
_PUPIL = (-0.35, -0.005)
_BRIDGE = [(0.0, -0.04), (0.0, 0.1), (0.0, 0.24), (0.0, 0.38)]
_LIPS = {
    0: (-0.3, 0.79),
    1: (-0.2, 0.715),
    2: (-0.08, 0.68),
    3: (0.0, 0.7),
    9: (0.0, 1.03),
    10: (-0.1, 1.015),
    11: (-0.21, 0.935),
}
_MOUTH = {0: (-0.225, 0.8), 1: (-0.1, 0.77), 2: (0.0, 0.775), 6: (0.0, 0.92), 7: (-0.1, 0.905)}


def _contour(above: float, steps: int) -> list[tuple[float, float]]:
    """The jaw from the left ear to the chin in equal steps; it begins ``above`` steps higher than 300-W's."""
    t = np.linspace(0, np.pi / 2, 2000)
    x, y = -0.82 * np.cos(t) ** 0.8, -0.05 + 1.38 * np.sin(t) ** 1.15
    x, y = np.append(-0.82, x), np.append(-0.25, y)  # up beside the ear
    length = np.append(0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    start = length[1]
    step = (length[-1] - start) / (steps - above)
    places = start + step * (np.arange(steps + 1) - above)
    return list(
        zip(np.interp(places, length, x).tolist(), np.interp(places, length, y).tolist(), strict=True)
    )


def _common(contour: list[tuple[float, float]], eye: int, lips: int) -> Half:
    half: Half = dict(enumerate(contour))
    half |= {33 + i: xy for i, xy in enumerate(_BROW + _BROW_BELOW)}
    half |= {51 + i: xy for i, xy in enumerate(_BRIDGE)}
    half |= {eye + i: xy for i, xy in enumerate(_EYE)}
    half |= {lips + i: xy for i, xy in _LIPS.items()}
    return half | {lips + 12 + i: xy for i, xy in _MOUTH.items()}


def _wflw() -> Half:
    nose: Half = {55: (-0.16, 0.47), 56: (-0.085, 0.515), 57: (0.0, 0.53)}
    return _common(_contour(0, 16), 60, 76) | nose | {96: _PUPIL}


def _lapa() -> Half:
    nose: Half = {
        55: (-0.1, 0.06),
        56: (-0.135, 0.28),
        57: (-0.185, 0.4),
        58: (-0.16, 0.49),
        59: (-0.085, 0.525),
        60: (0.0, 0.54),
    }
    return _common(_contour(1, 16), 66, 84) | nose | {74: _PUPIL, 104: _PUPIL}


def _whole(name: str, half: Half) -> Points:
    flip = schemes.get(name).flip
    points = np.full((len(flip), 2), np.nan)
    for index, (x, y) in half.items():
        points[index], points[flip[index]] = (x, y), (-x, y)
    return points


@cache
def _mesh() -> Points:
    from importlib.resources import files

    text = (files("flmcore.report") / "shapes" / "mediapipe-478.json").read_text(encoding="utf-8")
    return np.array(json.loads(text)["points"])


def shape_of(scheme: str) -> Points:
    """(K, 2) places of the scheme's landmarks.

    Raises:
        ValueError: an unknown scheme, or one that no drawn scheme leads to.
    """
    name = schemes.get(scheme).name
    if name in ("mediapipe-468", "mediapipe-478"):
        return _mesh()[: schemes.get(name).landmarks].copy()
    for source, half in (("wflw-98", _wflw()), ("lapa-106", _lapa())):
        drawn = _whole(source, half)
        if name == source:
            return drawn
        try:
            points = np.asarray(remap(drawn, source, name), dtype=np.float64)
        except ValueError:
            continue
        if name == "facesynthetics-70":
            points[list(schemes.get(name).groups["pupils"])] = drawn[
                list(schemes.get(source).groups["pupils"])
            ]
        if np.isfinite(points).all():
            mirrored = points[list(schemes.get(name).flip)] * (-1, 1)
            return np.asarray((points + mirrored) / 2)  # the weights differ a little from side to side
    msg = f"scheme: expected one that the schematic face has every landmark of, got {name!r}"
    raise ValueError(msg)
