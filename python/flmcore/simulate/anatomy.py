"""Where the 68 landmarks lie on an average adult head, and the chart that unrolls its skin.

The lengths between landmarks are rounded means of direct anthropometry (Farkas, Anthropometry of the head and face, 2nd
ed. 1994, means of women and men): biocular width 89 mm, intercanthal 32, nose 35, mouth 51, nasion to gnathion 118, nasion
to subnasale 51, subnasale to gnathion 68, bitragal width 142, tragion to nasion, subnasale and gnathion 120, 125 and
138. What these do not settle was placed so that the average, seen from a metre, lies where published detectors put the
landmarks of 35 nearly frontal photographs (median, mouth closed): their eyes are 2 mm narrower than Farkas', the corners
of the lids being marked where white is seen, and their faces longer below the nose.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHART_LOWEST", "CHART_TOP", "CHART_TURN", "MEAN_LANDMARKS", "chart"]

# Half of the face, x ≤ 0 (the person's right): 300w-68 index → x, y, z in mm. The other half is its mirror image.
_RIGHT = {
    # contour, ear to chin
    0: (-74.0, -23.5, -8.0),
    1: (-73.5, -5.0, -8.0),
    2: (-71.0, 13.5, -11.0),
    3: (-67.5, 32.5, -16.0),
    4: (-60.5, 50.5, -26.0),
    5: (-50.0, 65.5, -42.0),
    6: (-35.5, 77.5, -60.0),
    7: (-18.8, 86.0, -77.0),
    8: (0.0, 89.0, -86.0),
    # brow, outer end first
    17: (-58.0, -38.5, -69.0),
    18: (-49.5, -45.8, -83.0),
    19: (-37.0, -48.0, -92.0),
    20: (-24.5, -45.5, -97.0),
    21: (-12.3, -41.5, -99.5),
    # nose: bridge, then base from the wing
    27: (0.0, -27.0, -97.5),
    28: (0.0, -14.5, -104.5),
    29: (0.0, -2.5, -112.5),
    30: (0.0, 9.8, -121.0),
    31: (-14.0, 18.8, -98.0),
    32: (-7.0, 21.5, -102.0),
    33: (0.0, 23.3, -104.0),
    # eye: outer corner, upper lid, inner corner, lower lid
    36: (-43.8, -24.5, -75.0),
    37: (-36.3, -29.0, -82.3),
    38: (-26.7, -29.0, -84.0),
    39: (-18.6, -22.7, -80.5),
    40: (-27.0, -20.6, -83.2),
    41: (-36.6, -20.6, -82.0),
    # mouth: outer line from the corner, upper then lower lip
    48: (-26.5, 41.2, -88.5),
    49: (-16.5, 37.8, -100.0),
    50: (-6.8, 34.5, -106.5),
    51: (0.0, 35.8, -107.0),
    59: (-16.5, 48.6, -98.5),
    58: (-7.5, 52.0, -103.5),
    57: (0.0, 52.8, -104.5),
    # mouth: inner line, closed
    60: (-23.0, 41.6, -91.5),
    61: (-8.0, 41.7, -102.5),
    62: (0.0, 42.0, -103.5),
    67: (-8.0, 42.5, -102.3),
    66: (0.0, 42.8, -103.3),
}
_MIRROR = {
    **{i: 16 - i for i in range(8)},
    **{17 + i: 26 - i for i in range(5)},
    31: 35,
    32: 34,
    36: 45,
    37: 44,
    38: 43,
    39: 42,
    40: 47,
    41: 46,
    48: 54,
    49: 53,
    50: 52,
    59: 55,
    58: 56,
    60: 64,
    61: 63,
    67: 65,
}


def _both_halves() -> NDArray[np.float64]:
    points = np.full((68, 3), np.nan)
    for index, point in _RIGHT.items():
        points[index] = point
        if index in _MIRROR:
            points[_MIRROR[index]] = (-point[0], point[1], point[2])
    return points


MEAN_LANDMARKS = _both_halves()  # (68, 3) mm, 300w-68 in the head's frame
MEAN_LANDMARKS.setflags(write=False)

# The chart: degrees of turn about the vertical axis through the origin that the width of the texture spans, and the y
# that its upper and lower edge show.
CHART_TURN = 240.0
CHART_TOP = -130.0
CHART_LOWEST = 126.0


def chart(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where points (..., 3) of the average head lie on the texture of its skin: (..., 2), u and v from 0 to 1.

    A cylinder's: u goes with the turn about the vertical axis (0.5 straight ahead, more to the person's left), v with
    y. What lies behind, or above or below, is beyond 0 and 1, where the texture's edge is repeated.
    """
    points = np.asarray(points, np.float64)
    turn = np.degrees(np.arctan2(points[..., 0], -points[..., 2]))
    v = (points[..., 1] - CHART_TOP) / (CHART_LOWEST - CHART_TOP)
    return np.stack([0.5 + turn / CHART_TURN, v], axis=-1)
