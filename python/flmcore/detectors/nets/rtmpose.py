"""RTMPose: CSPNeXt and a SimCC head; MMPose's face models, variants t, s and m, and the larger l and x.

After Jiang et al., RTMPose: Real-Time Multi-Person Pose Estimation based on MMPose, 2023 (arXiv:2303.07399). Input
N×3×H×W RGB, ``(pixel - mean) / std`` with ImageNet's mean and deviation in grey levels.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from flmcore.detectors.nets.cspnext import STRIDE, CSPNeXt
from flmcore.detectors.nets.rtmcc import RTMCCHead

__all__ = ["VARIANTS", "RTMPose", "identify", "published_state"]

# deepen_factor and widen_factor of MMPose's configs. What they share is written in the modules: expand_ratio 0.5,
# final_layer_kernel_size 7, hidden_dims 256, s 128, expansion_factor 2.
VARIANTS = {"t": (0.167, 0.375), "s": (0.33, 0.5), "m": (0.67, 0.75), "l": (1.0, 1.0), "x": (1.33, 1.25)}
_COUNTER = "num_batches_tracked"


class RTMPose(nn.Module):
    """Gives logits over x, (N, K, W · ``split_ratio``), and over y, (N, K, H · ``split_ratio``).

    A landmark's x is its largest bin / ``split_ratio`` in input pixels, 0 the first pixel's centre: MMPose trains so.

    Args:
        landmarks: K.
        size: (W, H) of the input, multiples of 32.
        variant: one of :data:`VARIANTS`.
        split_ratio: bins per pixel.
    """

    def __init__(
        self,
        landmarks: int = 106,
        size: tuple[int, int] = (256, 256),
        variant: str = "m",
        split_ratio: float = 2.0,
    ) -> None:
        super().__init__()
        if variant not in VARIANTS:
            msg = f"variant: expected one of {', '.join(VARIANTS)}, got {variant!r}"
            raise ValueError(msg)
        width, height = size
        if width % STRIDE or height % STRIDE or min(size) <= 0:
            msg = f"size: expected multiples of {STRIDE} pixels, got {width}×{height}"
            raise ValueError(msg)
        bins = int(width * split_ratio), int(height * split_ratio)
        if min(bins) < 1:
            msg = f"split_ratio: expected at least one bin over the input, got {split_ratio}"
            raise ValueError(msg)
        self.backbone = CSPNeXt(*VARIANTS[variant])
        cells = (width // STRIDE) * (height // STRIDE)
        self.head = RTMCCHead(self.backbone.channels, landmarks, cells, bins)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits: tuple[torch.Tensor, torch.Tensor] = self.head(self.backbone(x))
        return logits


def identify(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """``RTMPose-t (106 landmarks, 256×256)`` where a network of :class:`RTMPose` has exactly these names and shapes."""
    found = _read_sizes(shapes)
    if found is None:
        return None
    landmarks, (width, height), split_ratio = found
    stem = shapes.get("backbone.stem.2.conv.weight", (0,))[0]
    for variant, (_, widen) in VARIANTS.items():
        if stem == int(64 * widen) and _same(
            shapes, _shapes(landmarks, (width, height), variant, split_ratio)
        ):
            bins = "" if split_ratio == 2 else f", {split_ratio:g} bins per pixel"
            return f"RTMPose-{variant} ({landmarks} landmarks, {width}×{height}{bins})"
    return None


def published_state(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """An MMPose state dict with this network's names alone.

    Left out: the image normalisation that MMPose keeps as ``data_preprocessor.*`` (``publish_model.py`` drops it too)
    and an averaged model's ``steps``. ``module.`` (of parallel training, or of ``ema_state_dict``) is taken off.

    Averaged weights: where there are plain names, they win, and ``ema_*`` stands in only where it stands alone.
    """
    # Read in mmengine/hooks/ema_hook.py: before_save_checkpoint swaps the averages into `state_dict` and leaves the
    # training weights in `ema_state_dict`; mmpose's publish_model.py then drops the latter. Read in mmcv 1's
    # runner/hooks/ema.py: one dict holds `backbone.stem.0.conv.weight` and `ema_backbone_stem_0_conv_weight`, swapped
    # after each epoch and back before the next. OpenMMLab's own configs (priority=49) save in between, so the averages
    # have the plain names. At mmcv's default priority the file is saved ahead of the first swap and the two are the
    # other way round, which nothing in it tells.
    plain = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    averages = {
        _flat_names()[name]: plain.pop(name)
        for name in list(plain)
        if name.startswith("ema_") and name in _flat_names()
    }
    kept = {
        name: t for name, t in plain.items() if not name.startswith("data_preprocessor.") and name != "steps"
    }
    return kept if kept.keys() & averages.keys() else {**kept, **averages}


def _read_sizes(shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, tuple[int, int], float] | None:
    """Landmarks, input size and bins per pixel that the head's shapes imply, or None."""
    wanted = (
        ("head.final_layer.weight", 4),
        ("head.mlp.1.weight", 2),
        ("head.cls_x.weight", 2),
        ("head.cls_y.weight", 2),
    )
    if any(len(shapes.get(name, ())) != axes for name, axes in wanted):
        return None
    landmarks, cells = shapes["head.final_layer.weight"][0], shapes["head.mlp.1.weight"][1]
    bins_x, bins_y = shapes["head.cls_x.weight"][0], shapes["head.cls_y.weight"][0]
    if min(landmarks, cells, bins_x, bins_y) < 1:
        return None
    split_ratio = math.sqrt(bins_x * bins_y / cells) / STRIDE
    size = round(bins_x / split_ratio), round(bins_y / split_ratio)
    fits = all(extent > 0 and extent % STRIDE == 0 for extent in size)
    return (landmarks, size, split_ratio) if fits else None


@functools.lru_cache(maxsize=8)
def _shapes(
    landmarks: int, size: tuple[int, int], variant: str, split_ratio: float
) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):  # names and shapes alone, no memory
        network = RTMPose(landmarks, size, variant, split_ratio)
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def _same(shapes: Mapping[str, tuple[int, ...]], own: Mapping[str, tuple[int, ...]]) -> bool:
    """Equal but for batch norm's counters, which old files lack."""

    def counted(names: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        return {name: tuple(shape) for name, shape in names.items() if not name.endswith(_COUNTER)}

    return counted(shapes) == counted(own)


@functools.cache
def _flat_names() -> dict[str, str]:
    """mmcv's names of averages, dots written as underscores, and the network's; the deepest has those of all others."""
    return {f"ema_{name.replace('.', '_')}": name for name in _shapes(1, (STRIDE, STRIDE), "x", 2.0)}
