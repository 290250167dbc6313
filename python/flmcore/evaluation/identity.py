"""What makes two runs the same run."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from numpy.typing import ArrayLike

from flmcore import __version__
from flmcore.build import build_info
from flmcore.evaluation.inputs import Source
from flmcore.evaluation.measure import Measurable
from flmcore.evaluation.store import plain

__all__ = ["digests", "environment", "run_identity"]

_PACKAGES = (
    "numpy",
    "pillow",
    "rich",
    "dlib-bin",
    "dlib",
    "onnxruntime",
    "openvino",
    "torch",
    "safetensors",
    "ai-edge-litert",
    "matplotlib",
    "opencv-python-headless",
    "av",
)


def run_identity(
    protocol: Mapping[str, Any],
    detectors: Sequence[Measurable],
    sources: Sequence[Source],
    boxes: Mapping[str, ArrayLike] | None,
) -> dict[str, Any]:
    """Everything that the measured values depend on; a stored run with another identity is not carried on."""
    return dict(
        plain(
            {
                "version": __version__,
                "protocol": protocol,
                "detectors": [detector.describe() for detector in detectors],
                "images": [{"image": source.id, "sha256": source.digest} for source in sources],
                "boxes": boxes,
            }
        )
    )


def digests(identity: Mapping[str, Any]) -> dict[str, str]:
    """One sha256 per part of an identity: enough to tell whether two runs are the same, and in what they differ."""
    return {
        key: hashlib.sha256(json.dumps(value, sort_keys=True, allow_nan=False).encode()).hexdigest()
        for key, value in identity.items()
    }


def environment() -> dict[str, Any]:
    """The machine and the packages; values do not depend on it, times do."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {"build": dict(build_info()), "packages": packages, "processor": _processor()}


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
