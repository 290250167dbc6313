"""What a head is put together from before it is drawn.

Frame of a head: millimetres, x to the right as a camera before the face sees it (the person's left), y down, z away from
that camera, into the head. The origin is midway between the two tragi; the horizontal plane through it is Frankfurt's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLASSES", "Geometry", "Part"]

# What a pixel shows, with the numbers of FaceSynthetics' segmentation images.
CLASSES = {
    "background": 0,
    "skin": 1,
    "nose": 2,
    "right_eye": 3,
    "left_eye": 4,
    "right_brow": 5,
    "left_brow": 6,
    "right_ear": 7,
    "left_ear": 8,
    "mouth_interior": 9,
    "top_lip": 10,
    "bottom_lip": 11,
    "neck": 12,
    "hair": 13,
    "beard": 14,
    "clothing": 15,
    "glasses": 16,
    "headwear": 17,
    "facewear": 18,
    "ignore": 255,
}


@dataclass(frozen=True)
class Geometry:
    """Triangles in the head's frame.

    Attributes:
        vertices: (V, 3) float32, mm.
        triangles: (F, 3) int32, counter-clockwise as seen from outside on the screen, where y points down.
        uv: (V, 2) float32, where a vertex lies on its texture: from 0 to 1, u to the right and v down.
    """

    vertices: NDArray[np.float32]
    triangles: NDArray[np.int32]
    uv: NDArray[np.float32]


@dataclass(frozen=True)
class Part:
    """A thing that is drawn.

    Attributes:
        name: such as ``skin``, ``left_eye``, ``hair``.
        geometry: its triangles.
        texture: (H, W, 4) uint8, sRGB and coverage: 0 is a hole. Opaque parts are cut out at 128.
        label: what its pixels show, of :data:`CLASSES`.
        gloss: how much of a light is mirrored, 0 (cloth) to 1 (wet eye).
        shininess: exponent of the highlight (Blinn-Phong), about 5 (skin) to 200 (eye).
        two_sided: drawn from behind, too.
        blend: drawn after all opaque parts, in order, its coverage mixing it over what is behind (lenses, shadows).
        options: what a later stage may want to know.
    """

    name: str
    geometry: Geometry
    texture: NDArray[np.uint8]
    label: int
    gloss: float = 0.1
    shininess: float = 8.0
    two_sided: bool = False
    blend: bool = False
    options: dict[str, Any] | None = None
