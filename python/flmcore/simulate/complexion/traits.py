"""What a person's skin, hair and eyes are like, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Beard", "Brows", "Complexion", "Eyes", "Lids", "Lips", "MakeUp", "Relief"]

Colour = tuple[int, int, int]  # sRGB


@dataclass(frozen=True)
class Brows:
    """Attributes: density 0 (none) to 1; thickness in mm at the thickest; arch mm up, middle against ends; rest 0 to 1."""

    density: float
    thickness: float
    arch: float
    taper: float  # how much the outer end thins
    ragged: float  # stray hairs, uneven edges
    joined: float  # hairs between the two
    colour: Colour


@dataclass(frozen=True)
class Lids:
    """Attributes: all 0 to 1 but ``crease_height``, mm above the margin."""

    crease: float  # the fold of the upper lid; 0 where there is none
    crease_height: float
    upper_line: float  # lashes seen as a line
    lower_line: float
    redness: float
    sunken: float  # darkness about the eye


@dataclass(frozen=True)
class Lips:
    """Attributes: how lips differ from the skin around them."""

    blood: float  # units of haemoglobin more than the skin
    melanin: float  # more than the skin's
    upper_shade: float  # the upper lip is darker, as it faces down
    line: float  # darkness of the line between them
    border: float  # sharpness of the outline, 0 (washed out) to 1
    dryness: float


@dataclass(frozen=True)
class Beard:
    """Attributes: density of hair by zone, 0 to 1; ``length`` 0 (shaven: a blue shade) to 1 (covers the skin)."""

    moustache: float
    chin: float
    jaw: float
    cheeks: float
    neck: float
    sides: float
    length: float
    ragged: float
    colour: Colour


@dataclass(frozen=True)
class Relief:
    """Attributes: what folds and hollows show beyond the light's own shading, 0 to 1."""

    sockets: float
    nose: float  # the wings' grooves and the nostrils
    smile_folds: float
    mouth_folds: float
    bags: float
    forehead: float
    frown: float
    crows_feet: float
    chin: float
    jaw: float
    neck: float


@dataclass(frozen=True)
class MakeUp:
    """Attributes: opacities 0 to 1 and colours; all 0 on most people."""

    lipstick: float
    lipstick_colour: Colour
    liner: float
    shadow: float
    shadow_colour: Colour
    blush: float
    foundation: float  # evens the skin out


@dataclass(frozen=True)
class Eyes:
    """Attributes: iris and white of the eye; ``pupil`` as a part of the iris' radius."""

    iris: Colour
    pupil: float
    limbus: float  # darkness of the iris' rim
    white: Colour
    veins: float
    glint: float


@dataclass(frozen=True)
class Complexion:
    """A person's surface.

    Attributes:
        melanin: 0 (palest) to 1 (darkest skin).
        blood, yellow: about −1 to 1.
        age: years.
        feminine: whether make-up and a lack of beard are likely; nothing else follows from it.
        hair: colour of the head's hair, sRGB.
        scalp: hair painted on the scalp, 0 (bald) to 1, so that none of it shows between what is modelled.
        mottle, freckles, blemishes, pores, uneven: strengths 0 to 1 of the skin's irregularities.
        shine: 0 (matt) to 1 (sweat).
        teeth: sRGB.
        pattern: seed of where freckles, hairs and folds are.
    """

    melanin: float
    blood: float
    yellow: float
    age: float
    feminine: bool
    hair: Colour
    scalp: float
    mottle: float
    freckles: float
    blemishes: float
    pores: float
    uneven: float
    shine: float
    teeth: Colour
    pattern: int
    brows: Brows
    lids: Lids
    lips: Lips
    beard: Beard
    relief: Relief
    makeup: MakeUp
    eyes: Eyes
