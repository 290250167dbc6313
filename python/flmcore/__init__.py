"""flmcore: compare face-landmark detectors on jitter, stability, speed and accuracy.

Coordinates are in pixels, x right and y down; (0, 0) is the centre of the top-left pixel. Images are uint8 H×W×3 RGB.
"""

from __future__ import annotations

import os as _os

from flmcore import _core

_core.select_isa(_os.environ.get("FLMCORE_ISA", ""))  # an unknown name must fail here, not run something else

from flmcore import schemes
from flmcore.build import build_info
from flmcore.ops.affine import box_affine, compose_affine, invert_affine, transform_points
from flmcore.ops.crop import crop
from flmcore.ops.heatmaps import decode_heatmaps
from flmcore.ops.nme import NmeResult, nme
from flmcore.ops.remap import remap
from flmcore.ops.simcc import decode_simcc
from flmcore.ops.stability import StabilityResult, crop_jitter, stability
from flmcore.ops.stability_stream import StabilityAccumulator

__version__ = _core.__version__

__all__ = [
    "NmeResult",
    "StabilityAccumulator",
    "StabilityResult",
    "__version__",
    "box_affine",
    "build_info",
    "compose_affine",
    "crop",
    "crop_jitter",
    "decode_heatmaps",
    "decode_simcc",
    "invert_affine",
    "nme",
    "remap",
    "schemes",
    "stability",
    "transform_points",
]
