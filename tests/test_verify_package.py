"""A package's weights against the checkpoint: what is equal, folded, compressed, computed, and what must be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from coreml_here import conversion, coremltools
from flmcore.detectors.backends.coreml_tools import quietly
from flmcore.export.compression import compress
from flmcore.export.coreml_convert import convert_module
from flmcore.export.verify import Verification, verify_package
from weight_fill import fill


@pytest.fixture(scope="module")
def ct() -> Any:
    return coremltools()


class Small(torch.nn.Module):
    """Something of each: a fold with and without the convolution's bias, a normalisation that cannot be folded,
    attention's three in one, a constant that the converter computes, a layer that is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(3, 24, 3, stride=2)
        self.first_norm = torch.nn.BatchNorm2d(24, eps=1e-3)
        self.second = torch.nn.Conv2d(24, 80, 3, bias=False)
        self.second_norm = torch.nn.BatchNorm2d(80)
        self.last_norm = torch.nn.BatchNorm2d(80)
        self.three = torch.nn.Parameter(torch.zeros(60, 80))
        self.place = torch.nn.Parameter(torch.zeros(1, 20))
        self.head = torch.nn.Linear(20, 30)
        self.unused = torch.nn.Linear(4, 5)

    def forward(self, image: Any) -> Any:
        x = torch.relu(self.first_norm(self.first(image)))
        x = torch.relu(self.second_norm(self.second(x)))
        x = torch.relu(self.last_norm(x)).mean((2, 3))
        one, two, three = (torch.nn.functional.linear(x, part) for part in self.three.chunk(3))
        return self.head(one * two + three + torch.sin(self.place) * 2)


@pytest.fixture(scope="module")
def small() -> Any:
    network = Small().eval()
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    network.load_state_dict({name: torch.from_numpy(value) for name, value in fill(shapes).items()})
    return network.requires_grad_(False)


def exported(ct: Any, network: Any, path: Path, *, compression: str = "none", **how: Any) -> Path:
    model, _ = convert_module(ct, network, conversion("out", **how))
    with quietly():
        compress(ct, model, compression).save(str(path))
    return path


def by_source(checked: Verification, name: str) -> tuple[str, float]:
    found = [finding for finding in checked.findings if name in finding.sources]
    assert len(found) == 1, name
    return found[0].how, found[0].difference


@pytest.mark.parametrize(("precision", "most"), [("float16", 0.51), ("float32", 4.0)])
def test_each_weight_is_found(ct: Any, small: Any, tmp_path: Path, precision: str, most: float) -> None:
    checked = verify_package(exported(ct, small, tmp_path / "a.mlpackage", precision=precision), small)
    assert checked.ok
    for name in ("last_norm.weight", "last_norm.running_var", "head.weight", "head.bias"):
        assert by_source(checked, name) == ("equal", 0.0)
    for name in ("first.weight", "first.bias", "second.weight"):
        how, difference = by_source(checked, name)
        assert how == "folded"
        assert difference <= most
    parts = [finding for finding in checked.findings if finding.sources == ("three",)]
    assert [finding.how for finding in parts] == ["part"] * 3
    assert checked.count("folded") == 4  # two weights, two biases
    assert set(checked.missing) == {"place", "unused.weight", "unused.bias"}
    computed = [finding.operation for finding in checked.findings if finding.how == "computed"]
    assert len(computed) == 1 + sum(kind == "linear.bias" for kind in computed)
    assert checked.summary().startswith(
        f"{len(checked.findings)} weights read back: 6 equal to the checkpoint, 3 "
    )


@pytest.mark.parametrize(
    ("name", "factor"), [("first.weight", 1.01), ("first_norm.bias", 1.1), ("second_norm.running_var", 0.9)]
)
def test_a_weight_of_another_checkpoint_is_told(
    ct: Any, small: Any, tmp_path: Path, name: str, factor: float
) -> None:
    package = exported(ct, small, tmp_path / "a.mlpackage")
    other = Small().eval()
    state = small.state_dict()
    other.load_state_dict({**state, name: state[name] * factor})
    checked = verify_package(package, other)
    assert not checked.ok
    assert checked.count("different") in (1, 2)
    assert "DIFFERENT from the checkpoint" in checked.summary()


def test_one_number_that_is_off_is_told(ct: Any, small: Any, tmp_path: Path) -> None:
    package = exported(ct, small, tmp_path / "a.mlpackage")
    other = Small().eval()
    state = {name: value.clone() for name, value in small.state_dict().items()}
    state["head.weight"][3, 4] *= 1.002  # two units in the last place of float16
    other.load_state_dict(state)
    assert by_source(verify_package(package, other), "head.weight")[0] == "different"


@pytest.mark.parametrize("target", ["iOS16", "iOS18"])
@pytest.mark.parametrize("how", ["int8", "palettize-4", "palettize-8"])
def test_compressed_weights_are_within_half_a_step(
    ct: Any, small: Any, tmp_path: Path, how: str, target: str
) -> None:
    package = exported(ct, small, tmp_path / "a.mlpackage", compression=how, target=target)
    checked = verify_package(package, small)
    name = "second.weight"  # 17,280 numbers: enough for palettes
    found, difference = by_source(checked, name)
    assert found == "compressed"
    assert 0.0 < difference <= 1.0
    other = Small().eval()
    state = {key: value.clone() for key, value in small.state_dict().items()}
    state[name][7] *= 1.3
    other.load_state_dict(state)
    assert by_source(verify_package(package, other), name)[0] == "different"


def test_numbers_are_held_to_their_unit() -> None:
    from flmcore.export.verify_steps import units

    value = np.array([1.0, 2.0], np.float16)
    assert units(value, np.array([1.0, 2.0])) == 0.0
    assert units(value, np.array([1.0 + 2**-10, 2.0])) == 1.0
    assert units(value, np.array([1.0, 2.0 + 2**-9]), size=np.array([4.0, 4.0])) == 0.5
