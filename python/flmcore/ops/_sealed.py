"""Bytes that tell what they are and whether they are whole.

magic (8) · length of the header (4, little-endian) · header (JSON) · arrays (little-endian) · SHA-256 of all before (32)
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from typing import Any, NoReturn

from numpy.typing import NDArray

__all__ = ["refuse", "seal", "unseal"]

_DIGEST = 32


def seal(magic: bytes, header: dict[str, Any], arrays: Iterable[NDArray[Any]]) -> bytes:
    """Bytes of a header and arrays; the last byte of ``magic`` is the version."""
    text = json.dumps(header).encode()
    body = b"".join(array.astype(array.dtype.newbyteorder("<")).tobytes() for array in arrays)
    whole = magic + struct.pack("<I", len(text)) + text + body
    return whole + hashlib.sha256(whole).digest()


def unseal(magic: bytes, what: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and arrays' bytes; ValueError that names ``what`` where they are not what :func:`seal` gave."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        msg = f"data: expected bytes, got {type(data).__name__}"
        raise TypeError(msg)
    whole = bytes(data)
    if whole[: len(magic) - 1] != magic[:-1]:
        refuse(what, "something else")
    if whole[: len(magic)] != magic:
        refuse(what, "those of another version of flmcore")
    if len(whole) < len(magic) + 4 + _DIGEST or hashlib.sha256(whole[:-_DIGEST]).digest() != whole[-_DIGEST:]:
        refuse(what, "damaged ones")
    start = len(magic) + 4
    (length,) = struct.unpack("<I", whole[len(magic) : start])
    try:
        header = json.loads(whole[start : start + length])
    except ValueError:
        header = None
    if not isinstance(header, dict):
        refuse(what, "ones that contradict themselves")
    return header, whole[start + length : -_DIGEST]


def refuse(what: str, got: str) -> NoReturn:
    """ValueError for bytes that are not those of ``what``."""
    msg = f"data: expected the bytes of a {what}, got {got}"
    raise ValueError(msg)
