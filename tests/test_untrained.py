"""Detectors without weights: the network's structure with made-up numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from flmcore.detectors.cost import stated_cost
from flmcore.detectors.load import find_config
from flmcore.errors import ExportError, WeightsError
from flmcore.export.untrained import open_or_untrained, untrained_detector


@pytest.fixture(autouse=True)
def nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLMCORE_WEIGHTS", raising=False)


@pytest.mark.parametrize("name", ["simulated-r18", "rtmpose-t", "slpt-6"])
def test_its_cost_is_that_of_the_trained_one(name: str) -> None:
    detector, untrained = open_or_untrained(name)
    assert untrained
    cost = detector.cost()
    assert cost.multiply_adds == stated_cost(find_config(name)).multiply_adds


def test_the_numbers_are_the_same_each_time_and_no_state_is_touched() -> None:
    before = torch.get_rng_state()
    config = find_config("simulated-r18")
    crop = np.random.default_rng(0).random((1, 3, *config.crop.size), dtype=np.float32)
    first, second = (untrained_detector(config).infer(crop)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert np.isfinite(first).all()
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_that_were_asked_for_are_not_done_without(tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        open_or_untrained("simulated-r18", tmp_path)
    (tmp_path / "bad.pth").write_bytes(b"not weights")
    with pytest.raises(WeightsError):
        open_or_untrained("simulated-r18", tmp_path / "bad.pth")


@pytest.mark.parametrize(
    ("name", "backend"), [("fan4-torchscript", "torchscript"), ("rtmpose-t-onnx", "onnx")]
)
def test_a_structure_that_lies_in_the_file_needs_the_file(name: str, backend: str) -> None:
    with pytest.raises(ExportError, match=f"{name}: untrained: expected .*got backend {backend}"):
        open_or_untrained(name, untrained=True)
    with pytest.raises(WeightsError):
        open_or_untrained(name)
