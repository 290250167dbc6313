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
