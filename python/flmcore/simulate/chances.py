"""How often a drawn person wears or holds something."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from flmcore.detectors.checks import UnexpectedValue, number
from flmcore.nearest import nearest

__all__ = ["Chances", "as_chances"]


@dataclass(frozen=True)
class Chances:
    """How often something is worn or held before the face, each from 0 to 1.

    Attributes:
        hair: 1 is all but the bald.
        glasses: of any kind; ``dark`` of them are sunglasses.
        headwear, earrings: on the head.
        mask: over mouth and nose.
        hand: a hand alone before part of the face.
        thing: something else there, mostly with the hand that holds it.
        clothes: shoulders; without them the neck ends in nothing.
    """

    hair: float = 1.0
    glasses: float = 0.2
    dark: float = 0.25
    headwear: float = 0.15
    earrings: float = 0.18
    mask: float = 0.03
    hand: float = 0.07
    thing: float = 0.05
    clothes: float = 1.0


def as_chances(value: object) -> Chances:
    """A check for settings: :class:`Chances`, or a table with some of its keys.

    Raises:
        UnexpectedValue: another key, a number that is not from 0 to 1, or hand and thing that are more together.
    """
    if isinstance(value, Chances):
        value = dataclasses.asdict(value)
    known = [field.name for field in dataclasses.fields(Chances)]
    if not isinstance(value, Mapping):
        raise UnexpectedValue(f"a table of {', '.join(known)}", value)  # noqa: EM102
    for key, chance in value.items():
        if key not in known:
            raise UnexpectedValue(f"keys of {', '.join(known)}", key, nearest(str(key), known))  # noqa: EM102
        if not 0 <= number(chance) <= 1:
            raise UnexpectedValue(f"a number from 0 to 1 for {key}", chance)  # noqa: EM102
    chances = Chances(**{key: number(chance) for key, chance in value.items()})
    if chances.hand + chances.thing > 1 + 1e-9:  # only one of them is before a face
        raise UnexpectedValue("at most 1 for hand and thing together", chances.hand + chances.thing)  # noqa: EM101
    return chances
