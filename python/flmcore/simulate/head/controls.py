"""Places that the skin of the average head passes through, beyond the landmarks: placed by eye, half a head.

Millimetres in the head's frame; x ≤ 0, the other half is the mirror image. Heights over the landmarks' own follow the
same anthropometry (see :mod:`flmcore.simulate.anatomy`); a fitted thin plate smooths what the eye placed unevenly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["half_controls"]

_MIDLINE = {
    "forehead high": (0, -92, -85.5),
    "forehead": (0, -78, -93.0),
    "forehead low": (0, -62, -98.0),
    "glabella": (0, -42, -101.5),
    "nasal root": (0, -34, -99.5),
    "under the tip": (0, 13.0, -119.5),
    "columella": (0, 16.3, -112.0),
    "philtrum": (0, 25.5, -104.5),
    "upper lip, red": (0, 36.5, -107.8),
    "lower lip, red": (0, 45.0, -107.3),
    "under the lower lip": (0, 53.5, -101.3),
    "mentolabial fold": (0, 58.0, -99.8),
    "chin, upper": (0, 65.0, -101.8),
    "pogonion": (0, 71.5, -102.3),
    "chin, lower": (0, 79.0, -97.5),
    "submental, front": (0, 88.0, -74.0),
    "submental": (0, 91.5, -58.0),
    "throat": (0, 97.0, -44.0),
    "neck": (0, 112.0, -39.0),
    "neck, low": (0, 135.0, -36.0),
}
_HALF = {
    # forehead and temple
    "forehead, side high": (-27, -88, -83.5),
    "forehead, side": (-30, -66, -92.5),
    "forehead, outer": (-52, -62, -76.0),
    "forehead, outer high": (-47, -84, -68.0),
    "temple": (-63, -40, -52.0),
    "temple, back": (-70, -38, -28.0),
    "temple, high": (-66, -62, -44.0),
    "before the ear": (-71.5, -28, -14.0),
    # orbit
    "brow ridge": (-33, -42, -94.0),
    "brow ridge, inner": (-18, -40, -98.0),
    "brow ridge, outer": (-50, -38, -79.0),
    "orbit, above outer": (-46, -31, -77.5),
    "orbit, above": (-38, -34, -85.5),
    "orbit, above middle": (-30, -35, -88.5),
    "orbit, above inner": (-21, -34, -90.5),
    "orbit, inner": (-13.5, -28, -90.5),
    "lid fold, outer": (-39, -30.3, -82.5),
    "lid fold": (-31, -31.8, -85.3),
    "lid fold, inner": (-24, -31.0, -86.2),
    "upper lid": (-31, -29.4, -85.0),
    "lower lid": (-31, -16.9, -83.8),
    "canthus, inner side": (-13.0, -21.0, -85.5),
    "canthus, outer side": (-50, -22, -68.0),
    "under the lid": (-31, -12.0, -85.0),
    "under the lid, outer": (-41, -12.5, -80.5),
    "tear trough": (-20, -13.0, -86.0),
    # cheek
    "cheek, upper": (-32, 0.0, -87.0),
    "cheekbone": (-44, 2.0, -81.0),
    "cheekbone, outer": (-54, -3.0, -69.0),
    "zygion": (-63, -5, -47.0),
    "arch": (-68.5, -6, -25.0),
    "cheek, inner": (-24, 6.0, -88.5),
    "cheek": (-38, 16, -82.5),
    "cheek, outer": (-51, 15, -70.0),
    "cheek, back": (-61, 15, -48.0),
    "cheek, low": (-44, 31, -76.5),
    "cheek, low outer": (-54, 32, -60.0),
    "masseter": (-62, 28, -35.0),
    # nose
    "root, side": (-6.5, -22, -93.5),
    "bridge, side": (-6.5, -10, -102.0),
    "wall": (-11.0, -10, -93.0),
    "foot of the wall": (-17.0, -8, -88.0),
    "back, side": (-6.0, 0.0, -110.0),
    "wall, low": (-11.0, 0.0, -99.5),
    "foot, low": (-18.5, 2.0, -90.0),
    "tip, side": (-6.0, 8.5, -118.0),
    "tip, upper side": (-5.5, 4.0, -115.5),
    "tip to wing": (-11.0, 6.5, -108.5),
    "wing, top": (-14.5, 4.0, -101.0),
    "wing": (-16.5, 8.5, -100.5),
    "wing, crease": (-18.8, 10.5, -91.5),
    "wing, rim": (-13.0, 12.6, -104.5),
    "nostril": (-7.5, 13.8, -107.0),
    "wing, foot": (-16.3, 15.5, -93.2),
    # around the mouth
    "fold, upper": (-23, 14, -89.0),
    "fold": (-29, 24, -87.5),
    "fold, low": (-33.5, 36, -84.0),
    "lip skin": (-15, 25, -99.0),
    "philtral ridge": (-5, 26, -105.3),
    "lip skin, outer": (-23, 30, -93.0),
    "upper red": (-9, 36.5, -106.0),
    "upper red, outer": (-17, 37.8, -99.0),
    "lower red": (-9, 45.0, -105.3),
    "lower red, outer": (-17, 43.2, -98.2),
    "beside the corner": (-30, 41, -86.0),
    "under the corner": (-28, 48, -87.0),
    "marionette": (-30, 58, -81.0),
    "under the lip": (-14, 55, -96.0),
    "chin, side upper": (-12, 64, -98.0),
    "chin, side": (-14, 72, -96.5),
    "chin, outer": (-24, 67, -87.0),
    # jaw and neck
    "jaw, front": (-37, 58, -74.0),
    "jaw": (-47, 49, -62.0),
    "jaw, back": (-57, 42, -42.0),
    "under the jaw, back": (-57, 66, -12.0),
    "under the jaw": (-47, 76, -32.0),
    "under the jaw, front": (-35, 83, -47.0),
    "under the chin, side": (-19, 88.5, -64.0),
    "under the chin, back": (-18, 94.0, -48.0),
    "neck, front side": (-25, 112.0, -33.0),
    "neck, side": (-50, 112.0, -5.0),
}
# Under the chin the skin runs back, nearly level: there q goes on with the length of the way.
_UNROLLED = {
    "submental, front": 94.0,
    "submental": 106.0,
    "throat": 120.0,
    "neck": 136.0,
    "neck, low": 158.0,
    "under the jaw, front": 92.0,
    "under the chin, side": 98.0,
    "under the chin, back": 112.0,
    "neck, front side": 130.0,
    "neck, side": 116.0,
}


def half_controls() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points (N, 3), mm, x ≤ 0, and their q in the plane, NaN where it is their y."""
    names = {**_MIDLINE, **_HALF}
    points = np.array([names[name] for name in names], np.float64)
    return points, np.array([_UNROLLED.get(name, np.nan) for name in names])
