"""Bytes of a stability accumulator (see ``_sealed``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.ops._sealed import refuse, seal, unseal
from flmcore.ops._steps import BIN_COUNT, EXACT_STEPS, StepLengths
from flmcore.ops._sweep import Sweep

__all__ = ["Stream", "pack", "unpack"]

_MAGIC = b"flmstab\x01"  # the last byte is the version
_WHAT = "stability accumulator"


@dataclass(frozen=True)
class Stream:
    """What an accumulator holds."""

    normaliser: str | float
    scheme: str | None
    size: int | tuple[int, int] | None
    sweep: Sweep | None
    steps: StepLengths


def pack(stream: Stream) -> bytes:
    """Bytes of it."""
    steps, sweep = stream.steps, stream.sweep
    header = {
        "normaliser": stream.normaliser,
        "scheme": stream.scheme,
        "size": stream.size,
        "landmarks": None if sweep is None else sweep.landmarks,
        "steps": [steps.count, steps.missing, steps.top],
        "values": len(steps.values),
        "binned": steps.bins is not None,
    }
    arrays: list[NDArray[Any]] = [] if sweep is None else [sweep.scalars, sweep.planes]
    arrays += [steps.values, *(() if steps.bins is None else (steps.bins,))]
    return seal(_MAGIC, header, arrays)


def unpack(data: bytes) -> Stream:
    """The accumulator's content; ValueError where the bytes are not what :func:`pack` writes."""
    header, body = unseal(_MAGIC, _WHAT, data)
    try:
        return _restored(header, body)
    except (ValueError, KeyError, TypeError):
        refuse(_WHAT, "ones that contradict themselves")


def _restored(header: dict[str, Any], body: bytes) -> Stream:
    landmarks, size = header["landmarks"], header["size"]
    counts = [] if landmarks is None else list(Sweep.sizes(landmarks))
    counts += [header["values"], BIN_COUNT if header["binned"] else 0]
    if len(body) != 8 * sum(counts) or header["values"] > EXACT_STEPS:
        raise ValueError
    ends = np.cumsum(counts)
    parts = np.split(np.frombuffer(body, "<f8"), ends[:-1])
    sweep = None
    if landmarks is not None:
        scalars, planes = (part.astype(np.float64) for part in parts[:2])
        sweep = Sweep(landmarks, scalars, planes.reshape(-1, (landmarks + 3) // 4 * 4))
    bins = parts[-1].view("<i8").astype(np.int64) if header["binned"] else None
    count, missing, top = header["steps"]
    steps = StepLengths(parts[-2].astype(np.float64), bins, int(count), float(top), int(missing))
    return Stream(
        header["normaliser"], header["scheme"], tuple(size) if isinstance(size, list) else size, sweep, steps
    )
