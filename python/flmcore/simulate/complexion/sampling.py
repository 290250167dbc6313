"""People as they come: which traits go together, and how often."""

from __future__ import annotations

import numpy as np

from .beards import sample_beard
from .pigment import hair_density, iris_density, rgb
from .traits import Brows, Colour, Complexion, Eyes, Lids, Lips, MakeUp, Relief

__all__ = ["sample_complexion"]


def _uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return low + (high - low) * rng.random()  # what rng.uniform does, in a quarter of its time


def _sometimes(rng: np.random.Generator, chance: float, low: float = 0.3, high: float = 1.0) -> float:
    """A strength, 0 unless it is there."""
    there, strength = rng.random() < chance, _uniform(rng, low, high)
    return strength if there else 0.0


def _pigments(rng: np.random.Generator, melanin: float, age: float) -> tuple[float, float]:
    """Eumelanin and pheomelanin of the hair: varied where skin is fair, dark elsewhere, grey with age, or dyed."""
    fair = min(1.0, max(0.0, 1.5 - melanin / 0.22))
    eumelanin = 1.0 - fair * _uniform(rng, 0, 1.0) - _uniform(rng, 0, 0.2)
    red = _uniform(rng, 0.3, 1.0) if rng.random() < 0.12 * fair else _uniform(rng, 0.05, 0.25)
    grey = min(max((age - rng.normal(55, 12)) / 15, 0.0), 1.0) * _uniform(rng, 0.3, 1.0)
    if rng.random() < 0.06:  # dyed or bleached
        return _uniform(rng, 0.05, 1.0), _uniform(rng, 0, 1.0)
    return float(max(eumelanin, 0.05) * (1 - grey)), float(red * (1 - grey))


def _brows(rng: np.random.Generator, hair: tuple[float, float], feminine: bool, age: float) -> Brows:
    darker = _uniform(rng, 0.0, 0.35)
    eumelanin = min(1.1, hair[0] + darker) if rng.random() < 0.8 else _uniform(rng, 0.2, 1.1)
    density = _uniform(rng, 0.45, 1.0) if rng.random() < 0.85 else _uniform(rng, 0.0, 0.5)
    return Brows(
        density=density * (0.8 if age > 65 else 1.0),
        thickness=_uniform(rng, 3.0, 8.0) if feminine else _uniform(rng, 5.0, 11.0),
        arch=float(rng.normal(0.4, 0.8)),
        taper=_uniform(rng, 0.2, 0.9),
        ragged=_uniform(rng, 0.0, 0.4) if feminine else _uniform(rng, 0.1, 1.0),
        joined=0.0 if feminine else _sometimes(rng, 0.15, 0.1, 0.7),
        colour=rgb(hair_density(eumelanin, hair[1])),
    )


def _lids(rng: np.random.Generator, age: float) -> Lids:
    return Lids(
        crease=_sometimes(rng, 0.85, 0.2, 1.0),
        crease_height=_uniform(rng, 2.5, 6.5),
        upper_line=_uniform(rng, 0.35, 1.0),
        lower_line=_uniform(rng, 0.05, 0.7),
        redness=_uniform(rng, 0.0, 1.0),
        sunken=_uniform(rng, 0.0, 0.6) + (0.4 if age > 55 else 0.0) * _uniform(rng, 0, 1),
    )


def _lips(rng: np.random.Generator, melanin: float) -> Lips:
    return Lips(
        blood=_uniform(rng, 0.25, 1.5) * (1 - 0.35 * melanin),
        melanin=float(rng.normal(0.04, 0.07)),
        upper_shade=_uniform(rng, 0.0, 0.35),
        line=_uniform(rng, 0.35, 1.0),
        border=_uniform(rng, 0.0, 1.0),
        dryness=_uniform(rng, 0.0, 1.0) ** 2,
    )


def _relief(rng: np.random.Generator, age: float) -> Relief:
    old = min(max((age - 25) / 45, 0.0), 1.0)

    def fold(of_age: float) -> float:
        return min(_uniform(rng, 0, 0.35) + of_age * old * _uniform(rng, 0.3, 1.0), 1.0)

    return Relief(
        sockets=_uniform(rng, 0.05, 0.8),
        nose=_uniform(rng, 0.25, 1.0),
        smile_folds=fold(0.8),
        mouth_folds=fold(0.7) * 0.8,
        bags=fold(0.7),
        forehead=fold(0.8) * float(rng.random() < 0.7),
        frown=fold(0.7) * float(rng.random() < 0.6),
        crows_feet=fold(0.8) * float(rng.random() < 0.7),
        chin=_uniform(rng, 0.0, 0.9),
        jaw=_uniform(rng, 0.0, 1.0),
        neck=fold(0.8),
    )


def _bright_colour(rng: np.random.Generator) -> Colour:
    """Any colour of eye shadow: mostly brown to grey, sometimes a bright one."""
    if rng.random() < 0.6:
        grey = _uniform(rng, 20, 150)
        r, g, b = (
            (np.array([1.0, 0.75, 0.65]) * grey + rng.uniform(-15, 15, 3)).clip(0, 255).astype(int).tolist()
        )
    else:
        r, g, b = rng.integers(20, 235, 3).tolist()
    return r, g, b


def _makeup(rng: np.random.Generator, feminine: bool, age: float) -> MakeUp:
    chance = (0.55 if feminine else 0.03) * (age > 14)
    red = _uniform(rng, 0.0, 1.0)
    lipstick = np.array([150 + 70 * red, 20 + 110 * rng.random() ** 2, 35 + 100 * rng.random()])
    r, g, b = (lipstick * _uniform(rng, 0.5, 1.1)).clip(0, 255).astype(int).tolist()
    return MakeUp(
        lipstick=_sometimes(rng, chance, 0.15, 0.9),
        lipstick_colour=(r, g, b),
        liner=_sometimes(rng, chance, 0.2, 1.0),
        shadow=_sometimes(rng, chance * 0.6, 0.1, 0.7),
        shadow_colour=_bright_colour(rng),
        blush=_sometimes(rng, chance, 0.1, 0.8),
        foundation=_sometimes(rng, chance, 0.2, 0.9),
    )


def _eyes(rng: np.random.Generator, melanin: float, age: float) -> Eyes:
    light = rng.random() < 0.75 * max(0.0, 1 - melanin / 0.35)
    iris = _uniform(rng, 0.0, 0.45) if light else _uniform(rng, 0.5, 1.1)
    tint = (
        rng.uniform(-1, 1, 3) * 8
        + np.array([222, 214, 208])
        - np.array([0, 4, 14]) * rng.random() * (1 + age / 60)
    )
    r, g, b = (tint * _uniform(rng, 0.7, 1.0)).clip(0, 255).astype(int).tolist()
    return Eyes(
        iris=rgb(iris_density(float(iris), _uniform(rng, -1, 1))),
        pupil=_uniform(rng, 0.25, 0.6),
        limbus=_uniform(rng, 0.1, 1.0),
        white=(r, g, b),
        veins=_uniform(rng, 0.0, 1.0) ** 2,
        glint=_sometimes(rng, 0.6, 0.3, 1.0),
    )


def _teeth(rng: np.random.Generator, age: float) -> Colour:
    yellow = _uniform(rng, 0, 0.6) + 0.4 * age / 90
    tint = np.array([242, 238, 230]) - yellow * np.array([18, 30, 70])
    r, g, b = (tint * _uniform(rng, 0.75, 1.02)).clip(0, 255).astype(int).tolist()
    return r, g, b


def sample_complexion(rng: np.random.Generator) -> Complexion:
    """A person drawn at random: every skin tone, age and sex, with and without a beard or make-up."""
    melanin = 0.92 * float(rng.beta(1.05, 1.9))
    age = float(
        rng.choice([_uniform(rng, 3, 17), _uniform(rng, 17, 45), _uniform(rng, 40, 85)], p=[0.14, 0.52, 0.34])
    )
    feminine = bool(rng.random() < 0.5)
    hair = _pigments(rng, melanin, age)
    makeup = _makeup(rng, feminine, age)
    even = 1 - 0.7 * makeup.foundation
    bald = not feminine and rng.random() < np.clip((age - 25) / 70, 0, 0.6)
    return Complexion(
        melanin=melanin,
        blood=float(np.clip(rng.normal(0.2, 0.22), -0.1, 0.9)),
        yellow=float(np.clip(rng.normal(0.15, 0.3), -0.5, 0.9)),
        age=age,
        feminine=feminine,
        hair=rgb(hair_density(*hair)),
        scalp=_sometimes(rng, 0.4, 0.1, 0.6) if bald else _uniform(rng, 0.7, 1.0),
        mottle=_uniform(rng, 0.1, 1.0) * even,
        freckles=_sometimes(rng, 0.35 * (1 - melanin) + 0.1 * (age > 60), 0.1, 1.0) * even,
        blemishes=_sometimes(rng, 0.4, 0.1, 1.0) * even,
        pores=_uniform(rng, 0.05, 1.0) * even,
        uneven=_uniform(rng, 0.0, 1.0) ** 1.5,
        shine=_uniform(rng, 0.0, 1.0) ** 1.5,
        teeth=_teeth(rng, age),
        pattern=int(rng.integers(2**31)),
        brows=_brows(rng, hair, feminine, age),
        lids=_lids(rng, age),
        lips=_lips(rng, melanin),
        beard=sample_beard(rng, hair, feminine, age),
        relief=_relief(rng, age),
        makeup=makeup,
        eyes=_eyes(rng, melanin, age),
    )
