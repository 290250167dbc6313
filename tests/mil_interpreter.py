"""Runs Core ML's ML programs with PyTorch, from the definition of each operation: a second implementation.

Core ML itself predicts on macOS alone. What this gives is what the *program* means, not what a Neural Engine makes of
it: sums are float32 here, and their order is PyTorch's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

import mil_ops_elementwise
import mil_ops_layers
import mil_ops_resize
import mil_ops_shape
from flmcore.export.program import Argument, Block, Operation, Program
from mil_ops import OPS, UnsupportedError

__all__ = ["execute"]

assert all(
    (mil_ops_elementwise, mil_ops_layers, mil_ops_resize, mil_ops_shape)
)  # imported for what they enter

# Whole numbers of fewer bits, which iOS 17 has for indices, are kept in int32 too.
_DTYPES = {
    "bool": torch.bool,
    "float16": torch.float32,
    "float32": torch.float32,
    **dict.fromkeys(("int8", "int16", "int32", "uint8", "uint16"), torch.int32),
}


def execute(
    program: Program, inputs: Mapping[str, np.ndarray[Any, Any]], *, half: bool = False
) -> dict[str, np.ndarray[Any, Any]]:
    """The program's outputs.

    Args:
        program: as read back; its weights are read while it runs, and used as they are stored.
        inputs: by name; a picture as grey levels, float32 (1, 3, H, W) in the order of channels of its colour space.
        half: round every result of type float16 to that type, as a device would store it; otherwise activations stay
            float32, and only weights are as coarse as they are stored.

    Raises:
        UnsupportedError: an operation that is not in the table, by kind and name.
        ValueError: an operation gives a shape or a type that the program does not state.
    """
    with torch.inference_mode():
        values = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in inputs.items()}
        return {name: value.numpy() for name, value in _run_block(program.main, values, half).items()}


def _run_block(block: Block, values: dict[str, torch.Tensor], half: bool) -> dict[str, torch.Tensor]:
    used = Counter(_uses(block))
    for operation in block.operations:
        for output, value in zip(operation.outputs, _run(operation, values, half), strict=True):
            values[output.name] = value
        for argument in _arguments(operation):
            used[argument.name] -= 1
            if not used[argument.name]:
                values.pop(argument.name, None)  # activations of a whole network are large
    constants = {
        argument.name: argument for operation in block.operations for argument in _arguments(operation)
    }
    return {name: values[name] if name in values else _constant(constants[name]) for name in block.outputs}


def _uses(block: Block) -> list[str]:
    uses = [argument.name for operation in block.operations for argument in _arguments(operation)]
    return [*uses, *block.outputs]


def _arguments(operation: Operation) -> list[Argument]:
    return [argument for given in operation.inputs.values() for argument in given]


def _run(operation: Operation, values: Mapping[str, torch.Tensor], half: bool) -> tuple[torch.Tensor, ...]:
    where = f"{operation.kind} {operation.name}"
    if operation.kind not in OPS or operation.blocks:
        msg = f"{where}: expected an operation of the table, got one that is not in it"
        raise UnsupportedError(msg)
    given: dict[str, Any] = {}
    for parameter, arguments in operation.inputs.items():
        found = tuple(_constant(one) if one.constant else values[one.name] for one in arguments)
        given[parameter] = found if parameter == "values" else found[0]
    made = OPS[operation.kind](**given)
    results = made if isinstance(made, tuple) else (made,)
    return tuple(
        _stored(where, value, output, half) for value, output in zip(results, operation.outputs, strict=True)
    )


def _constant(argument: Argument) -> Any:
    value = argument.value()
    if value.dtype.kind == "U":
        return str(value.item())
    if value.dtype.kind == "f":
        value = value.astype(np.float32)
    elif value.dtype.kind in "iu":
        value = value.astype(np.int32)
    return torch.from_numpy(np.array(value))


def _stored(where: str, value: torch.Tensor, output: Argument, half: bool) -> torch.Tensor:
    """The result as the program keeps it, checked against what the program says of it."""
    stated = output.type.shape
    fits = len(stated) == value.ndim and all(
        size in (None, own) for size, own in zip(stated, value.shape, strict=True)
    )
    if not fits or value.dtype != _DTYPES.get(output.type.dtype):
        msg = f"{where}: expected {output.type.dtype} {stated}, got {value.dtype} {tuple(value.shape)}"
        raise ValueError(msg)
    return value.half().float() if half and output.type.dtype == "float16" else value
