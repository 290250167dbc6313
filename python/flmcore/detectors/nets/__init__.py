"""Networks that a config may name: flmcore's own, and those of installed packages.

A module here defines one network, and may define two functions that :mod:`flmcore.detectors.checkpoint` calls:

* ``identify(shapes)``: from the names and shapes of a state dict, a short text such as ``2DFAN-2 (68 landmarks)`` where
  it is one of this network's, else None; so that a file that does not fit can be named.
* ``published_state(tensors)``: a published file's state dict with this network's names, what is not a part of the
  network left out.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from types import ModuleType
from typing import Any

from flmcore.errors import ConfigError
from flmcore.nearest import nearest

__all__ = ["GROUP", "build", "families", "module_of", "names", "require_name"]

GROUP = "flmcore.networks"  # entry point: name -> callable that gives a torch.nn.Module
_NETWORKS = {
    "facemesh": ("facemesh", "FaceMesh"),
    "fan": ("fan", "FAN"),
    "slpt": ("slpt", "SLPT"),
    "rtmpose": ("rtmpose", "RTMPose"),
    "resnet": ("resnet", "ResNet"),
    "timm": ("timm_backbone", "timm_regressor"),
    "pfld-lite": ("pfld_lite", "PFLDLite"),
}


def names() -> list[str]:
    """Every network that :func:`build` knows here."""
    return sorted({*_NETWORKS, *(entry.name for entry in metadata.entry_points(group=GROUP))})


def build(
    name: str, options: Mapping[str, Any] | None = None, *, where: str = "model", **context: Any
) -> Any:
    """A new network of this name, not yet filled with weights.

    Args:
        name: one of :func:`names`.
        options: keyword arguments from the config's ``model.options``.
        where: what a message calls the table in which the name stands.
        context: what the config says elsewhere (``landmarks``, ``size``, ``mean_face`` …); each goes to the network
            where it has a parameter of this name.

    Raises:
        ConfigError: an unknown name, an unknown option (with the nearest one), an option that the network refuses.
    """
    make = _maker(name, f"{where}.network")
    parameters = inspect.signature(make).parameters
    given = {key: value for key, value in context.items() if key in parameters}
    known = [key for key in parameters if key not in context]
    for key in options or {}:
        if key not in known:
            expected = f"one of {', '.join(known)}" if known else f"none for network {name}"
            msg = f"{where}.options: expected {expected}, got an unknown option '{key}'{nearest(key, known)}"
            raise ConfigError(msg)
    try:
        return make(**given, **(options or {}))
    except (TypeError, ValueError) as error:
        text = " ".join(str(error).split())
        place = where if text.partition(":")[0] in given else f"{where}.options"
        msg = f"{place}: {text}"
        raise ConfigError(msg) from error


def module_of(name: str) -> ModuleType | None:
    """The module here that defines the network, or None for another package's."""
    return importlib.import_module(f"{__name__}.{_NETWORKS[name][0]}") if name in _NETWORKS else None


def families() -> Iterator[ModuleType]:
    """Every module here that defines a network."""
    for module, _ in _NETWORKS.values():
        yield importlib.import_module(f"{__name__}.{module}")


def _maker(name: str, where: str) -> Callable[..., Any]:
    if name in _NETWORKS:
        module, maker = _NETWORKS[name]
        return getattr(importlib.import_module(f"{__name__}.{module}"), maker)  # type: ignore[no-any-return]
    require_name(name, where)
    (entry, *_) = metadata.entry_points(group=GROUP, name=name)
    return entry.load()  # type: ignore[no-any-return]


def require_name(name: str, where: str) -> None:
    """ConfigError where there is no network of this name; imports nothing."""
    known = names()
    if name not in known:
        msg = f"{where}: expected one of {', '.join(known)}, got {name!r}{nearest(name, known)}"
        raise ConfigError(msg)
