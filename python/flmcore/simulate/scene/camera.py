"""Where the camera stands, which part of its picture is kept, and where points of the head come to lie in it.

No product of matrices here goes to a library for linear algebra: how one adds up depends on the machine and its threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.settings import SimulateSettings

__all__ = ["Camera", "rotation", "sample_camera"]

_Rows = tuple[tuple[float, float, float], ...]
NEAREST = 20.0  # mm before the camera at which things are no longer drawn


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: a head's millimetres to pixels.

    Attributes:
        rotation: (3, 3) float64, the head's frame to the camera's (x right, y down, z away from it).
        translation: (3,) float64, mm: where the head's origin is in the camera's frame.
        focal: pixels.
        centre: (2,) pixel coordinates x, y of the optical axis, (0, 0) the centre of the top-left pixel.
        size: width and height of the image, pixels.
        angles: yaw, pitch, roll in degrees, to the line of sight. The person turned to the image's right has a positive yaw, the one who looks
            down a positive pitch; roll turns the head clockwise in the image.
    """

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]
    focal: float
    centre: tuple[float, float]
    size: tuple[int, int]
    angles: tuple[float, float, float]

    def to_camera(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Points (..., 3) of the head in the camera's frame, mm: float32."""
        x, y, z = np.ascontiguousarray(points.T, np.float32)
        turned = np.empty(points.shape, np.float32)
        for axis, (row, shift) in enumerate(
            zip(self.rotation.tolist(), self.translation.tolist(), strict=True)
        ):
            place = x * row[0]
            place += y * row[1]
            place += z * row[2]
            turned.T[axis] = place + shift
        return turned

    def to_pixels(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points (..., 3) of the camera's frame as (..., 3): x and y in pixels, and the depth in mm.

        What is not before the camera has a depth below the nearest that is drawn, and x and y that mean nothing.
        """
        depth = points[..., 2]
        scale = np.float32(self.focal) / np.maximum(depth, np.float32(NEAREST))
        seen = np.empty(points.shape, np.float32)
        for axis in range(2):
            seen[..., axis] = points[..., axis] * scale + np.float32(self.centre[axis])
        seen[..., 2] = depth
        return seen

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Points (..., 3) of the head as (..., 3): x, y in pixels, depth in mm."""
        return self.to_pixels(self.to_camera(points))


def rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """(3, 3): turned about the vertical axis, then nodded, then tilted in the image; degrees, signs as in Camera."""
    return np.array(_rows(yaw, pitch, roll))


def _rows(yaw: float, pitch: float, roll: float) -> _Rows:
    """:func:`rotation` in plain numbers: for nine of them NumPy takes longer to begin than to end."""
    (cy, sy), (cp, sp), (cr, sr) = ((math.cos(a), math.sin(a)) for a in map(math.radians, (yaw, pitch, roll)))
    nodded = ((cy, 0.0, -sy), (-sp * sy, cp, -sp * cy), (cp * sy, sp, cp * cy))
    return _product(((cr, -sr, 0.0), (sr, cr, 0.0), (0.0, 0.0, 1.0)), nodded)


def _facing(x: float, y: float, z: float) -> _Rows:
    """Turns a head that is off the optical axis to the camera, so that its angles are to the line of sight."""
    turn, nod = math.degrees(math.atan2(x, z)), math.degrees(math.atan2(y, math.hypot(x, z)))
    return _product(_rows(-turn, 0.0, 0.0), _rows(0.0, -nod, 0.0))


def _product(a: _Rows, b: _Rows) -> _Rows:
    (p, q, r), (s, t, u), (v, w, x) = b
    return tuple((i * p + j * s + k * v, i * q + j * t + k * w, i * r + j * u + k * x) for i, j, k in a)


def sample_camera(
    rng: np.random.Generator, landmarks: NDArray[np.floating], settings: SimulateSettings
) -> Camera:
    """A camera that sees the head, its image a window about the landmarks.

    Args:
        rng: all that is random comes from it.
        landmarks: (K, 3) of the head, mm; the image is chosen by their tight box.
        settings: limits.
    """
    angles = (
        _angle(rng, 18.0, settings.yaw, 0.35),
        _angle(rng, 9.0, settings.pitch, 0.2),
        _angle(rng, 8.0, settings.roll, 0.2),
    )
    near, far = settings.distance
    distance = near * (far / near) ** rng.random()
    # The head is seldom on the optical axis: what is kept is a part of a larger picture. Near cameras have wide lenses.
    wide = distance * math.sqrt(min(1.0, 900.0 / distance))
    across, down = (wide * min(max(aside, -0.3), 0.3) for aside in rng.normal(0.0, 0.12, 2).tolist())
    turned = _product(_facing(across, down, distance), _rows(*angles))
    x, y, z = landmarks.mean(axis=0, dtype=np.float64).tolist()
    middle = [i * x + j * y + k * z for i, j, k in turned]
    place = [there - here for there, here in zip((across, down, distance), middle, strict=True)]
    size = (settings.size, settings.size)
    camera = Camera(np.array(turned), np.array(place), 1.0, (0.0, 0.0), size, angles)
    return _window(rng, camera, landmarks, settings)


def _angle(rng: np.random.Generator, spread: float, limit: float, wide: float) -> float:
    """Mostly near 0; a share ``wide`` is anywhere up to the limit."""
    near, far, kind = rng.normal(0.0, spread), rng.uniform(-limit, limit), rng.random()
    return min(max(far if kind < wide else near, -limit), limit)


def _window(
    rng: np.random.Generator, camera: Camera, landmarks: NDArray[np.floating], settings: SimulateSettings
) -> Camera:
    """``camera`` with the focal length and centre that make its image the window about the landmarks."""
    seen = camera.project(landmarks)
    (left, top, _), (right, bottom, _) = seen.min(axis=0).tolist(), seen.max(axis=0).tolist()
    margin = rng.uniform(*settings.face_window)
    shift = rng.uniform(-settings.off_centre, settings.off_centre, 2)
    if rng.random() < settings.cut_face:
        margin *= rng.uniform(0.6, 0.9)
        shift *= 3.0
    side = settings.size / (margin * max(right - left, bottom - top))
    # Centre of a window of `size` pixels: (size - 1) / 2 where (0, 0) is the centre of a pixel.
    x, y = ((0.5 + shift) * settings.size - 0.5).tolist()
    return replace(camera, focal=side, centre=(x - side * (left + right) / 2, y - side * (top + bottom) / 2))
