"""Skin, brows, lashes, lips, facial hair, eyes and teeth: what a person's surface looks like, and its textures."""

from .labels import skin_labels
from .organs import paint_ear, paint_eye, paint_mouth, paint_teeth
from .sampling import sample_complexion
from .skin import paint_skin, skin_gloss
from .traits import Complexion

__all__ = [
    "Complexion",
    "paint_ear",
    "paint_eye",
    "paint_mouth",
    "paint_skin",
    "paint_teeth",
    "sample_complexion",
    "skin_gloss",
    "skin_labels",
]
