"""The calibration run sees what a network computes: values with known answers, named after their modules."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluated import BOX
from flmcore.errors import ExportError
from flmcore.export.ranges import Range, measure_ranges, record_ranges
from tiny_models import CENTROID, SIDE, centroid_onnx, write_config

pytest.importorskip("torch")
import torch

from flmcore import load_detector

SECOND = "[output]\nlandmarks = 1\n"


class Known(torch.nn.Module):
    """Three landmarks at (0, 0), over values that float16 holds, holds badly, and does not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.quiet = torch.nn.Identity()
        self.loud = Scale(70000.0)
        self.faint = Scale(1e-6)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        grey = self.quiet(image).amax(dim=(1, 2, 3))
        total = self.loud(grey) + self.faint(grey)
        return (0 * total)[:, None, None].expand(-1, 3, 2).clone()


class Scale(torch.nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return value * self.factor


@pytest.fixture
def detector(tmp_path: Path) -> Any:
    config = write_config(tmp_path, "torch", "none.pt", CENTROID)
    return load_detector(config, module=Known())


def crops(*levels: float) -> Any:
    return np.stack([np.full((3, SIDE, SIDE), level, np.float32) for level in levels])


def by_name(found: tuple[Range, ...]) -> dict[str, Range]:
    return {value.name: value for value in found}


def test_values_are_named_after_modules_and_measured_over_all_crops(detector: Any) -> None:
    ranges = record_ranges(detector, crops(0.5, 1.0, 0.25))
    found = by_name(ranges.values)
    assert ranges.crops == 3
    assert found["loud: mul"].largest == pytest.approx(70000.0)
    assert found["faint: mul"] == Range("faint: mul", pytest.approx(1e-6), 1.0)
    assert found[": amax"].largest == 1.0


def test_infinity_is_seen(detector: Any) -> None:
    detector.backend._module.loud.factor = math.inf
    with np.errstate(all="ignore"):
        ranges = record_ranges(detector, crops(1.0))
    assert by_name(ranges.values)["loud: mul"].largest == math.inf


def test_share_of_subnormal_values(detector: Any) -> None:
    crop = crops(1.0)
    crop[0, 0] = 1e-5  # a third of all values
    detector.backend._module.quiet = Scale(1.0)
    found = by_name(record_ranges(detector, crop).values)
    assert found["quiet: mul"].small == pytest.approx(1 / 3)
    assert by_name(record_ranges(detector, crops(0.0)).values)["quiet: mul"].small == 0.0


def test_nothing_stays_hooked(detector: Any) -> None:
    from torch.nn.modules import module as hooks

    before = len(hooks._global_forward_hooks), len(hooks._global_forward_pre_hooks)
    record_ranges(detector, crops(1.0))
    assert (len(hooks._global_forward_hooks), len(hooks._global_forward_pre_hooks)) == before


def test_a_network_that_fails_leaves_nothing_hooked(detector: Any) -> None:
    from torch.nn.modules import module as hooks

    detector.backend._module.quiet = Scale("x")  # type: ignore[arg-type]
    with pytest.raises(Exception, match="inference"):
        record_ranges(detector, crops(1.0))
    assert not hooks._global_forward_pre_hooks


def test_crops_are_those_of_the_faces(detector: Any) -> None:
    image = np.full((120, 160, 3), 255, np.uint8)
    ranges = measure_ranges(detector, [image], boxes=[[BOX, BOX]])
    assert (ranges.crops, ranges.images) == (2, ("array-0",))
    assert by_name(ranges.values)[": amax"].largest == 1.0  # 255 / std


def test_images_without_a_face_are_refused(detector: Any) -> None:
    with pytest.raises(ExportError, match="expected at least one face"):
        measure_ranges(detector, [np.zeros((40, 40, 3), np.uint8)], boxes=[np.empty((0, 4))])


def test_only_pytorch_can_be_watched(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    centroid_onnx(tmp_path / "m.onnx")
    other = load_detector(write_config(tmp_path, "onnx", "m.onnx", SECOND + CENTROID))
    with pytest.raises(ExportError, match="expected a PyTorch network, got backend onnx"):
        measure_ranges(other, [np.zeros((40, 40, 3), np.uint8)])
