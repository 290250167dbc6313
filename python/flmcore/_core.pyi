"""
Kernels of flmcore. Arrays are taken as they are: the functions in flmcore.ops cast and document.
"""

from __future__ import annotations
import numpy
import numpy.typing
import typing

__all__: list[str] = [
    "available_isas",
    "box_affine",
    "compiler",
    "compose_affine",
    "default_threads",
    "invert_affine",
    "isa",
    "select_isa",
    "transform_points",
]

def available_isas() -> list[str]: ...
def box_affine(
    boxes: numpy.typing.NDArray[numpy.float64],
    scale: numpy.typing.NDArray[numpy.float64],
    shift: numpy.typing.NDArray[numpy.float64],
    rotation: numpy.typing.NDArray[numpy.float64],
    *,
    width: typing.SupportsFloat | typing.SupportsIndex,
    height: typing.SupportsFloat | typing.SupportsIndex,
    rule: typing.SupportsInt | typing.SupportsIndex,
) -> numpy.typing.NDArray[numpy.float64]: ...
def compiler() -> str: ...
def compose_affine(
    outer: numpy.typing.NDArray[numpy.float64], inner: numpy.typing.NDArray[numpy.float64]
) -> numpy.typing.NDArray[numpy.float64]: ...
def default_threads() -> int: ...
def invert_affine(affines: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]: ...
def isa() -> str: ...
def select_isa(name: str) -> None: ...
def transform_points(
    points: numpy.typing.NDArray[numpy.float64], affines: numpy.typing.NDArray[numpy.float64]
) -> numpy.typing.NDArray[numpy.float64]: ...

__version__: str = "0.1.0"
