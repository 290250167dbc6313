"""Checkpoints: everything that a training needs to go on as if it had never stopped, in one file of tensors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from flmcore.errors import ResultsError
from flmcore.whole_files import plain, write_bytes

__all__ = ["Checkpoint", "newest", "save"]

_KEPT = 2
_FORMAT = "flmcore training 1"
_NAME = re.compile(r"checkpoint-(\d{9})\.safetensors")

Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A training's state.

    Attributes:
        tensors: the network's, its average's and the optimiser's, by ``PART/NAME``.
        state: the rest, as JSON holds it: ``identity``, ``step``, ``history`` …
        path: the file.
    """

    tensors: Tensors
    state: dict[str, Any]
    path: Path


def save(folder: Path, step: int, tensors: Tensors, state: Mapping[str, Any]) -> Path:
    """Write a checkpoint, whole or not at all, then remove all but the last two.

    Raises:
        ResultsError: it cannot be written (a full disk); the earlier ones are as they were.
    """
    from safetensors.torch import save as encode

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"checkpoint-{step:09d}.safetensors"
    own = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(plain(state), allow_nan=False, ensure_ascii=False)
    write_bytes(path, encode(own, {"format": _FORMAT, "state": text}))
    for old in _listed(folder)[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path


def newest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The last checkpoint that can be read, and a line for each later one that cannot; None where there is none.

    Raises:
        ResultsError: there are checkpoints, and none of them can be read.
    """
    problems: list[str] = []
    for path in reversed(_listed(folder)):
        try:
            return _read(path), problems
        except ResultsError as error:
            problems.append(str(error))
    if problems:
        raise ResultsError(problems[0])
    return None, []


def _listed(folder: Path) -> list[Path]:
    """By step."""
    return sorted(path for path in folder.glob("checkpoint-*.safetensors") if _NAME.fullmatch(path.name))


def _read(path: Path) -> Checkpoint:
    from safetensors import safe_open

    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
        state = json.loads(about.get("state", "null"))
    except Exception as error:  # noqa: BLE001 - safetensors raises its own kind
        msg = f"{path}: expected a checkpoint, got a damaged one ({' '.join(str(error).split())[:200]})"
        raise ResultsError(msg) from None
    if about.get("format") != _FORMAT or not isinstance(state, dict):
        msg = f"{path}: expected a checkpoint of the form {_FORMAT!r}, got {about.get('format')!r}"
        raise ResultsError(msg)
    return Checkpoint(tensors, state, path)
