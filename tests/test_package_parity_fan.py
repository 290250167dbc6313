"""FAN's package, run operation by operation, against its PyTorch module; decoding is in the graph."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from interpreted import HALF, SUMS, WEIGHTS, Exported

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


def test_peaks_in_float32(tmp_path: Path) -> None:
    net = Exported("fan1", "float32", "argmax", tmp_path)
    assert net.drift("landmarks") == 0.0  # whole places
    assert net.drift("scores") < SUMS


def test_expectations_in_float16(tmp_path: Path) -> None:
    net = Exported("fan1", "float16", "expectation", tmp_path)
    assert 0.0 < net.drift("landmarks") < WEIGHTS
    assert net.drift("landmarks", half=True) < HALF
    assert net.drift("scores", half=True) < HALF
    assert (net.weights.ok, net.weights.missing) == (True, ())
    assert (net.weights.count("equal"), net.weights.count("folded")) == (267, 4)
