"""flmcore: compare face-landmark detectors on jitter, stability, speed and accuracy.

Coordinates are in pixels, x right and y down; (0, 0) is the centre of the top-left pixel. Images are uint8 H×W×3 RGB.
"""

from __future__ import annotations

import os as _os
from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from flmcore import _core

_core.select_isa(_os.environ.get("FLMCORE_ISA", ""))  # an unknown name must fail here, not run something else

if _TYPE_CHECKING:
    from flmcore import schemes
    from flmcore.build import build_info
    from flmcore.data.box_kinds import convert_boxes
    from flmcore.detectors.load import available_detectors, load_detector
    from flmcore.evaluation import Results, evaluate
    from flmcore.evaluation.fit_offsets import fit_offsets
    from flmcore.evaluation.fit_remap import FittedRemap, fit_remap
    from flmcore.evaluation.video import evaluate_video
    from flmcore.ops.affine import box_affine, compose_affine, invert_affine, transform_points
    from flmcore.ops.crop import crop
    from flmcore.ops.flow import Flow, FlowPyramid, track_points
    from flmcore.ops.heatmaps import decode_heatmaps
    from flmcore.ops.motion import MotionAccumulator, MotionResult
    from flmcore.ops.nme import NmeResult, nme
    from flmcore.ops.remap import remap
    from flmcore.ops.simcc import decode_simcc
    from flmcore.ops.stability import StabilityResult, crop_jitter, stability
    from flmcore.ops.stability_stream import StabilityAccumulator

__version__ = _core.__version__

# Where each public name lives; its module is imported on first use, so that `import flmcore` costs little more than NumPy.
_MODULES = {
    "flmcore.build": ("build_info",),
    "flmcore.data.box_kinds": ("convert_boxes",),
    "flmcore.detectors.load": ("available_detectors", "load_detector"),
    "flmcore.evaluation": ("Results", "evaluate"),
    "flmcore.evaluation.fit_offsets": ("fit_offsets",),
    "flmcore.evaluation.fit_remap": ("FittedRemap", "fit_remap"),
    "flmcore.evaluation.video": ("evaluate_video",),
    "flmcore.ops.affine": ("box_affine", "compose_affine", "invert_affine", "transform_points"),
    "flmcore.ops.crop": ("crop",),
    "flmcore.ops.flow": ("Flow", "FlowPyramid", "track_points"),
    "flmcore.ops.heatmaps": ("decode_heatmaps",),
    "flmcore.ops.motion": ("MotionAccumulator", "MotionResult"),
    "flmcore.ops.nme": ("NmeResult", "nme"),
    "flmcore.ops.remap": ("remap",),
    "flmcore.ops.simcc": ("decode_simcc",),
    "flmcore.ops.stability": ("StabilityResult", "crop_jitter", "stability"),
    "flmcore.ops.stability_stream": ("StabilityAccumulator",),
}
_LAZY = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name == "schemes":
        return _import_module("flmcore.schemes")
    if name not in _LAZY:
        msg = f"module 'flmcore' has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(_import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, "schemes"})


__all__ = [
    "FittedRemap",
    "Flow",
    "FlowPyramid",
    "MotionAccumulator",
    "MotionResult",
    "NmeResult",
    "Results",
    "StabilityAccumulator",
    "StabilityResult",
    "__version__",
    "available_detectors",
    "box_affine",
    "build_info",
    "compose_affine",
    "convert_boxes",
    "crop",
    "crop_jitter",
    "decode_heatmaps",
    "decode_simcc",
    "evaluate",
    "evaluate_video",
    "fit_offsets",
    "fit_remap",
    "invert_affine",
    "load_detector",
    "nme",
    "remap",
    "schemes",
    "stability",
    "track_points",
    "transform_points",
]
