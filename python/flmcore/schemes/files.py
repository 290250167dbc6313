"""Reads the registry's TOML files; nothing is read before the first look-up."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

__all__ = ["mapping_files", "read", "scheme_files"]

_LINK = "_to_"


@cache
def _texts() -> dict[str, str]:
    from importlib.resources import files  # here, for the sake of import time

    folder = files("flmcore.schemes") / "data"
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return {f.name[: -len(".toml")]: f.read_text(encoding="utf-8") for f in found}


def scheme_files() -> list[str]:
    """Names of the files that hold a scheme, without the suffix."""
    return [stem for stem in _texts() if _LINK not in stem]


def mapping_files() -> list[tuple[str, str]]:
    """(source, target) of the files that hold a mapping."""
    return [(stem.split(_LINK)[0], stem.split(_LINK)[1]) for stem in _texts() if _LINK in stem]


@cache
def read(stem: str) -> dict[str, Any]:
    """One file's content."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(_texts()[stem])
