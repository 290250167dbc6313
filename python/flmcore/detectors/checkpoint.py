"""Reads a network's weights from the files in which people have them: names and tensors, nothing run."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from flmcore.data.images import PathLike
from flmcore.detectors.checkpoint_pickle import load_pickle, one_line
from flmcore.errors import MissingExtraError, WeightsError

__all__ = ["read_checkpoint"]

# Where training programs put the state dict, in the order of trust. mmengine saves the averaged weights as `state_dict`
# where it averages, so the exponential averages come last.
_WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "weights",
    "ema_state_dict",
    "model_ema",
)
_PREFIXES = ("module.", "_orig_mod.")  # of torch.nn.DataParallel and of torch.compile
_DEPTH = 8  # a pickle may hold itself
_COUNTERS = ("n_averaged", "steps")  # beside `module.` in averaged models of torch and mmengine


def read_checkpoint(path: PathLike, state: str | None = None) -> dict[str, torch.Tensor]:
    """The state dict in a file: parameter name → tensor on the processor.

    Reads ``.safetensors``; what ``torch.save`` wrote, zip or legacy, whatever its suffix, through ``weights_only``;
    and TorchScript archives, whose parameters are taken. A state dict inside a training checkpoint is found under its
    usual names (``state_dict``, ``model``, ``model_state_dict`` …), and the prefix ``module.`` is cut off.

    Args:
        path: the file.
        state: where in the file the state dict lies, keys joined by dots, for files that keep it elsewhere.

    Raises:
        WeightsError: not readable, damaged, no state dict, or with code in it, which is never run.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        msg = f"{file}: expected a file of tensors that can be read, got {error.strerror or error}"
        raise WeightsError(msg) from None
    if what := _not_weights(head):
        msg = f"{file}: expected a file of tensors, got {what}"
        raise WeightsError(msg)
    if file.suffix == ".safetensors":
        loaded = _load_safetensors(file)
    elif _is_torchscript(file):
        loaded = _load_script_state(file)
    else:
        loaded = load_pickle(file)
    tensors = _only_tensors(file, _under(file, loaded, state) if state else _unwrapped(file, loaded))
    return _without_prefix(tensors)


def _not_weights(head: bytes) -> str | None:
    """What a file that is often taken for weights is."""
    if not head:
        return "an empty file"
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer: fetch the file itself with git lfs pull"
    return "a web page" if head.lstrip().lower().startswith((b"<!doctype", b"<html")) else None


def _is_torchscript(file: Path) -> bool:
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _load_safetensors(file: Path) -> Any:
    try:
        from safetensors.torch import load_file
    except ImportError:
        raise MissingExtraError(package="safetensors", extra="torch", what_for=f"reading {file}") from None
    try:
        return load_file(str(file))
    except Exception as error:  # safetensors raises its own kind
        msg = f"{file}: expected a file of tensors, got one that is damaged ({one_line(error)})"
        raise WeightsError(msg) from error


def _load_script_state(file: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # torch announces the end of torch.jit
            script: Any = torch.jit.load(str(file), map_location="cpu")  # type: ignore[no-untyped-call]
            return script.state_dict()
    except RuntimeError as error:
        msg = f"{file}: expected a TorchScript file, got one that is damaged ({one_line(error)})"
        raise WeightsError(msg) from error


def _under(file: Path, loaded: Any, state: str) -> Any:
    for key in state.split("."):
        if not isinstance(loaded, Mapping) or key not in loaded:
            got = ", ".join(map(str, loaded)) if isinstance(loaded, Mapping) else type(loaded).__name__
            msg = f"{file}: expected the state dict under {state!r} as the config says, got {got[:200]}"
            raise WeightsError(msg)
        loaded = loaded[key]
    return loaded


def _unwrapped(file: Path, loaded: Any) -> Any:
    """The innermost state dict under the usual names, or the only one of the file."""
    for _ in range(_DEPTH):
        if not isinstance(loaded, Mapping):
            break
        inner = [key for key in _WRAPPERS if isinstance(loaded.get(key), Mapping)]
        others = [key for key, value in loaded.items() if _has_tensors(value)]
        if inner:
            loaded = loaded[inner[0]]
        elif not others:
            break
        elif len(others) == 1:
            loaded = loaded[others[0]]
        else:
            listed = ", ".join(map(str, others))
            msg = f"{file}: expected one state dict, got several: say which by model.state in the config: {listed}"
            raise WeightsError(msg)
    return loaded


def _has_tensors(value: Any) -> bool:
    return isinstance(value, Mapping) and any(isinstance(item, torch.Tensor) for item in value.values())


def _only_tensors(file: Path, loaded: Any) -> dict[str, torch.Tensor]:
    if not isinstance(loaded, Mapping):
        msg = f"{file}: expected a state dict, got {type(loaded).__name__}"
        raise WeightsError(msg)
    if not any(isinstance(value, torch.Tensor) for value in loaded.values()):
        got = f"one of {', '.join(map(str, loaded))[:200]}" if loaded else "an empty one"
        msg = f"{file}: expected a state dict of tensors, got {got}"
        raise WeightsError(msg)
    for name, value in loaded.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            got = f"{type(value).__name__} under {name!r}"
            msg = f"{file}: expected tensors only in the state dict, got {got}"
            raise WeightsError(msg)
    return {name: value.detach() for name, value in loaded.items()}


def _without_prefix(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    for prefix in _PREFIXES:
        named = {name: value for name, value in tensors.items() if name not in _COUNTERS}
        if named and all(name.startswith(prefix) for name in named):
            return _without_prefix({name.removeprefix(prefix): value for name, value in named.items()})
    return tensors
