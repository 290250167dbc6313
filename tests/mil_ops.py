"""The table of operations that ``mil_interpreter`` can do, and what their definitions share.

An operation is a function whose parameters are those of the operation, constant or not: numbers come as tensors, texts
as ``str``, several values as a tuple. Floating-point tensors are float32, whatever the program stores.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Op = Callable[..., Any]
OPS: dict[str, Op] = {}
Numbers = torch.Tensor


class UnsupportedError(ValueError):
    """A program uses what the interpreter leaves out on purpose: no package that flmcore exports has it."""


def op(kind: str) -> Callable[[Op], Op]:
    """Enter a function as the operation ``kind``."""

    def enter(function: Op) -> Op:
        assert kind not in OPS, kind
        OPS[kind] = function
        return function

    return enter


def ints(given: Numbers | None, default: list[int] | None = None) -> list[int]:
    """A constant such as strides as a list."""
    return list(default or []) if given is None else [int(number) for number in given.reshape(-1)]
