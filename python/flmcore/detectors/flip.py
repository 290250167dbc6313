"""Test-time mirroring: a network's outputs on the mirrored input, mirrored back and added."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.detectors.schema import DetectorConfig, HeatmapDecode, SimccDecode
from flmcore.errors import ConfigError

__all__ = ["check_flip", "flip_of", "merge_mirrored", "mirrored"]

Raw = tuple[NDArray[Any], ...]


def flip_of(config: DetectorConfig) -> str:
    """``none``, ``sum`` or ``mean``."""
    return config.decode.flip if isinstance(config.decode, (HeatmapDecode, SimccDecode)) else "none"


def check_flip(config: DetectorConfig) -> None:
    """ConfigError where mirroring is asked for and the scheme's left-right pairs are not known."""
    if flip_of(config) == "none":
        return
    try:
        schemes.get(config.scheme)
    except ValueError:
        msg = (
            f"{config.path}: decode.flip: expected none with scheme {config.scheme}, whose left-right pairs flmcore "
            f"does not know, got {flip_of(config)!r}"
        )
        raise ConfigError(msg) from None


def mirrored(inputs: NDArray[Any]) -> NDArray[Any]:
    """N×3×H×W inputs, or N×H×W×3 bytes, left and right exchanged; contiguous."""
    return np.ascontiguousarray(inputs[:, :, ::-1] if inputs.dtype == np.uint8 else inputs[..., ::-1])


def merge_mirrored(config: DetectorConfig, plain: Raw, mirror: Raw) -> Raw:
    """Outputs on inputs and on mirrored inputs as one.

    A heat map, and the SimCC vector of x, is mirrored cell by cell without a shift, as face-alignment and MMPose do;
    landmark k takes what its left-right partner shows in the mirror. Scores beside them are merged likewise.
    """
    partner = np.array(schemes.get(config.scheme).flip)
    along_x = [True, False] if isinstance(config.decode, SimccDecode) else [True]
    merged = []
    for i, (a, b) in enumerate(zip(plain, mirror, strict=True)):
        back = b[:, partner] if b.ndim > 1 and b.shape[1] == len(partner) else b
        if i < len(along_x) and along_x[i]:
            back = back[..., ::-1]
        total = a + back
        merged.append(total if flip_of(config) == "sum" else total * total.dtype.type(0.5))
    return tuple(merged)
