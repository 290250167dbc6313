"""
Kernels of flmcore. Arrays are taken as they are: the functions in flmcore.ops cast and document.
"""

from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing

__all__: list[str] = [
    "available_isas",
    "box_affine",
    "compiler",
    "compose_affine",
    "crop",
    "default_threads",
    "exponential",
    "heatmap_argmax",
    "heatmap_dark",
    "heatmap_dark_udp",
    "heatmap_local_mean",
    "heatmap_quarter",
    "heatmap_softargmax",
    "heatmap_taylor",
    "invert_affine",
    "isa",
    "logarithm",
    "nme_double",
    "nme_float",
    "read_once",
    "remap_double",
    "remap_float",
    "select_isa",
    "simcc_argmax",
    "simcc_dark",
    "simcc_expectation",
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
def crop(
    images: list,
    affines: numpy.typing.NDArray[numpy.float64],
    out: numpy.ndarray,
    *,
    width: typing.SupportsInt | typing.SupportsIndex,
    height: typing.SupportsInt | typing.SupportsIndex,
    sampling: typing.SupportsInt | typing.SupportsIndex,
    border: typing.SupportsInt | typing.SupportsIndex,
    border_value: typing.Annotated[
        collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], "FixedSize(3)"
    ],
    mean: typing.Annotated[
        collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], "FixedSize(3)"
    ],
    std: typing.Annotated[
        collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], "FixedSize(3)"
    ],
    bgr: bool,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> None: ...
def default_threads() -> int: ...
def exponential(x: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]: ...
def heatmap_argmax(
    heatmaps: numpy.ndarray,
    *,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
def heatmap_dark(
    heatmaps: numpy.ndarray,
    *,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    blur_kernel: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
def heatmap_dark_udp(
    heatmaps: numpy.ndarray,
    *,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    blur_kernel: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
def heatmap_local_mean(
    heatmaps: numpy.ndarray,
    *,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    gamma: typing.SupportsFloat | typing.SupportsIndex,
    radius: typing.SupportsFloat | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
def heatmap_quarter(
    heatmaps: numpy.ndarray,
    *,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    rule: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
def heatmap_softargmax(
    heatmaps: numpy.ndarray,
    *,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    beta: typing.SupportsFloat | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
def heatmap_taylor(
    heatmaps: numpy.ndarray,
    *,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
def invert_affine(affines: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]: ...
def isa() -> str: ...
def logarithm(x: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]: ...
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
def read_once(values: numpy.typing.NDArray[numpy.float32]) -> float: ...
def remap_double(
    points: numpy.typing.NDArray[numpy.float64],
    row_start: numpy.typing.NDArray[numpy.int64],
    index: numpy.typing.NDArray[numpy.int64],
    weight: numpy.typing.NDArray[numpy.float64],
    path_start: numpy.typing.NDArray[numpy.int64],
    path_index: numpy.typing.NDArray[numpy.int64],
    arc_path: numpy.typing.NDArray[numpy.int64],
    arc_target: numpy.typing.NDArray[numpy.int64],
    arc_fraction: numpy.typing.NDArray[numpy.float64],
) -> numpy.typing.NDArray[numpy.float64]: ...
def remap_float(
    points: numpy.typing.NDArray[numpy.float32],
    row_start: numpy.typing.NDArray[numpy.int64],
    index: numpy.typing.NDArray[numpy.int64],
    weight: numpy.typing.NDArray[numpy.float64],
    path_start: numpy.typing.NDArray[numpy.int64],
    path_index: numpy.typing.NDArray[numpy.int64],
    arc_path: numpy.typing.NDArray[numpy.int64],
    arc_target: numpy.typing.NDArray[numpy.int64],
    arc_fraction: numpy.typing.NDArray[numpy.float64],
) -> numpy.typing.NDArray[numpy.float32]: ...
def select_isa(name: str) -> None: ...
def simcc_argmax(
    x: numpy.ndarray,
    y: numpy.ndarray,
    *,
    split_ratio: typing.SupportsFloat | typing.SupportsIndex,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
def simcc_dark(
    x: numpy.ndarray,
    y: numpy.ndarray,
    *,
    split_ratio: typing.SupportsFloat | typing.SupportsIndex,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    blur_x: typing.SupportsInt | typing.SupportsIndex,
    blur_y: typing.SupportsInt | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
def simcc_expectation(
    x: numpy.ndarray,
    y: numpy.ndarray,
    *,
    split_ratio: typing.SupportsFloat | typing.SupportsIndex,
    threshold: typing.SupportsFloat | typing.SupportsIndex,
    beta: typing.SupportsFloat | typing.SupportsIndex,
    threads: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
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
