"""Fills a network with a state dict, tensor for tensor, or says in one line what does not fit."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from flmcore.data.images import PathLike
from flmcore.detectors import nets
from flmcore.detectors.checkpoint import read_checkpoint
from flmcore.errors import WeightsError

__all__ = ["LoadedBackbone", "fit", "load_backbone"]

Tensors = Mapping[str, torch.Tensor]
_SHOWN = 3  # names of each kind of fault in a message


@dataclass(frozen=True)
class LoadedBackbone:
    """What :func:`load_backbone` did.

    Attributes:
        filled: how many of the network's tensors now have the file's values.
        left: the network's tensors that keep their own values: its head.
        unused: the file's tensors that went nowhere.
    """

    filled: int
    left: tuple[str, ...]
    unused: tuple[str, ...]


def fit(network: nn.Module, tensors: Tensors, where: str) -> None:
    """Copies a state dict into a network of the same names and shapes; converts to the network's dtype.

    Published names are brought to the network's by its module's ``published_state``. Counters of batch normalisation
    (``num_batches_tracked``), which inference does not use, may be missing or too many.

    Args:
        network: filled in place, and untouched where an error is raised.
        tensors: as :func:`~flmcore.detectors.checkpoint.read_checkpoint` gives them.
        where: what messages call the source of the tensors: the file.

    Raises:
        WeightsError: missing, unexpected or other-shaped tensors, with what the state dict looks like instead; or a
            tensor that is not plain numbers of the right kind, or not finite.
    """
    own = network.state_dict()
    found = _renamed(network, tensors, own)
    if faults := _faults(own, found):
        raise _misfit(network, where, faults, tensors, found)
    _copy({name: tensor for name, tensor in found.items() if name in own}, network, where)


def load_backbone(network: nn.Module, path: PathLike) -> LoadedBackbone:
    """Fills all of a network but its head, to start a training from: a ResNet from one trained on ImageNet.

    The head's names begin as the network's attribute ``head_names`` says (``("fc.",)``); the file's tensors of these names, and
    others that the network does not have, are not used.

    Raises:
        WeightsError: as of :func:`~flmcore.detectors.checkpoint.read_checkpoint` and :func:`fit`; so too where a tensor
            outside the head is missing or of another shape, since a backbone filled in part is a trap.
    """
    heads: tuple[str, ...] = tuple(getattr(network, "head_names", ()))
    tensors, own = read_checkpoint(path), network.state_dict()
    found = _renamed(network, tensors, own)
    body = {name: tensor for name, tensor in own.items() if not name.startswith(heads)}
    usable = {name: tensor for name, tensor in found.items() if name in body}
    if faults := _faults(body, usable):
        raise _misfit(network, str(path), faults, tensors, found)
    _copy(usable, network, str(path))
    return LoadedBackbone(
        filled=len(usable),
        left=tuple(name for name in own if name not in usable and not _is_counter(name)),
        unused=tuple(name for name in found if name not in usable),
    )


def _renamed(network: nn.Module, tensors: Tensors, own: Tensors) -> Tensors:
    rename = getattr(sys.modules.get(type(network).__module__), "published_state", None)
    if rename is not None and own.keys() != tensors.keys():
        tensors = rename(dict(tensors))
    if tensors and not own.keys() & tensors.keys():  # Lightning's `model.`, or another attribute of a trainer
        prefix = next(iter(tensors)).partition(".")[0] + "."
        inner = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
        if all(name.startswith(prefix) for name in tensors) and own.keys() & inner.keys():
            return inner
    return tensors


def _is_counter(name: str) -> bool:
    return name.rpartition(".")[2] == "num_batches_tracked"


def _faults(own: Tensors, found: Tensors) -> list[str]:
    """What keeps ``found`` from filling ``own``: a count and the first few names of each kind."""
    missing = [name for name in own if name not in found and not _is_counter(name)]
    unexpected = [name for name in found if name not in own and not _is_counter(name)]
    reshaped = [
        f"{name}: expected {tuple(own[name].shape)}, got {tuple(found[name].shape)}"
        for name in own
        if name in found and own[name].shape != found[name].shape
    ]
    kinds = {"missing": missing, "unexpected": unexpected, "of another shape": reshaped}
    return [
        f"{len(names)} {kind} ({'; '.join(names[:_SHOWN])}{'; …' if len(names) > _SHOWN else ''})"
        for kind, names in kinds.items()
        if names
    ]


def _misfit(
    network: nn.Module, where: str, faults: list[str], tensors: Tensors, found: Tensors
) -> WeightsError:
    expected = _looks_like(network.state_dict()) or type(network).__name__
    got = _looks_like(tensors) or _looks_like(found)
    guess = f"; this looks like {got}" if got not in (None, expected) else ""
    return WeightsError(
        f"{where}: expected the tensors of {expected}, got others: {', '.join(faults)}{guess}"
    )


def _copy(tensors: Tensors, network: nn.Module, where: str) -> None:
    own = network.state_dict()
    converted = {}
    for name, tensor in tensors.items():
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
            msg = f"{where}: {name}: expected plain numbers, got a sparse, quantized or empty tensor"
            raise WeightsError(msg)
        if _kind(tensor) != _kind(own[name]):
            msg = f"{where}: {name}: expected {_kind(own[name])}, got {tensor.dtype}"
            raise WeightsError(msg)
        converted[name] = tensor.to(own[name].dtype)
        if tensor.is_floating_point() and not torch.isfinite(converted[name]).all():
            msg = f"{where}: {name}: expected finite numbers, got NaN, infinity or numbers beyond {own[name].dtype}"
            raise WeightsError(msg)
    network.load_state_dict(converted, strict=False)


def _kind(tensor: torch.Tensor) -> str:
    if tensor.is_complex():
        return "complex numbers"
    return "floating-point numbers" if tensor.is_floating_point() else "whole numbers"


def _looks_like(tensors: Tensors) -> str | None:
    """The published network that has these tensors, by the networks' own ``identify``."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    return next(filter(None, _guesses(shapes)), None)


def _guesses(shapes: Mapping[str, tuple[int, ...]]) -> Iterable[str | None]:
    for family in nets.families():
        identify: Any = getattr(family, "identify", None)
        if identify is not None:
            yield identify(shapes)
