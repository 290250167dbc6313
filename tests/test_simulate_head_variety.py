"""flmcore's own head in many shapes and expressions: the same for the same seed, as different as people are."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from flmcore.schemes import get
from flmcore.simulate.head import Expression, HeadModel, own_head
from flmcore.simulate.head.expression import EXPRESSION
from flmcore.simulate.head.identity import IDENTITY
from heads import posed


@pytest.fixture(scope="module")
def model() -> HeadModel:
    return own_head()


def test_same_seed_same_bytes(model: HeadModel) -> None:
    def digest(seed: int) -> str:
        head = posed(model, seed)
        return hashlib.sha256(b"".join(part.vertices.tobytes() for part in head.parts.values())).hexdigest()

    assert digest(3) == digest(3) != digest(4)


def test_strength_nought_is_the_average_at_rest(model: HeadModel) -> None:
    rng = np.random.default_rng(0)
    assert not model.sample_shape(rng, 0.0).any()
    assert not model.sample_expression(rng, 0.0).weights.any()


def test_faces_differ_as_people_do(model: HeadModel) -> None:
    """Standard deviations of direct anthropometry, within a factor of two: face width 5, nose 2.5, mouth 3.5 mm."""
    rng = np.random.default_rng(1)
    heads = [model.pose(model.sample_shape(rng), Expression.named()).landmarks("300w-68") for _ in range(150)]
    points = np.array(heads)
    for a, b, sd in ((1, 15, 5.0), (31, 35, 2.5), (48, 54, 3.5), (36, 45, 3.5), (27, 8, 6.5), (27, 33, 3.5)):
        spread = np.linalg.norm(points[:, a] - points[:, b], axis=1).std()
        assert sd / 2 < spread < 2 * sd, (a, b, spread)


def test_faces_are_not_quite_symmetric(model: HeadModel) -> None:
    flip = list(get("300w-68").flip)
    points = posed(model, 0).landmarks("300w-68")
    assert np.abs(points[flip] * [-1, 1, 1] - points).max() > 0.3


@pytest.mark.parametrize("name", EXPRESSION)
def test_every_expression_moves_the_skin(model: HeadModel, name: str) -> None:
    rest = np.zeros(model.shapes)
    weights = np.zeros(len(EXPRESSION), np.float32)
    weights[EXPRESSION.index(name)] = 1.0
    before = model.pose(rest, Expression.named()).parts["skin"].vertices
    after = model.pose(rest, Expression(weights)).parts["skin"].vertices
    assert 1.5 < np.linalg.norm(after - before, axis=1).max() < 20.0


def test_every_named_shape_moves_vertices(model: HeadModel) -> None:
    moved = np.linalg.norm(model.basis[: len(IDENTITY)], axis=2).max(axis=1)
    assert (moved > 0.4).all()
    assert (moved < 16.0).all()


@pytest.mark.parametrize("shape", [np.zeros(3), np.zeros((2, 2)), "nan"])
def test_another_number_of_weights_is_refused(model: HeadModel, shape: object) -> None:
    weights = np.full(model.shapes, np.nan) if isinstance(shape, str) else shape
    with pytest.raises(ValueError, match=r"^shape: expected \d+ finite weights, got"):
        model.pose(weights, Expression.named())  # type: ignore[arg-type]


def test_a_gaze_that_is_no_gaze_is_refused(model: HeadModel) -> None:
    for gaze in ((1.0, 2.0, 3.0), (np.nan, 0.0)):
        with pytest.raises(ValueError, match=r"^gaze: expected \(2,\) or \(2, 2\) finite degrees, got"):
            model.pose(np.zeros(model.shapes), Expression.named(), gaze)


def test_unknown_names_are_refused(model: HeadModel) -> None:
    with pytest.raises(ValueError, match=r"^scheme: expected 300w-68 or mediapipe-468, got 'wflw-98'$"):
        model.pose(np.zeros(model.shapes), Expression.named()).landmarks("wflw-98")
    with pytest.raises(ValueError, match=r"^expression: expected one of .*, got 'grin'$"):
        Expression.named(grin=1.0)


def test_an_expression_of_another_length_is_refused(model: HeadModel) -> None:
    with pytest.raises(ValueError, match=r"^expression: expected \d+ finite weights and finite angles, got"):
        model.pose(np.zeros(model.shapes), Expression(np.zeros(2, np.float32)))
