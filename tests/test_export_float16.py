"""float16 simulated in PyTorch: what is rounded, what is not, and what overflows."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from flmcore.export.float16 import LARGEST, RoundToFloat16, with_float16_weights


def rounded(tensor: Any) -> Any:
    return tensor.half().float()


@pytest.fixture
def network() -> Any:
    torch.manual_seed(0)
    layers = (
        torch.nn.Conv2d(3, 8, 3),
        torch.nn.ReLU(inplace=True),
        torch.nn.Flatten(),
        torch.nn.Linear(288, 4),
    )
    return torch.nn.Sequential(*layers).eval()


def test_weights_are_rounded_in_the_copy_alone(network: Any) -> None:
    before = [value.clone() for value in network.parameters()]
    copied = with_float16_weights(network)
    for own, original, half in zip(network.parameters(), before, copied.parameters(), strict=True):
        assert torch.equal(own, original)
        assert not torch.equal(own, half)
        assert torch.equal(rounded(own), half)
        assert half.dtype == torch.float32


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("form", ["eager", "traced"])
def test_each_operator_is_rounded_and_none_twice_otherwise(network: Any, form: str) -> None:
    image = torch.rand(1, 3, 8, 8)
    half = with_float16_weights(network)
    run = torch.jit.trace(half, image) if form == "traced" else half
    with torch.no_grad(), RoundToFloat16() as rounding:
        found = run(image)
    with torch.no_grad():
        by_hand = rounded(half[0](image)).relu()
        by_hand = rounded(half[3](by_hand.flatten(1)))
    assert torch.equal(found, by_hand)
    assert not torch.equal(found, half(image))
    assert rounding.overflows == 0
    assert 0 < rounding.largest < 10


def test_in_place_operators_keep_their_tensor() -> None:
    with RoundToFloat16():
        value = torch.full((3,), 1.0)
        same = value
        value.mul_(1 / 3)
        view = value[1:]
    assert same is value
    assert torch.equal(value, rounded(torch.full((3,), 1 / 3)))
    assert view.data_ptr() == value[1:].data_ptr()


def test_overflow_is_counted_once_and_the_peak_kept() -> None:
    with RoundToFloat16() as rounding:
        big = torch.tensor([1.0, -300.0, 2.0]) * torch.tensor([1.0, 300.0, LARGEST])
        assert torch.isinf(big).tolist() == [False, True, True]
        big = big + 1  # infinite already: no new loss
    assert rounding.overflows == 2
    assert rounding.largest == 2 * LARGEST


def test_whole_numbers_stay() -> None:
    with RoundToFloat16() as rounding:
        many = torch.tensor([70001]) + 2
    assert many.tolist() == [70003]
    assert (rounding.overflows, rounding.largest) == (0, 0.0)
