"""Places that the skin of the average head passes through, beyond the landmarks: placed by eye, half a head.

Millimetres in the head's frame; x ≤ 0, the other half is the mirror image. Heights over the landmarks' own follow the
same anthropometry (see :mod:`flmcore.simulate.anatomy`); a fitted thin plate smooths what the eye placed unevenly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["half_controls"]

_MIDLINE = {
    "forehead high": (0, -92.0, -85.5),
    "forehead": (0, -78.0, -93.0),
    "forehead low": (0, -62.0, -98.0),
    "glabella": (0, -41.5, -101.5),
    "nasal root": (0, -34.4, -99.5),
    "under the tip": (0, 15.6, -119.5),
    "columella": (0, 20.2, -112.0),
    "philtrum": (0, 29.6, -104.5),
    "upper lip, red": (0, 38.9, -107.9),
    "lower lip, red": (0, 47.5, -107.3),
    "under the lower lip": (0, 56.8, -101.3),
    "mentolabial fold": (0, 62.0, -99.8),
    "chin, upper": (0, 69.0, -101.8),
    "pogonion": (0, 75.5, -102.3),
    "chin, lower": (0, 83.6, -97.5),
    "submental, front": (0, 92.5, -74.0),
    "submental": (0, 95.6, -58.0),
    "throat": (0, 100.5, -44.0),
    "neck": (0, 114.0, -39.0),
    "neck, low": (0, 135.0, -36.0),
}
_HALF = {
    # forehead and temple
    "forehead, side high": (-27, -88.0, -83.5),
    "forehead, side": (-30, -66.0, -92.5),
    "forehead, outer": (-52, -62.0, -76.0),
    "forehead, outer high": (-47, -84.0, -68.0),
    "temple": (-63, -39.7, -52.0),
    "temple, back": (-70, -37.9, -28.0),
    "temple, high": (-66, -62.0, -44.0),
    "before the ear": (-71.5, -29.0, -14.0),
    # orbit
    "brow ridge": (-33, -41.5, -94.0),
    "brow ridge, inner": (-18, -39.7, -98.0),
    "brow ridge, outer": (-50, -37.9, -79.0),
    "orbit, above outer": (-46, -31.7, -77.5),
    "orbit, above": (-38, -34.4, -85.5),
    "orbit, above middle": (-30, -35.2, -88.5),
    "orbit, above inner": (-21, -34.4, -90.5),
    "orbit, inner": (-13.5, -29.0, -90.5),
    "lid fold, outer": (-39, -31.1, -82.5),
    "lid fold": (-31, -32.4, -85.3),
    "lid fold, inner": (-24, -31.7, -86.2),
    "upper lid": (-31, -30.2, -85.0),
    "lower lid": (-31, -19.4, -83.8),
    "canthus, inner side": (-13.0, -23.6, -85.5),
    "canthus, outer side": (-50, -24.5, -68.0),
    "under the lid": (-31, -13.4, -85.0),
    "under the lid, outer": (-41, -14.0, -80.5),
    "tear trough": (-20, -14.6, -86.0),
    # cheek
    "cheek, upper": (-32, 0.0, -87.0),
    "cheekbone": (-44, 2.2, -81.0),
    "cheekbone, outer": (-54, -3.2, -69.0),
    "zygion": (-63, -5.3, -47.0),
    "arch": (-68.5, -6.4, -25.0),
    "cheek, inner": (-24, 6.5, -88.5),
    "cheek": (-38, 19.8, -82.5),
    "cheek, outer": (-51, 18.4, -70.0),
    "cheek, back": (-61, 18.4, -48.0),
    "cheek, low": (-44, 34.5, -76.5),
    "cheek, low outer": (-54, 35.4, -60.0),
    "masseter": (-62, 31.8, -35.0),
    # nose
    "root, side": (-6.5, -24.5, -93.5),
    "bridge, side": (-6.5, -10.9, -102.0),
    "wall": (-11.0, -10.9, -93.0),
    "foot of the wall": (-17.0, -8.5, -88.0),
    "back, side": (-6.0, 0.0, -110.0),
    "wall, low": (-11.0, 0.0, -99.5),
    "foot, low": (-18.5, 2.2, -90.0),
    "tip, side": (-6.0, 9.3, -118.0),
    "tip, upper side": (-5.5, 4.4, -115.5),
    "tip to wing": (-11.0, 7.1, -108.5),
    "wing, top": (-14.5, 4.4, -101.0),
    "wing": (-16.5, 9.3, -100.5),
    "wing, crease": (-18.8, 12.0, -91.5),
    "wing, rim": (-13.0, 15.0, -104.5),
    "nostril": (-7.5, 16.7, -107.0),
    "wing, foot": (-16.3, 19.1, -93.2),
    # around the mouth
    "fold, upper": (-23, 17.0, -89.0),
    "fold": (-29, 28.2, -87.5),
    "fold, low": (-33.5, 38.8, -84.0),
    "lip skin": (-15, 29.1, -99.0),
    "philtral ridge": (-5, 30.0, -105.3),
    "lip skin, outer": (-23, 33.6, -93.0),
    "upper red": (-9, 39.3, -106.0),
    "upper red, outer": (-17, 40.4, -99.0),
    "lower red": (-9, 47.5, -105.3),
    "lower red, outer": (-17, 45.7, -98.2),
    "beside the corner": (-30, 43.3, -86.0),
    "under the corner": (-28, 50.7, -87.0),
    "marionette": (-30, 62.0, -81.0),
    "under the lip": (-14, 58.5, -96.0),
    "chin, side upper": (-12, 68.0, -98.0),
    "chin, side": (-14, 76.0, -96.5),
    "chin, outer": (-24, 71.0, -87.0),
    # jaw and neck
    "jaw, front": (-37, 62.0, -74.0),
    "jaw": (-47, 51.8, -62.0),
    "jaw, back": (-57, 44.4, -42.0),
    "under the jaw, back": (-57, 70.0, -12.0),
    "under the jaw": (-47, 80.3, -32.0),
    "under the jaw, front": (-35, 87.9, -47.0),
    "under the chin, side": (-19, 93.0, -64.0),
    "under the chin, back": (-18, 97.8, -48.0),
    "neck, front side": (-25, 114.0, -33.0),
    "neck, side": (-50, 114.0, -5.0),
}
# Under the chin the skin runs back, nearly level: there q goes on with the length of the way.
_UNROLLED = {
    "upper lip, red": 38.2,
    "submental, front": 98.0,
    "submental": 110.0,
    "throat": 124.0,
    "neck": 136.0,
    "neck, low": 158.0,
    "under the jaw, front": 96.0,
    "under the chin, side": 102.0,
    "under the chin, back": 116.0,
    "neck, front side": 130.0,
    "neck, side": 120.0,
}


def half_controls() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points (N, 3), mm, x ≤ 0, and their q in the plane, NaN where it is their y."""
    names = {**_MIDLINE, **_HALF}
    points = np.array([names[name] for name in names], np.float64)
    return points, np.array([_UNROLLED.get(name, np.nan) for name in names])
