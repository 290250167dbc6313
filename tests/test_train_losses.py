"""Losses against scalar twins and hand-worked values; masks, weights; average and schedule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from flmcore.train.average import Average
from flmcore.train.config import parse_train_config
from flmcore.train.losses import gaussian, landmark_weights, loss_of, smooth_l1, wing
from flmcore.train.schedule import rate_at
from flmcore.train.schema import OptimiseConfig
from reference.wing import wing as reference_wing

distances = st.lists(
    st.floats(-100, 100, width=32) | st.sampled_from([0.0, 10.0, -10.0]), min_size=1, max_size=20
)


def config_with(**tables: Any) -> Any:
    table = {
        "name": "a",
        "scheme": "300w-68",
        "licence": "none",
        "data": [{"path": "x"}],
        "model": {"network": "resnet"},
        "crop": {"size": [100, 50]},
    }
    return parse_train_config({**table, **tables})


def outputs_and_targets(values: int = 2) -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(3)
    output = torch.rand(4, 68 * values, generator=generator).requires_grad_()
    return output, torch.rand(4, 68, 2, generator=generator)


@given(distances, st.floats(0.5, 20), st.floats(0.1, 5))
def test_wing_is_the_published_formula(x: list[float], width: float, curvature: float) -> None:
    found = wing(torch.tensor(x, dtype=torch.float64), width, curvature).numpy()
    np.testing.assert_allclose(
        found, [reference_wing(v, width, curvature) for v in x], rtol=1e-12, atol=1e-12
    )


def test_wing_by_hand_and_without_a_step() -> None:
    # w = 10, ε = 2: 10 ln 2 at 2; C = 10 - 10 ln 6, so 20 gives 10 + 10 ln 6.
    found = wing(torch.tensor([0.0, -2.0, 20.0], dtype=torch.float64)).numpy()
    np.testing.assert_allclose(found, [0, 10 * math.log(2), 10 + 10 * math.log(6)], rtol=1e-15)
    near = wing(torch.tensor([10 - 1e-9, 10 + 1e-9], dtype=torch.float64))
    assert abs(float(near[1] - near[0])) < 1e-8


@given(distances, st.floats(0.1, 5))
def test_smooth_l1_is_torchs(x: list[float], knee: float) -> None:
    given_ = torch.tensor(x, dtype=torch.float64)
    expected = torch.nn.functional.smooth_l1_loss(
        given_, torch.zeros_like(given_), beta=knee, reduction="none"
    )
    np.testing.assert_allclose(smooth_l1(given_, knee).numpy(), expected.numpy(), rtol=1e-12)


def test_gaussian_is_least_where_sigma_is_the_error() -> None:
    distance = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    # The root mean square of one coordinate: sqrt(25 / 2). There the value is ln(25 / 2) + 1.
    best = math.log(math.sqrt(12.5))
    values = [
        float(gaussian(distance, torch.tensor([best + step], dtype=torch.float64))) for step in (-0.1, 0, 0.1)
    ]
    assert values[1] == pytest.approx(math.log(12.5) + 1)
    assert values[1] < min(values[0], values[2])


@pytest.mark.parametrize("kind", ["wing", "l1", "smooth_l1", "l2", "gaussian"])
def test_undefined_landmarks_count_nothing_and_have_no_gradient(kind: str) -> None:
    config = config_with(loss={"kind": kind})
    loss = loss_of(config, torch.device("cpu"))
    output, targets = outputs_and_targets(config.values)
    targets[1, 5] = math.nan
    targets[2] = math.nan
    value = loss(output, targets)
    value.backward()
    gradient = output.grad.reshape(4, 68, config.values)
    assert torch.isfinite(value)
    assert torch.isfinite(gradient).all()
    assert not gradient[1, 5].any()
    assert not gradient[2].any()
    assert gradient[1, 6].all()
    other = output.detach().clone().reshape(4, 68, -1)
    other[1, 5], other[2] = 7.0, -7.0
    assert float(loss(other.reshape(4, -1), targets)) == float(value.detach())


def test_batch_without_landmarks_gives_zero() -> None:
    output, targets = outputs_and_targets()
    value = loss_of(config_with(), torch.device("cpu"))(output, torch.full_like(targets, math.nan))
    value.backward()
    assert float(value.detach()) == 0
    assert not output.grad.any()


def test_l1_is_in_pixels_of_the_crop_on_each_axis() -> None:
    targets = torch.full((1, 68, 2), 0.5)
    output = targets.clone().reshape(1, -1)
    output[0, 0] += 0.1  # x of one landmark, a tenth of 100 pixels
    output[0, 1] += 0.1  # y of it, a tenth of 50
    value = loss_of(config_with(loss={"kind": "l1"}), torch.device("cpu"))(output, targets)
    assert float(value) == pytest.approx((10 + 5) / 2 / 68, rel=1e-5)


def test_groups_weigh_their_landmarks_and_the_largest_wins() -> None:
    weights = landmark_weights(config_with(loss={"groups": {"contour": 0.5, "left_eye": 3}}))
    assert weights[:17].tolist() == [0.5] * 17
    assert weights[36:42].tolist() == [3.0] * 6
    assert weights[42:].tolist() == [1.0] * 26


def test_average_follows_weights_and_statistics() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 1), torch.nn.BatchNorm2d(2))
    average = Average(network, 0.9)
    expected = {name: value.clone().double() for name, value in network.state_dict().items()}
    for step in range(5):
        network(torch.rand(4, 3, 5, 5))  # moves the statistics
        with torch.no_grad():
            network[0].weight.add_(0.1)
        average.update(step)
        share = 1 - min(0.9, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            expected[name] += share * (value.double() - expected[name])
    found = average.network.state_dict()
    assert int(found["1.num_batches_tracked"]) == 5
    for name in ("0.weight", "0.bias", "1.running_mean", "1.running_var"):
        np.testing.assert_allclose(found[name].numpy(), expected[name].numpy(), rtol=1e-5)
    assert not np.allclose(found["0.weight"].numpy(), network[0].weight.detach().numpy())


def test_no_average_is_the_network_itself() -> None:
    network = torch.nn.Linear(2, 2)
    assert Average(network, 0.0).network is network


def test_rate_goes_up_in_a_line_and_down_in_half_a_cosine() -> None:
    optimise = OptimiseConfig(rate=2.0, warmup=0.2, last_rate=0.1)
    assert rate_at(0.1, optimise) == pytest.approx(1.0)
    assert rate_at(0.2, optimise) == pytest.approx(2.0)
    assert rate_at(0.6, optimise) == pytest.approx(1.1)  # half way between 2.0 and 0.2
    assert rate_at(1.0, optimise) == pytest.approx(0.2)
    assert rate_at(1.7, optimise) == pytest.approx(0.2)
    assert rate_at(0.0, optimise) > 0
    constant = OptimiseConfig(rate=2.0, warmup=0.0, schedule="constant")
    assert {rate_at(p / 10, constant) for p in range(11)} == {2.0}
