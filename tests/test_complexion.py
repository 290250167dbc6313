"""Painted skins: the same bytes again, people of all kinds, and everything where the landmarks of a face are."""

from __future__ import annotations

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from flmcore.simulate.anatomy import MEAN_LANDMARKS, chart
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
from flmcore.simulate.complexion.plane import landmark
from flmcore.simulate.parts import CLASSES

PAINTERS = [paint_skin, paint_eye, paint_teeth, paint_mouth, paint_ear]


def person(index: int) -> Complexion:
    return sample_complexion(np.random.default_rng([7, index]))


@pytest.fixture(scope="module")
def people() -> list[Complexion]:
    return [person(i) for i in range(400)]


@pytest.fixture(scope="module")
def plain(people: list[Complexion]) -> Complexion:
    """Somebody of medium skin whose face shows nothing but what a test turns on."""
    c = next(p for p in people if p.feminine)
    none = {"freckles": 0.0, "blemishes": 0.0, "mottle": 0.0, "pores": 0.0, "uneven": 0.0, "scalp": 0.0}
    return dataclasses.replace(
        c,
        **none,
        melanin=0.3,
        beard=dataclasses.replace(c.beard, moustache=0, chin=0, jaw=0, cheeks=0, neck=0, sides=0, length=0),
        relief=dataclasses.replace(c.relief, **{f.name: 0.0 for f in dataclasses.fields(c.relief)}),
        makeup=dataclasses.replace(c.makeup, lipstick=0, liner=0, shadow=0, blush=0),
        brows=dataclasses.replace(c.brows, density=0.0, colour=(20, 15, 10)),
    )


def texels(*indices: int) -> np.ndarray:
    """Rows and columns of landmarks on the texture, by the chart itself."""
    uv = chart(MEAN_LANDMARKS[list(indices)])
    return np.floor(uv[:, ::-1] * [256, 320]).astype(int)


def grey(image: np.ndarray) -> np.ndarray:
    return image[..., :3].astype(float).mean(axis=-1)


def changed(a: np.ndarray, b: np.ndarray, by: int = 3) -> np.ndarray:
    return (np.abs(a.astype(int) - b.astype(int)) > by).any(axis=-1)


def near(mask: np.ndarray, indices: list[int], reach: int) -> np.ndarray:
    """The part of a mask beyond ``reach`` texels of the landmarks' bounding box."""
    spots = texels(*indices)
    (top, left), (bottom, right) = spots.min(axis=0) - reach, spots.max(axis=0) + reach + 1
    outside = mask.copy()
    outside[max(top, 0) : bottom, max(left, 0) : right] = False
    return outside


@pytest.mark.parametrize("paint", PAINTERS, ids=lambda f: f.__name__)
def test_textures_are_opaque_and_the_same_again(paint) -> None:
    first, other = paint(person(3)), paint(person(4))
    assert first.dtype == np.uint8
    assert first.shape[2] == 4
    assert (first[..., 3] == 255).all()
    np.testing.assert_array_equal(paint(person(3)), first)
    assert (first != other).any()


def test_skin_has_the_chart_s_size() -> None:
    assert paint_skin(person(0)).shape == (256, 320, 4)
    assert skin_labels().shape == (256, 320)


def test_threads_paint_what_one_paints(people: list[Complexion]) -> None:
    alone = [paint_skin(c) for c in people[:12]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(paint_skin, people[:12]))
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_complexion_is_plain_values(people: list[Complexion]) -> None:
    def values(thing: object):
        if isinstance(thing, dict):
            yield from itertools.chain.from_iterable(map(values, thing.values()))
        elif isinstance(thing, tuple):
            yield from thing
        else:
            yield thing

    for c in people:
        assert {type(v) for v in values(dataclasses.asdict(c))} <= {float, int, bool}
    assert person(5) == person(5)
    assert len({c.pattern for c in people}) == len(people)


def test_strengths_stay_within_their_ranges(people: list[Complexion]) -> None:
    unit = ["melanin", "scalp", "mottle", "freckles", "blemishes", "pores", "uneven", "shine"]
    for c in people:
        for value in [getattr(c, name) for name in unit]:
            assert 0 <= value <= 1
        for group in (c.relief, c.makeup, c.beard, c.eyes):
            for value in dataclasses.asdict(group).values():
                low, high = (0, 255) if isinstance(value, tuple) else (0, 1)
                assert low <= np.min(value) <= np.max(value) <= high
        assert 0 <= c.brows.density <= 1
        gloss, shininess = skin_gloss(c)
        assert 0 <= gloss <= 1
        assert shininess > 0


def test_people_are_varied(people: list[Complexion]) -> None:
    melanin = np.array([c.melanin for c in people])
    assert np.histogram(melanin, 5, (0, 0.92))[0].min() > 10
    ages = np.array([c.age for c in people])
    assert min((ages < 17).mean(), ((ages > 17) & (ages < 45)).mean(), (ages > 60).mean()) > 0.08
    men = [c for c in people if not c.feminine and c.age > 18]
    women = [c for c in people if c.feminine]
    bearded = np.mean([c.beard.length > 0.3 for c in men])
    assert 0.2 < bearded < 0.6
    assert not any(c.beard.length > 0.3 for c in women)
    assert 0.2 < np.mean([c.makeup.lipstick > 0 for c in women]) < 0.8
    assert any(c.brows.density < 0.1 for c in people)
    light = np.mean([max(c.hair) > 130 for c in people])
    assert 0.08 < light < 0.6


def test_skin_tones_reach_from_pale_to_dark(plain: Complexion) -> None:
    tones = [
        np.median(paint_skin(dataclasses.replace(plain, melanin=m))[..., :3], axis=(0, 1))
        for m in (0, 0.2, 0.5, 0.9)
    ]
    assert (np.diff(tones, axis=0) < -5).all()
    assert tones[0].mean() > 200
    assert tones[-1].mean() < 80
    for tone in tones:
        assert tone[0] > tone[1] > tone[2]  # skin is red before it is blue


def test_labels_lie_on_the_landmarks() -> None:
    labels = skin_labels()

    def at(*indices: int) -> set[int]:
        return set(labels[tuple(texels(*indices).T)].tolist())

    assert at(18, 19, 20) == {CLASSES["right_brow"]}
    assert at(23, 24, 25) == {CLASSES["left_brow"]}
    assert at(28, 29, 30) == {CLASSES["nose"]}
    inner = np.mean(texels(61, 62, 63, 50, 51, 52), axis=0).astype(int)
    assert labels[tuple(inner)] == CLASSES["top_lip"]
    inner = np.mean(texels(65, 66, 67, 56, 57, 58), axis=0).astype(int)
    assert labels[tuple(inner)] == CLASSES["bottom_lip"]
    below = texels(8)[0] + [12, 0]
    assert labels[tuple(below)] in (CLASSES["neck"], CLASSES["beard"])
    forehead = texels(27)[0] - [40, 0]
    assert labels[tuple(forehead)] == CLASSES["skin"]


def test_lip_labels_fill_the_lips_outline_and_no_more() -> None:
    lips = np.isin(skin_labels(), [CLASSES["top_lip"], CLASSES["bottom_lip"]])
    rows, columns = np.nonzero(lips)
    outline = texels(*range(48, 60))
    assert rows.min() >= outline[:, 0].min() - 1
    assert rows.max() <= outline[:, 0].max() + 1
    assert columns.min() >= outline[:, 1].min() - 1
    assert columns.max() <= outline[:, 1].max() + 1
    x, y = landmark(*range(48, 60)).T
    area = 0.5 * abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 1.2435
    assert lips.sum() == pytest.approx(area, rel=0.12)


def test_labels_show_the_hair_a_person_has(plain: Complexion) -> None:
    bare = skin_labels(plain)
    assert not np.isin(bare, [CLASSES["beard"], CLASSES["right_brow"], CLASSES["hair"]]).any()
    full = dataclasses.replace(plain.beard, moustache=1, chin=1, jaw=1, cheeks=1, length=1)
    bearded = skin_labels(dataclasses.replace(plain, beard=full, scalp=1.0))
    chin = texels(8)[0] - [8, 0]
    assert bearded[tuple(chin)] == CLASSES["beard"]
    assert bearded[0, 160] == CLASSES["hair"]
    lips = [CLASSES["top_lip"], CLASSES["bottom_lip"]]
    np.testing.assert_array_equal(np.isin(bearded, lips), np.isin(bare, lips))


def test_brows_are_painted_on_their_landmarks_only(plain: Complexion) -> None:
    thick = dataclasses.replace(plain.brows, density=1.0, thickness=8.0, ragged=0.0, joined=0.0, arch=0.0)
    without, with_brows = paint_skin(plain), paint_skin(dataclasses.replace(plain, brows=thick))
    where = changed(without, with_brows)
    spots = [tuple(t) for t in texels(18, 19, 20, 23, 24, 25)]
    drop = grey(without) - grey(with_brows)
    assert min(drop[s] for s in spots) > 40
    right, left = where.copy(), where.copy()
    right[:, 160:] = left[:, :160] = False
    assert not near(right, list(range(17, 22)), 9).any()
    assert not near(left, list(range(22, 27)), 9).any()


def test_lips_are_redder_than_skin_and_parted_by_a_dark_line(plain: Complexion) -> None:
    full = dataclasses.replace(plain.lips, blood=1.2, border=1.0, line=1.0, dryness=0.0)
    pale = dataclasses.replace(full, blood=0.0, melanin=0.0, upper_shade=0.0)
    image, without = (paint_skin(dataclasses.replace(plain, lips=v)) for v in (full, pale))
    assert not near(changed(image, without), list(range(48, 60)), 2).any()
    dark, (middle, column) = grey(image), texels(62)[0]
    line = dark[middle - 1 : middle + 2, column - 4 : column + 5].min(axis=0)
    for aside in (-5, 6):
        assert (dark[middle + aside, column - 4 : column + 5] - line > 25).all()


def test_lids_have_a_dark_line_along_the_upper_margin(plain: Complexion) -> None:
    lashes = dataclasses.replace(plain.lids, upper_line=1.0, crease=0.0, sunken=0.0, redness=0.0)
    made_up = dataclasses.replace(plain, lids=lashes, makeup=dataclasses.replace(plain.makeup, liner=1.0))
    image = grey(paint_skin(made_up))
    for index in (37, 38, 43, 44):
        row, column = texels(index)[0]
        assert image[row - 1 : row + 2, column].min() < image[row - 8, column] - 60
    none = paint_skin(dataclasses.replace(plain, lids=lashes))
    where = changed(none, paint_skin(made_up))
    assert not near(where, list(range(36, 48)), 9).any()
    assert where.any()


def test_nostrils_are_dark_under_the_nose(plain: Complexion) -> None:
    image = grey(paint_skin(dataclasses.replace(plain, relief=dataclasses.replace(plain.relief, nose=1.0))))
    tip = image[tuple(texels(30)[0])]
    for side in (32, 34):
        row, column = texels(side)[0]
        assert image[row - 4 : row + 2, column - 2 : column + 3].min() < 0.5 * tip


def test_a_beard_spares_eyes_nose_and_lips(plain: Complexion) -> None:
    zones = {name: 1.0 for name in ("moustache", "chin", "jaw", "cheeks", "neck", "sides", "length")}
    full = dataclasses.replace(plain.beard, **zones, ragged=0.0, colour=(20, 15, 12))
    bare, bearded = paint_skin(plain), paint_skin(dataclasses.replace(plain, beard=full))
    where = changed(bare, bearded, 8)
    for kept in ([30], range(36, 48), [51, 57, 62], range(27, 30)):
        assert not where[tuple(texels(*kept).T)].any()
    assert where[tuple(texels(8)[0] - [8, 0])]
    assert where[tuple(((texels(33) + texels(51)) // 2)[0] + [1, 0])]
    longer, shaven = grey(bare) - grey(bearded), dataclasses.replace(full, length=0.1)
    faint = grey(bare) - grey(paint_skin(dataclasses.replace(plain, beard=shaven)))
    assert longer[where].mean() > 2 * faint[where].mean() > 0


def test_either_half_gets_its_own_folds(plain: Complexion) -> None:
    old = dataclasses.replace(
        plain, relief=dataclasses.replace(plain.relief, smile_folds=1.0, crows_feet=1.0)
    )
    where = changed(paint_skin(plain), paint_skin(old))
    assert where[:, :160].sum() > 100
    assert where[:, 160:].sum() > 100
    assert (where != where[:, ::-1]).any()


def test_an_eye_has_its_pupil_in_the_middle_of_its_iris(people: list[Complexion]) -> None:
    y, x = (np.mgrid[:64, :64] + 0.5) / 64 - 0.5
    degrees = 180 * np.hypot(x, y)
    for c in people[:20]:
        eye = grey(paint_eye(dataclasses.replace(c, eyes=dataclasses.replace(c.eyes, glint=0.0, veins=0.0))))
        assert eye[degrees < 4].max() < 30
        assert eye[(degrees > 36) & (degrees < 50)].mean() > eye[(degrees > 17) & (degrees < 27)].mean() + 25


def test_teeth_have_gums_above(people: list[Complexion]) -> None:
    teeth = paint_teeth(people[0]).astype(int)
    gum, tooth = teeth[1, 30:66], teeth[24, 30:66]
    assert (gum[:, 0] - gum[:, 1]).mean() > (tooth[:, 0] - tooth[:, 1]).mean() + 30
    assert grey(teeth)[24, 40:56].mean() > grey(teeth)[24, :6].mean()
