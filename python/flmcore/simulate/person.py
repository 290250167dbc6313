"""Who is drawn: one person's head, surface and textures, which several images share."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.complexion import (
    Complexion,
    paint_ear,
    paint_eye,
    paint_mouth,
    paint_skin,
    paint_teeth,
    sample_complexion,
    skin_gloss,
    skin_labels,
)
from flmcore.simulate.head import own_head
from flmcore.simulate.parts import CLASSES, Geometry, Part

__all__ = ["Person", "person"]

_STREAM = 1


@dataclass(frozen=True)
class Person:
    """One person.

    Attributes:
        shape: of the head, as :func:`sample_shape` gives it.
        complexion: skin, hair, eyes.
        textures: by the name of the head's part.
    """

    shape: Any
    complexion: Complexion
    textures: dict[str, NDArray[np.uint8]]

    @functools.cached_property
    def labels(self) -> NDArray[np.uint8]:
        """(256, 320), classes of the skin's texels."""
        return skin_labels(self.complexion)

    def dressed(self, name: str, geometry: Geometry) -> Part:
        """A part of the head with this person's surface."""
        gloss, shininess = _SURFACES.get(name) or skin_gloss(self.complexion)
        options = {"cutout": False, **_OPTIONS.get(name, {})}
        return Part(
            name, geometry, self.textures[name], CLASSES[_LABELS[name]], gloss, shininess, options=options
        )


_LABELS = {
    "skin": "skin",
    "left_eye": "left_eye",
    "right_eye": "right_eye",
    "left_ear": "left_ear",
    "right_ear": "right_ear",
    "upper_teeth": "mouth_interior",
    "lower_teeth": "mouth_interior",
    "mouth": "mouth_interior",
}
_SURFACES = {
    "left_eye": (0.7, 160.0),
    "right_eye": (0.7, 160.0),
    "upper_teeth": (0.35, 40.0),
    "lower_teeth": (0.35, 40.0),
    "mouth": (0.15, 20.0),
}
# Light from around that arrives; and how much a normal leans to the middle one: the white of an eye lets light in, and
# does not get as dark towards its rim as chalk would.
_OPTIONS: dict[str, dict[str, Any]] = {
    "left_eye": {"occlusion": 0.75, "flatten": 0.5},
    "right_eye": {"occlusion": 0.75, "flatten": 0.5},
    "upper_teeth": {"occlusion": 0.65},
    "lower_teeth": {"occlusion": 0.55},
    "mouth": {"occlusion": 0.3},
}


@functools.lru_cache(maxsize=8)  # neighbouring images are of the same person
def person(seed: int, number: int, identity: float, texture: str) -> Person:
    """The person of this number, always the same; ``texture`` as in the settings."""
    rng = np.random.default_rng([seed, _STREAM, number])
    shape = own_head().sample_shape(rng, identity)
    complexion = sample_complexion(rng)
    textures = _textures(complexion)
    if texture == "plain":
        textures = {name: _plain(picture) for name, picture in textures.items()}
    return Person(shape, complexion, textures)


def _textures(complexion: Complexion) -> dict[str, NDArray[np.uint8]]:
    eye, teeth, ear = paint_eye(complexion), paint_teeth(complexion), paint_ear(complexion)
    return {
        "skin": paint_skin(complexion),
        "left_eye": eye,
        "right_eye": eye,
        "upper_teeth": teeth,
        "lower_teeth": np.ascontiguousarray(teeth[::-1]),
        "mouth": paint_mouth(complexion),
        "left_ear": ear,
        "right_ear": ear,
    }


def _plain(texture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same size, every texel the mean colour."""
    return np.broadcast_to(np.rint(texture.mean(axis=(0, 1))).astype(np.uint8), texture.shape).copy()
