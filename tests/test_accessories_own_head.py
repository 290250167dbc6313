"""What is worn, on flmcore's own heads of random shapes and expressions."""

from __future__ import annotations

import numpy as np
import pytest

from flmcore.simulate.accessories import sample_accessories
from flmcore.simulate.accessories.head_fit import fit
from flmcore.simulate.chances import Chances
from flmcore.simulate.complexion import sample_complexion
from flmcore.simulate.head import own_head

HEADS = 12


@pytest.fixture(scope="module")
def people():
    made = []
    for seed in range(HEADS):
        rng = np.random.default_rng([77, seed])
        model = own_head()
        head = model.pose(model.sample_shape(rng), model.sample_expression(rng))
        made.append((head, sample_complexion(rng)))
    return made


def built(seed, person, **chances):
    worn = sample_accessories(np.random.default_rng([seed, 5]), Chances(**chances))
    return worn, worn.build(*person)


def nearest(points: np.ndarray, places: np.ndarray) -> float:
    return float(np.linalg.norm(points[:, None] - places, axis=-1).min())


@pytest.mark.parametrize("seed", range(HEADS))
def test_everything_is_finite_and_near_the_head(people, seed):
    _, parts = built(seed, people[seed], headwear=0.5, glasses=1, earrings=1, mask=0.5, hand=0.5, thing=0.5)
    for part in parts:
        assert np.abs(part.geometry.vertices).max() < 900, part.name  # false for NaN as well


@pytest.mark.parametrize("seed", range(HEADS))
def test_glasses_rest_on_nose_and_ears(people, seed):
    head, complexion = people[seed]
    _, parts = built(seed, people[seed], glasses=1, headwear=0, hand=0, thing=0)
    frame = next(part for part in parts if part.name == "glasses").geometry.vertices
    for side in ("left", "right"):
        assert nearest(frame, head.parts[f"{side}_ear"].vertices) < 6.0
    assert nearest(frame, head.landmarks("300w-68")[27:31]) < 9.0
    assert nearest(frame, head.parts["skin"].vertices) < 4.0
    assert fit(head, complexion).hair == tuple(map(float, complexion.hair))
    lenses = next(part for part in parts if part.name == "lenses").geometry.vertices
    assert lenses[:, 2].mean() < min(head.anchors["pupil_left"][2], head.anchors["pupil_right"][2])


@pytest.mark.parametrize("seed", range(HEADS))
def test_hair_is_off_the_skin_and_above_the_crown(people, seed):
    head, _ = people[seed]
    worn, parts = built(seed, people[seed], headwear=0, hand=0, thing=0)
    shells = [part.geometry.vertices for part in parts if part.name == "hair"]
    if worn.hair is None:
        assert not shells
    else:
        assert shells[0][:, 1].min() < head.parts["skin"].vertices[:, 1].min()


def test_a_body_reaches_up_round_the_neck_and_down_beyond_the_skin(people):
    for seed, person in enumerate(people):
        _, parts = built(seed, person, headwear=0, hand=0, thing=0)
        cloth = np.concatenate(
            [p.geometry.vertices for p in parts if p.name in ("chest", "clothes", "collar")]
        )
        skin = person[0].parts["skin"].vertices
        assert cloth[:, 1].min() < 135 < skin[:, 1].max() < cloth[:, 1].max()
        assert np.ptp(cloth[:, 0]) > 300  # shoulders
