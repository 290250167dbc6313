"""Numbers narrower than a byte, packed without gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["unpack_bits"]


def unpack_bits(packed: NDArray[Any], bits: int, count: int, *, signed: bool = False) -> NDArray[Any]:
    """``count`` numbers of ``bits`` bits (1 to 8), packed from each byte's lowest bit on, across bytes.

    Returns uint8, with ``signed`` int8 in two's complement. ValueError where the bytes are not as many as that takes.
    """
    needed = -(-bits * count // 8)
    if packed.size != needed:
        msg = f"expected {needed} bytes for {count} numbers of {bits} bits, got {packed.size}"
        raise ValueError(msg)
    flat = np.unpackbits(packed.view(np.uint8), bitorder="little", count=bits * count)
    values: NDArray[Any] = (flat.reshape(count, bits) << np.arange(bits, dtype=np.uint8)).sum(
        axis=1, dtype=np.uint8
    )
    if not signed:
        return values
    unused = 8 - bits
    moved: NDArray[Any] = (values << np.uint8(unused)).view(np.int8) >> np.int8(unused)  # copies the sign
    return moved
