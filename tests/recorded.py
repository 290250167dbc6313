"""The official networks' recorded outputs, and the state dicts that gave them, from the shared material."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import weight_fill

__all__ = ["Recorded", "read_recorded"]


@dataclass(frozen=True)
class Recorded:
    """What an official network was filled with, was given, and gave."""

    manifest: dict[str, Any]
    state: dict[str, NDArray[Any]]  # in the official order
    inputs: NDArray[np.float32]
    outputs: dict[str, NDArray[Any]]


def read_recorded(shared: Path, name: str) -> Recorded:
    manifest = json.loads((shared / "parity" / f"{name}.manifest.json").read_text())
    shapes = {name: tuple(shape) for name, shape, _ in manifest["state_dict"]}
    rule = manifest["fill"]
    state = weight_fill.fill(shapes, gain=rule["gain"], overrides=rule["overrides"])
    assert weight_fill.digest(state) == manifest["weights_sha256"]
    with np.load(shared / "parity" / f"{name}.npz") as arrays:
        outputs = {key: arrays[key] for key in arrays.files}
    return Recorded(manifest, state, weight_fill.make_input(manifest["input"]["shape"][0]), outputs)
