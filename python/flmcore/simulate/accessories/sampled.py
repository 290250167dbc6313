"""All that one person wears, drawn by lot, and how it is put on a head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from flmcore.simulate.accessories.clothes import Clothes, build_clothes, sample_clothes
from flmcore.simulate.accessories.earrings import Earrings, build_earrings, sample_earrings
from flmcore.simulate.accessories.facewear import Mask, build_mask, sample_mask
from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.glasses import build_glasses
from flmcore.simulate.accessories.hair import Hair, build_hair, sample_hair
from flmcore.simulate.accessories.hands import Hand, build_hand, sample_hand
from flmcore.simulate.accessories.head_fit import Posed, fit
from flmcore.simulate.accessories.headwear import SHROUDS, Headwear, build_headwear, sample_headwear
from flmcore.simulate.accessories.objects import Thing, build_thing, sample_thing
from flmcore.simulate.accessories.spectacles import Glasses, sample_glasses
from flmcore.simulate.chances import Chances
from flmcore.simulate.complexion.traits import Complexion
from flmcore.simulate.parts import Part
from flmcore.simulate.streams import streams

__all__ = ["Accessories", "sample_accessories"]


@dataclass(frozen=True)
class Accessories:
    """What a person wears and holds; None is nothing of that kind."""

    hair: Hair | None = None
    headwear: Headwear | None = None
    glasses: Glasses | None = None
    earrings: Earrings | None = None
    clothes: Clothes | None = None
    mask: Mask | None = None
    hand: Hand | None = None
    thing: Thing | None = None

    def build(self, head: Posed, complexion: Complexion) -> list[Part]:
        """The parts to draw, in the frame of a posed head; blended ones come last."""
        return self.fitted(fit(head, complexion))

    def fitted(self, head: Fitted) -> list[Part]:
        """The parts to draw on a head; blended ones come last."""
        parts: list[Part] = []
        if self.clothes is not None:
            parts += build_clothes(self.clothes, head)
        if self.hair is not None:
            parts += build_hair(self.hair, head)
        if self.headwear is not None:
            parts += build_headwear(self.headwear, head)
        if self.earrings is not None:
            parts.append(build_earrings(self.earrings, head))
        if self.mask is not None:
            parts.append(build_mask(self.mask, head))
        if self.hand is not None:
            parts += build_hand(self.hand, head)
        if self.thing is not None:
            parts += build_thing(self.thing, head)
        if self.glasses is not None:
            parts += build_glasses(self.glasses, head)
        return sorted(parts, key=lambda part: part.blend)


def sample_accessories(rng: np.random.Generator, chances: Chances | None = None) -> Accessories:
    """What one person wears and holds.

    The same generator state gives the same result; each kind draws from a generator of its own, so that changing one
    chance leaves the others' looks as they are.
    """
    chances = Chances() if chances is None else chances
    lots = rng.random(7).tolist()
    before = lots[5]
    own = streams(8, *rng.integers(0, 2**63, 2).tolist())
    worn = Accessories(
        hair=sample_hair(own[0]) if lots[0] < chances.hair else None,
        headwear=sample_headwear(own[1]) if lots[1] < chances.headwear else None,
        glasses=sample_glasses(own[2], dark=chances.dark) if lots[2] < chances.glasses else None,
        earrings=sample_earrings(own[3]) if lots[3] < chances.earrings else None,
        mask=sample_mask(own[4]) if lots[4] < chances.mask else None,
        hand=sample_hand(own[5]) if before < chances.hand else None,
        thing=sample_thing(own[6]) if chances.hand <= before < chances.hand + chances.thing else None,
        clothes=sample_clothes(own[7]) if lots[6] < chances.clothes else None,
    )
    return worn if worn.headwear is None else _under(worn, worn.headwear)


def _under(worn: Accessories, wear: Headwear) -> Accessories:
    """What changes when something is on the head: hair is pressed, cloth goes on round the neck."""
    hair, clothes = worn.hair, worn.clothes
    if hair is not None:
        hair = hair.flattened()
        if wear.kind in SHROUDS:
            hair = None if wear.kind == "headscarf" else replace(hair, curtain=None, fringe=None)
    if clothes is not None and wear.kind in SHROUDS:
        neck = "scarf" if wear.kind == "headscarf" else "hood"
        clothes = replace(clothes, neck=neck, cloth=wear.cloth, dark=wear.dark, bright=wear.bright)
    earrings = None if wear.kind in SHROUDS else worn.earrings
    return replace(worn, hair=hair, clothes=clothes, earrings=earrings)
