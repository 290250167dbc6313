"""Networks that a config may name: flmcore's own, and those of installed packages."""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import Any

from flmcore.detectors.checks import nearest
from flmcore.errors import ConfigError

__all__ = ["GROUP", "build", "names"]

GROUP = "flmcore.networks"  # entry point: name -> callable without arguments that gives a torch.nn.Module
_NETWORKS = {"facemesh": ("facemesh", "FaceMesh")}


def names() -> list[str]:
    """Every network that :func:`build` knows here."""
    return sorted({*_NETWORKS, *(entry.name for entry in metadata.entry_points(group=GROUP))})


def build(name: str, *, where: str = "network") -> Any:
    """A new network of this name, not yet filled with weights; ConfigError for an unknown name."""
    if name in _NETWORKS:
        module, cls = _NETWORKS[name]
        return getattr(importlib.import_module(f"{__name__}.{module}"), cls)()
    for entry in metadata.entry_points(group=GROUP, name=name):
        return entry.load()()
    known = names()
    msg = f"{where}: expected one of {', '.join(known)}, got {name!r}{nearest(name, known)}"
    raise ConfigError(msg)
