"""How the installed core was built, and what it runs on."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from flmcore import _core

__all__ = ["BuildInfo", "build_info"]


class BuildInfo(TypedDict):
    """What :func:`build_info` tells."""

    version: str
    compiler: str
    isa: str
    available_isas: list[str]
    threads: int
    python: str
    numpy: str
    platform: str


def build_info() -> BuildInfo:
    """Version, compiler, instruction set in use and those this machine has, threads used by default.

    The instruction set is chosen at import: the fastest that the processor has, or ``FLMCORE_ISA`` from the
    environment (``baseline`` works everywhere). Results have the same bytes under each.
    """
    import platform  # here: it costs a tenth of what importing flmcore may take

    return BuildInfo(
        version=_core.__version__,
        compiler=_core.compiler(),
        isa=_core.isa(),
        available_isas=_core.available_isas(),
        threads=_core.default_threads(),
        python=platform.python_version(),
        numpy=np.__version__,
        platform=platform.platform(),
    )
