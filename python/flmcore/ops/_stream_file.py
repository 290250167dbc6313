"""Bytes of a stability accumulator.

magic (8) · length of the header (4, little-endian) · header (JSON) · arrays (little-endian) · SHA-256 of all before (32)
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from flmcore.ops._steps import BIN_COUNT, EXACT_STEPS, StepLengths
from flmcore.ops._sweep import Sweep

__all__ = ["Stream", "pack", "unpack"]

_MAGIC = b"flmstab\x01"  # the last byte is the version
_DIGEST = 32


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
    text = json.dumps(header).encode()
    body = b"".join(array.astype(array.dtype.newbyteorder("<")).tobytes() for array in arrays)
    whole = _MAGIC + struct.pack("<I", len(text)) + text + body
    return whole + hashlib.sha256(whole).digest()


def unpack(data: bytes) -> Stream:
    """The accumulator's content; ValueError where the bytes are not what :func:`pack` writes."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        msg = f"data: expected bytes, got {type(data).__name__}"
        raise TypeError(msg)
    whole = bytes(data)
    if whole[: len(_MAGIC) - 1] != _MAGIC[:-1]:
        _refuse("something else")
    if whole[: len(_MAGIC)] != _MAGIC:
        _refuse("those of another version of flmcore")
    if (
        len(whole) < len(_MAGIC) + 4 + _DIGEST
        or hashlib.sha256(whole[:-_DIGEST]).digest() != whole[-_DIGEST:]
    ):
        _refuse("damaged ones")
    start = len(_MAGIC) + 4
    (length,) = struct.unpack("<I", whole[len(_MAGIC) : start])
    try:
        header = json.loads(whole[start : start + length])
        return _restored(header, whole[start + length : -_DIGEST])
    except (ValueError, KeyError, TypeError):
        _refuse("ones that contradict themselves")


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


def _refuse(what: str) -> NoReturn:
    msg = f"data: expected the bytes of a stability accumulator, got {what}"
    raise ValueError(msg)
