"""What every backend does with a model's inputs and outputs: layout, batches, names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.decode import wanted_outputs
from flmcore.detectors.schema import DetectorConfig
from flmcore.errors import WeightsError

__all__ = [
    "default_batch",
    "input_error",
    "input_shape",
    "layout_axes",
    "pick_outputs",
    "run_in_batches",
    "to_layout",
]

Outputs = tuple[NDArray[Any], ...]
layout_axes = {"nchw": (0, 1, 2, 3), "nhwc": (0, 2, 3, 1), "nwhc": (0, 3, 2, 1)}

default_batch = 16  # more gains no speed on a CPU: activations of a large batch leave the cache


def to_layout(inputs: NDArray[Any], layout: str) -> NDArray[Any]:
    """N×3×H×W in the model's order of axes, contiguous."""
    return np.ascontiguousarray(inputs.transpose(layout_axes[layout]))


def input_shape(config: DetectorConfig) -> tuple[int, int, int]:
    """Shape of one input, by the config's crop size and layout."""
    width, height = config.crop.size
    return {"nchw": (3, height, width), "nhwc": (height, width, 3), "nwhc": (width, height, 3)}[
        config.input.layout
    ]


def input_error(weights: Path, config: DetectorConfig, got: str) -> WeightsError:
    shape = ", ".join(map(str, input_shape(config)))
    return WeightsError(
        f"{weights}: expected one float input (N, {shape}), from the config's crop size and layout, got {got or 'none'}"
    )


def pick_outputs(weights: Path, config: DetectorConfig, names: Sequence[str]) -> list[int]:
    """Places among the model's outputs of those that decoding needs; WeightsError where the model has no such output."""
    places = []
    for wanted in wanted_outputs(config):
        if wanted not in (range(len(names)) if isinstance(wanted, int) else names):
            msg = f"{weights}: expected an output {wanted!r} as the config names it, got {', '.join(names)}"
            raise WeightsError(msg)
        places.append(wanted if isinstance(wanted, int) else names.index(wanted))
    return places


def run_in_batches(
    run: Callable[[NDArray[Any]], Outputs],
    inputs: NDArray[Any],
    batch: int,
    *,
    fixed: bool,
    pool: Executor | None = None,
) -> Outputs:
    """``run`` on at most ``batch`` inputs at a time, or on exactly that many: the last batch is filled up and cut.

    With a ``pool``, batches run side by side; they are the same batches, so the outputs are the same.
    """

    def one(start: int) -> Outputs:
        chunk = inputs[start : start + batch]
        real = len(chunk)
        if fixed and real < batch:
            chunk = np.concatenate([chunk, np.repeat(chunk[-1:], batch - real, axis=0)])
        return tuple(output[:real] for output in run(chunk))

    starts = range(0, len(inputs), batch)
    if len(starts) == 1:
        return one(0)
    parts = list(map(one, starts) if pool is None else pool.map(one, starts))
    return tuple(np.concatenate(group) for group in zip(*parts, strict=True))
