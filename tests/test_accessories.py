"""What is worn sits where it should on heads of any size, and is the same for the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from flmcore.simulate.accessories.glasses import build_glasses
from flmcore.simulate.accessories.hair import build_hair, sample_hair
from flmcore.simulate.accessories.hands import build_hand, sample_hand
from flmcore.simulate.accessories.headwear import build_headwear, sample_headwear
from flmcore.simulate.accessories.sampled import sample_accessories
from flmcore.simulate.accessories.spectacles import sample_glasses
from flmcore.simulate.chances import Chances
from standin_head import standin

EVERYTHING = Chances(1, 1, 0.5, 0.5, 1, 0.5, 0.5, 0.5, 1)


def some_head(seed: int):
    width, depth, height = np.random.default_rng(seed).uniform(0.9, 1.1, 3)
    return standin(width=width, depth=depth, height=height)


def nearest(points: np.ndarray, place: np.ndarray) -> float:
    return float(np.linalg.norm(points - place, axis=-1).min())


@pytest.mark.parametrize("seed", range(12))
def test_every_part_is_whole(seed):
    for part in sample_accessories(np.random.default_rng(seed), EVERYTHING).fitted(some_head(seed)):
        geometry = part.geometry
        dtypes = (geometry.vertices.dtype, geometry.triangles.dtype, geometry.uv.dtype, part.texture.dtype)
        assert dtypes == (np.float32, np.int32, np.float32, np.uint8), part.name
        assert geometry.uv.shape == (len(geometry.vertices), 2), part.name
        assert np.abs(geometry.vertices).max() < 900, part.name  # false for NaN as well
        assert np.isin(geometry.triangles, np.arange(len(geometry.vertices))).all(), part.name
        assert part.texture.shape[2] == 4, part.name


def test_same_seed_wears_the_same():
    head = some_head(0)
    first, second = (sample_accessories(np.random.default_rng(5), EVERYTHING) for _ in range(2))
    assert first == second
    for one, other in zip(first.fitted(head), second.fitted(head), strict=True):
        assert one.geometry.vertices.tobytes() == other.geometry.vertices.tobytes()
        assert one.texture.tobytes() == other.texture.tobytes()


def test_one_chance_leaves_the_others_alone():
    plain = sample_accessories(np.random.default_rng(9), Chances(headwear=0, hand=0))
    more = sample_accessories(np.random.default_rng(9), Chances(headwear=0, hand=1))
    assert more.hand is not None
    assert replace(more, hand=None, thing=None) == replace(plain, hand=None, thing=None)


@pytest.mark.parametrize("seed", range(20))
def test_glasses_rest_on_nose_and_ears(seed):
    head = some_head(seed)
    glasses = replace(sample_glasses(np.random.default_rng(seed)), slip=0.0)
    frame, lenses = build_glasses(glasses, head)
    points = frame.geometry.vertices
    for ear in head.ears.values():
        assert nearest(points, ear) < 5.0
    ridge = np.concatenate(
        [np.linspace(a, b, 20) for a, b in zip(head.points[27:30], head.points[28:31], strict=True)]
    )
    assert min(nearest(points, place) for place in ridge) < 4.0
    eyes = head.points[36:48]
    assert lenses.geometry.vertices[:, 2].min() < eyes[:, 2].min()  # before the eyes
    middles = lenses.geometry.vertices.reshape(2, -1, 3)[:, -1]
    assert np.abs(middles[:, 0] - [eyes[:6, 0].mean(), eyes[6:, 0].mean()]).max() < 9.0


def test_slipped_glasses_are_lower_and_still_on_the_nose():
    head = standin()
    glasses = sample_glasses(np.random.default_rng(0))
    high, low = (
        build_glasses(replace(glasses, slip=slip), head)[0].geometry.vertices for slip in (0.0, 12.0)
    )
    assert low[:58, 1].mean() > high[:58, 1].mean() + 5.0
    ridge = np.concatenate(
        [np.linspace(a, b, 20) for a, b in zip(head.points[27:30], head.points[28:31], strict=True)]
    )
    assert min(nearest(low, place) for place in ridge) < 4.0


@pytest.mark.parametrize("seed", range(20))
def test_hair_covers_the_crown_and_leaves_the_brows(seed):
    head = some_head(seed)
    hair = sample_hair(np.random.default_rng(seed))
    if hair is None or hair.line in ("wreath", "far back", "receding") or hair.cover:
        pytest.skip("has no hair there")
    shell = build_hair(hair, head)[0]
    points, uv = shell.geometry.vertices, shell.geometry.uv
    height, width = shell.texture.shape[:2]
    texel = np.minimum((uv * [width, height]).astype(int), [width - 1, height - 1])
    covered = shell.texture[texel[:, 1], texel[:, 0], 3] >= 128
    crown = points[:, 1] < head.skin[:, 1].min() + 30
    assert crown.any()
    assert covered[crown].all()
    assert points[crown, 1].min() < head.skin[:, 1].min()  # outside the skin
    front = covered & (points[:, 2] < -60) & (np.abs(points[:, 0]) < 30)
    assert points[front, 1].max() < head.points[17:27, 1].min()


def test_hair_under_a_hat_stays_under_it():
    head = standin()
    worn = sample_accessories(np.random.default_rng(3), Chances(headwear=1, hair=1))
    seen = 0
    for seed in range(30):
        worn = sample_accessories(np.random.default_rng(seed), Chances(headwear=1))
        if worn.hair is None or worn.headwear is None or worn.headwear.kind in ("hood", "headscarf", "band"):
            continue
        seen += 1
        hat, hair = build_headwear(worn.headwear, head)[0], build_hair(worn.hair, head)[0]
        assert hat.geometry.vertices[:, 1].min() < hair.geometry.vertices[:, 1].min()
    assert seen > 5


def test_headwear_leaves_the_brows_free():
    head = standin()
    for seed in range(40):
        wear = sample_headwear(np.random.default_rng(seed))
        shell = build_headwear(wear, head)[0].geometry.vertices
        front = shell[(shell[:, 2] < -60) & (np.abs(shell[:, 0]) < 20) & (shell[:, 1] < 0)]
        assert front[:, 1].max() < head.points[17:27, 1].min(), wear.kind


@pytest.mark.parametrize("side", [-1, 1])
def test_hand_is_as_large_as_a_hand_and_its_thumb_is_on_the_right_side(side):
    rng = np.random.default_rng(4)
    hand = replace(
        sample_hand(rng),
        side=side,
        curl=(0.0,) * 5,
        spread=0.0,
        size=1.0,
        wrist=0.0,
        touches=((30, 1.0),),
        sleeve=None,
    )
    (part,) = build_hand(hand, standin())
    fingers = part.geometry.vertices[: 5 * 7 * 8].reshape(5, 7, 8, 3).mean(axis=2)
    wrist = part.geometry.vertices[5 * 7 * 8 :].reshape(-1, 13, 3)[6].mean(axis=0)
    assert 165 < np.linalg.norm(fingers[2, -1] - wrist) < 205
    # palm to the face, wrist below: the thumb of the left hand is on the person's left, which is at larger x
    assert np.sign(fingers[0, -1, 0] - fingers[4, -1, 0]) == side


def test_chances_are_kept():
    worn = [sample_accessories(np.random.default_rng([1, i])) for i in range(600)]

    def share(count: int, chance: float) -> bool:
        return abs(count / len(worn) - chance) < 4 * np.sqrt(chance * (1 - chance) / len(worn))

    assert share(sum(w.glasses is not None for w in worn), 0.2)
    assert share(sum(w.headwear is not None for w in worn), 0.15)
    assert share(sum(w.hand is not None or w.thing is not None for w in worn), 0.12)
    dark = sum(w.glasses is not None and w.glasses.lens[1] > 100 for w in worn)
    assert share(dark, 0.05)


@pytest.mark.parametrize("seed", range(6))
def test_closed_things_are_turned_outward(seed):
    """The signed volume of a tube is positive only where its triangles are seen from outside."""
    hand = sample_hand(np.random.default_rng(seed))
    geometry = build_hand(hand, standin())[0].geometry
    corners = geometry.vertices[geometry.triangles].astype(np.float64)
    corners -= geometry.vertices.mean(axis=0)
    volume = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    assert 1e5 < volume < 3e6  # mm³
