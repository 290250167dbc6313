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
    "nme_double",
    "nme_float",
    "remap_double",
    "remap_float",
    "select_isa",
    "stability_layout",
    "stability_update_double",
    "stability_update_float",
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
def nme_double(
    points: numpy.typing.NDArray[numpy.float64],
    truth: numpy.typing.NDArray[numpy.float64],
    normaliser: numpy.typing.NDArray[numpy.float64],
) -> tuple[
    numpy.typing.NDArray[numpy.float64],
    numpy.typing.NDArray[numpy.float64],
    numpy.typing.NDArray[numpy.float64],
    numpy.typing.NDArray[numpy.float64],
]: ...
def nme_float(
    points: numpy.typing.NDArray[numpy.float32],
    truth: numpy.typing.NDArray[numpy.float32],
    normaliser: numpy.typing.NDArray[numpy.float64],
) -> tuple[
    numpy.typing.NDArray[numpy.float64],
    numpy.typing.NDArray[numpy.float64],
    numpy.typing.NDArray[numpy.float64],
    numpy.typing.NDArray[numpy.float64],
]: ...
def remap_double(
    points: numpy.typing.NDArray[numpy.float64],
    out: numpy.typing.NDArray[numpy.float64],
    row_start: numpy.typing.NDArray[numpy.int64],
    index: numpy.typing.NDArray[numpy.int64],
    weight: numpy.typing.NDArray[numpy.float64],
    path_start: numpy.typing.NDArray[numpy.int64],
    path_index: numpy.typing.NDArray[numpy.int64],
    arc_path: numpy.typing.NDArray[numpy.int64],
    arc_target: numpy.typing.NDArray[numpy.int64],
    arc_fraction: numpy.typing.NDArray[numpy.float64],
) -> None: ...
def remap_float(
    points: numpy.typing.NDArray[numpy.float32],
    out: numpy.typing.NDArray[numpy.float32],
    row_start: numpy.typing.NDArray[numpy.int64],
    index: numpy.typing.NDArray[numpy.int64],
    weight: numpy.typing.NDArray[numpy.float64],
    path_start: numpy.typing.NDArray[numpy.int64],
    path_index: numpy.typing.NDArray[numpy.int64],
    arc_path: numpy.typing.NDArray[numpy.int64],
    arc_target: numpy.typing.NDArray[numpy.int64],
    arc_fraction: numpy.typing.NDArray[numpy.float64],
) -> None: ...
def select_isa(name: str) -> None: ...
def stability_layout() -> dict[str, int]: ...
def stability_update_double(
    points: numpy.typing.NDArray[numpy.float64],
    windows: numpy.typing.NDArray[numpy.float64],
    scalars: numpy.typing.NDArray[numpy.float64],
    planes: numpy.typing.NDArray[numpy.float64],
) -> numpy.typing.NDArray[numpy.float64]: ...
def stability_update_float(
    points: numpy.typing.NDArray[numpy.float32],
    windows: numpy.typing.NDArray[numpy.float64],
    scalars: numpy.typing.NDArray[numpy.float64],
    planes: numpy.typing.NDArray[numpy.float64],
) -> numpy.typing.NDArray[numpy.float64]: ...
def transform_points(
    points: numpy.typing.NDArray[numpy.float64], affines: numpy.typing.NDArray[numpy.float64]
) -> numpy.typing.NDArray[numpy.float64]: ...

__version__: str = "0.1.0"
