"""All that one person wears, drawn by lot, and how it is put on a head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flmcore.simulate.accessories.clothes import Clothes, build_clothes, sample_clothes
from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.glasses import Glasses, build_glasses, sample_glasses
from flmcore.simulate.accessories.hair import Hair, build_hair, sample_hair
from flmcore.simulate.parts import Part

__all__ = ["Accessories", "sample_accessories"]


@dataclass(frozen=True)
class Accessories:
    """What a person wears; None is nothing of that kind."""

    hair: Hair | None = None
    glasses: Glasses | None = None
    clothes: Clothes | None = None

    def fitted(self, head: Fitted) -> list[Part]:
        """The parts to draw on a head; blended ones come last."""
        parts: list[Part] = []
        if self.clothes is not None:
            parts += build_clothes(self.clothes, head)
        if self.hair is not None:
            parts += build_hair(self.hair, head)
        if self.glasses is not None:
            parts += build_glasses(self.glasses, head)
        parts.sort(key=lambda part: part.blend)
        return parts


def sample_accessories(rng: np.random.Generator) -> Accessories:
    """What one person wears."""
    return Accessories(
        hair=sample_hair(rng),
        glasses=sample_glasses(rng) if rng.random() < 0.2 else None,
        clothes=sample_clothes(rng),
    )
