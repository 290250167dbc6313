"""What a head wears and what passes before it: hair, hats, glasses, clothes, ear-rings, hands and things."""

from __future__ import annotations

from flmcore.simulate.accessories.sampled import Accessories, sample_accessories

__all__ = ["Accessories", "sample_accessories"]
