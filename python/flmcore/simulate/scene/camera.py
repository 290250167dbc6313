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
        r, t = self.rotation.astype(np.float32), self.translation.astype(np.float32)
        x, y, z = points[..., 0], points[..., 1], points[..., 2]
        turned = np.empty(points.shape, np.float32)
        for axis in range(3):
            turned[..., axis] = r[axis, 0] * x + r[axis, 1] * y + r[axis, 2] * z + t[axis]
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
    (cy, sy), (cp, sp), (cr, sr) = ((math.cos(a), math.sin(a)) for a in map(math.radians, (yaw, pitch, roll)))
    turn = ((cy, 0.0, -sy), (0.0, 1.0, 0.0), (sy, 0.0, cy))
    nod = ((1.0, 0.0, 0.0), (0.0, cp, -sp), (0.0, sp, cp))
    tilt = ((cr, -sr, 0.0), (sr, cr, 0.0), (0.0, 0.0, 1.0))
    return _product(np.array(tilt), _product(np.array(nod), np.array(turn)))


def _facing(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3): turns a head that is off the optical axis to the camera, so that its angles are to the line of sight."""
    turn = math.degrees(math.atan2(place[0], place[2]))
    nod = math.degrees(math.atan2(place[1], math.hypot(place[0], place[2])))
    return _product(rotation(-turn, 0.0, 0.0), rotation(0.0, -nod, 0.0))


def _product(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return (a[:, :, None] * b[None]).sum(axis=1)  # type: ignore[no-any-return]


def sample_camera(
    rng: np.random.Generator, landmarks: NDArray[np.floating], settings: SimulateSettings
) -> Camera:
    """A camera that sees the head, its image a window about the landmarks.

    Args:
        rng: all that is random comes from it.
        landmarks: (K, 3) of the head, mm; the image is chosen by their tight box.
        settings: limits.
    """
    limits = (settings.yaw, settings.pitch, settings.roll)
    angles = (
        _angle(rng, 18.0, limits[0], 0.35),
        _angle(rng, 9.0, limits[1], 0.2),
        _angle(rng, 8.0, limits[2], 0.2),
    )
    near, far = settings.distance
    distance = near * (far / near) ** rng.random()
    # The head is seldom on the optical axis: what is kept is a part of a larger picture. Near cameras have wide lenses.
    aside = rng.normal(0.0, 0.12, 2).clip(-0.3, 0.3) * math.sqrt(min(1.0, 900.0 / distance))
    place = np.array([aside[0] * distance, aside[1] * distance, distance])
    turned = _product(_facing(place), rotation(*angles))
    camera = Camera(turned, np.zeros(3), 1.0, (0.0, 0.0), (settings.size, settings.size), angles)
    middle = camera.to_camera(landmarks.mean(axis=0)).astype(np.float64)
    return _window(rng, replace(camera, translation=place - middle), landmarks, settings)


def _angle(rng: np.random.Generator, spread: float, limit: float, wide: float) -> float:
    """Mostly near 0; a share ``wide`` is anywhere up to the limit."""
    near, far, kind = rng.normal(0.0, spread), rng.uniform(-limit, limit), rng.random()
    return float(np.clip(far if kind < wide else near, -limit, limit))


def _window(
    rng: np.random.Generator, camera: Camera, landmarks: NDArray[np.floating], settings: SimulateSettings
) -> Camera:
    """``camera`` with the focal length and centre that make its image the window about the landmarks."""
    seen = camera.project(landmarks)[:, :2].astype(np.float64)
    low, high = seen.min(axis=0), seen.max(axis=0)
    margin = rng.uniform(*settings.face_window)
    shift = rng.uniform(-settings.off_centre, settings.off_centre, 2)
    if rng.random() < settings.cut_face:
        margin *= rng.uniform(0.6, 0.9)
        shift *= 3.0
    side = settings.size / (margin * float((high - low).max()))
    # Centre of a window of `size` pixels: (size - 1) / 2 where (0, 0) is the centre of a pixel.
    at = (0.5 + shift) * settings.size - 0.5 - side * (low + high) / 2
    return replace(camera, focal=side, centre=(float(at[0]), float(at[1])))
