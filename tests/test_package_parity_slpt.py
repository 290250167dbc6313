"""SLPT's package, run operation by operation, against its PyTorch module: attention and sampling between pixels."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from interpreted import SUMS, Exported

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


def test_slpt_in_float32(tmp_path: Path) -> None:
    net = Exported("slpt-6", "float32", "none", tmp_path)
    kinds = {operation.kind for operation in net.program.operations()}
    assert {"resample", "layer_norm", "softmax", "matmul"} <= kinds
    assert net.drift("landmarks") < SUMS
    # The converter computes the first attention of its constant queries: those weights are in no package.
    assert net.weights.ok
    assert all("layers.0" in name or "feature_norm" in name for name in net.weights.missing), (
        net.weights.missing
    )
    assert net.weights.count("equal") + net.weights.count("part") + net.weights.count("folded") == 385
