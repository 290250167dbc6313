"""The official networks' recorded outputs, and the state dicts that gave them, from the shared material."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    rule, fill = _fill_rule(shared), manifest["fill"]
    state = rule.fill_state_dict(manifest["state_dict"], fill["gain"], fill.get("overrides"))
    assert rule.digest(state) == manifest["weights_sha256"]
    with np.load(shared / "parity" / f"{name}.npz") as arrays:
        outputs = {key: arrays[key] for key in arrays.files}
    return Recorded(manifest, state, rule.make_input(*manifest["input"]["shape"]), outputs)


def _fill_rule(shared: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("parity_fill", shared / "parity" / "fill.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
