"""What values a network's operations give on real crops, and whether float16 can hold them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flmcore.errors import ExportError, MissingExtraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flmcore.detectors.base import Detector

__all__ = ["Range", "Ranges", "measure_ranges", "record_ranges"]

SMALLEST_NORMAL = 2.0**-14  # of float16; below it digits are lost, below 2^-24 there is only 0


@dataclass(frozen=True)
class Range:
    """What one operation gave.

    Attributes:
        name: module and operation, ``head.gau.uv: addmm``.
        largest: greatest absolute value; infinity where a value was not finite.
        small: share of the values other than 0 that lie below 2^-14, the smallest normal number of float16.
    """

    name: str
    largest: float
    small: float


@dataclass(frozen=True)
class Ranges:
    """What a calibration run saw: images, crops, and every floating operation in order."""

    images: tuple[str, ...]
    crops: int
    values: tuple[Range, ...]


def measure_ranges(
    detector: Detector,
    images: Any,
    *,
    boxes: Any = None,
    box_kind: str = "landmarks",
    truth: Any = None,
    truth_scheme: str | None = None,
) -> Ranges:
    """Run the PyTorch network in float32 on the crops of every face in ``images`` and note what values occur.

    Args:
        detector: from :func:`flmcore.load_detector`, backend torch or torchscript.
        images, boxes, box_kind, truth, truth_scheme: as in :func:`flmcore.evaluate`; by default boxes come from Dlib.

    Raises:
        ExportError: another backend, or no face in any image.
    """
    from flmcore.evaluation.box_source import open_boxes
    from flmcore.evaluation.inputs import collect_sources, faces_of, open_image

    if detector.config.model.backend not in ("torch", "torchscript"):
        msg = f"{detector.name}: ranges: expected a PyTorch network, got backend {detector.config.model.backend}"
        raise ExportError(msg)
    sources = collect_sources(images)
    origin = open_boxes(sources, boxes=boxes, box_kind=box_kind, truth=truth, truth_scheme=truth_scheme)
    crops = []
    for source in sources:
        image = open_image(source)
        faces, _ = faces_of(source, image, origin.given, origin.find, "all")
        if faces:
            crops.append(detector.crop(image, detector.windows(np.array(list(faces.values())))))
    if not crops:
        msg = "images: expected at least one face for the calibration run, got none"
        raise ExportError(msg)
    return record_ranges(detector, np.concatenate(crops), tuple(source.id for source in sources))


def record_ranges(detector: Detector, crops: NDArray[Any], images: tuple[str, ...] = ()) -> Ranges:
    """:func:`measure_ranges` for crops as :meth:`flmcore.Detector.crop` makes them."""
    seen: dict[tuple[int, str], Range] = {}
    for crop in crops:
        with _watching(seen):
            detector.infer(crop[None])
    return Ranges(images, len(crops), tuple(seen.values()))


@contextlib.contextmanager
def _watching(seen: dict[tuple[int, str], Range]) -> Iterator[None]:
    """Note every floating value that torch computes; views give nothing new."""
    try:
        import torch
    except ImportError:
        raise MissingExtraError(package="torch", extra="torch", what_for="a calibration run") from None
    from torch.utils._python_dispatch import TorchDispatchMode

    path: list[str] = []
    count = iter(range(1 << 62))

    class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            given = func(*args, **(kwargs or {}))
            if not func.is_view:
                outputs = given if isinstance(given, (tuple, list)) else (given,)
                for value in outputs:
                    if isinstance(value, torch.Tensor) and value.is_floating_point() and value.numel():
                        name = f"{path[-1] if path else ''}: {func.overloadpacket.__name__}"
                        key = (next(count), name)
                        seen[key] = _wider(seen.get(key), name, value)
            return given

    with _module_path(path), Watch():  # type: ignore[no-untyped-call]
        yield


@contextlib.contextmanager
def _module_path(path: list[str]) -> Iterator[None]:
    """Keep the dotted name of the module that runs at the end of ``path``."""
    from torch.nn.modules.module import (
        register_module_forward_hook,
        register_module_forward_pre_hook,
    )

    names: dict[int, str] = {}

    def enter(module: Any, _inputs: Any) -> None:
        if not path:
            names.update({id(part): name for name, part in module.named_modules()})
        path.append(names.get(id(module), ""))

    def leave(_module: Any, _inputs: Any, _outputs: Any) -> None:
        path.pop()

    handles = [register_module_forward_pre_hook(enter), register_module_forward_hook(leave)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _wider(known: Range | None, name: str, value: Any) -> Range:
    size = value.detach().abs().double()
    largest = float(size.max())
    largest = largest if np.isfinite(largest) else float("inf")
    moving = size[size > 0]
    small = float((moving < SMALLEST_NORMAL).double().mean()) if moving.numel() else 0.0
    if known is None:
        return Range(name, largest, small)
    return Range(name, max(known.largest, largest), max(known.small, small))
