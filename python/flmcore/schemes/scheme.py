"""What a landmark scheme is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from flmcore.schemes.files import read, scheme_files

__all__ = ["Scheme", "find", "get", "look_up", "names"]


@dataclass(frozen=True)
class Scheme:
    """An order of landmarks on a face."""

    name: str
    landmarks: int
    groups: Mapping[str, tuple[int, ...]]
    """Indices by part of the face: ``contour``, ``left_brow``, ``left_eye``, ``outer_mouth``, ...; a landmark may be
    in none."""
    flip: tuple[int, ...]
    """``flip[i]`` is the landmark that landmark ``i`` becomes in the mirrored image."""
    eye_outer: tuple[int, int] | None
    """Outer eye corners, left then right; None where the scheme has none."""
    eye_inner: tuple[int, int] | None
    """Inner eye corners, left then right."""
    source: str
    """Where order and flip come from."""
    doubts: str = ""
    aliases: tuple[str, ...] = ()


@cache
def _registry() -> dict[str, Scheme]:
    return {scheme.name: scheme for scheme in (_scheme(stem) for stem in scheme_files())}


def _scheme(stem: str) -> Scheme:
    data = read(stem)
    pair = {key: (data[key][0], data[key][1]) if key in data else None for key in ("eye_outer", "eye_inner")}
    return Scheme(
        name=data["name"],
        landmarks=data["landmarks"],
        groups=MappingProxyType({name: tuple(group) for name, group in data["groups"].items()}),
        flip=tuple(data["flip"]),
        eye_outer=pair["eye_outer"],
        eye_inner=pair["eye_inner"],
        source=data["source"],
        doubts=data.get("doubts", ""),
        aliases=tuple(data.get("aliases", ())),
    )


def names() -> list[str]:
    """Names of all schemes."""
    return list(_registry())


def get(name: str) -> Scheme:
    """The scheme of this name or alias. ValueError where there is none."""
    return look_up("name", name)


def find(name: str) -> Scheme | None:
    """:func:`get`, or None."""
    return next((s for s in _registry().values() if name == s.name or name in s.aliases), None)


def look_up(argument: str, name: str) -> Scheme:
    """:func:`get`, with the argument that the message names."""
    registry = _registry()
    if isinstance(name, str):
        if name in registry:
            return registry[name]
        for scheme in registry.values():
            if name in scheme.aliases:
                return scheme
    msg = f"{argument}: expected one of {', '.join(registry)}, got {name!r}"
    raise ValueError(msg) if isinstance(name, str) else TypeError(msg)
