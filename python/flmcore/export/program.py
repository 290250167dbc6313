"""A Core ML program as plain values: what it takes, what it does operation by operation, what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

__all__ = ["Argument", "Block", "Operation", "Program", "TensorType"]


@dataclass(frozen=True)
class TensorType:
    """Type of a value.

    Attributes:
        dtype: ``float16``, ``float32``, ``int32``, ``bool``, ``uint8``, ``int8``, ``string``, … or ``image`` for a
            model's picture input.
        shape: one entry a dimension; None where it is symbolic (known only when the model runs). Scalars have ().
    """

    dtype: str
    shape: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Argument:
    """What an operation is given: the value of another operation (or of an input), or a constant.

    Attributes:
        name: of the value in its block; empty for a constant written in place.
        type: its type.
        constant: whether its value is known ahead of running, weights included.
        read: gives the constant's value, read from the package's weight file when asked; None where it is no constant.
        unpacks: the operation ``constexpr_…`` that makes the value of a constant which is stored compressed, with what
            is stored (indices, scales, …) as its inputs; None for all else.
    """

    name: str
    type: TensorType
    constant: bool = False
    read: Callable[[], NDArray[Any]] | None = field(default=None, compare=False, repr=False)
    unpacks: Operation | None = field(default=None, compare=False, repr=False)

    def value(self) -> NDArray[Any]:
        """The constant's value; numbers as arrays, texts as arrays of ``str``. ValueError where it is no constant."""
        if self.read is None:
            msg = f"{self.name}: expected a constant, got a value that is known only when the program runs"
            raise ValueError(msg)
        return self.read()


@dataclass(frozen=True)
class Operation:
    """One operation, constants left out (they are arguments of those that use them).

    Attributes:
        kind: its type in the Model Intermediate Language: ``conv``, ``matmul``, ``resample``, …
        name: its own, for messages.
        inputs: by parameter; several arguments for a parameter such as concat's ``values``.
        outputs: name and type of each value that it makes.
        blocks: of control flow; empty for all else.
    """

    kind: str
    name: str
    inputs: Mapping[str, tuple[Argument, ...]]
    outputs: tuple[Argument, ...]
    blocks: tuple[Block, ...] = ()

    def argument(self, parameter: str) -> Argument | None:
        """The single argument of ``parameter``, or None where it is not given."""
        given = self.inputs.get(parameter, ())
        return given[0] if given else None

    def constant(self, parameter: str, default: Any = None) -> Any:
        """The value of a constant parameter such as ``strides`` as an array, text or number; ``default`` if absent."""
        argument = self.argument(parameter)
        if argument is None or not argument.constant:
            return default
        value = argument.value()
        return value.item() if value.ndim == 0 else value


@dataclass(frozen=True)
class Block:
    """Operations in order, and the names of the values that the block gives."""

    inputs: tuple[Argument, ...]
    operations: tuple[Operation, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Program:
    """An ML program as read from a package.

    Attributes:
        specification: version of Core ML's specification that the package states (iOS 16: 7).
        opset: set of operations, ``CoreML6`` for iOS 16.
        inputs, outputs: of the model as an app sees them, by name; a picture has dtype ``image``.
        main: the function that runs.
        metadata: texts that the package carries, author, licence and user-defined ones under their own keys.
        bytes: size of the package on disk.
    """

    specification: int
    opset: str
    inputs: Mapping[str, TensorType]
    outputs: Mapping[str, TensorType]
    main: Block
    metadata: Mapping[str, str]
    bytes: int

    def operations(self) -> Iterator[Operation]:
        """Every operation in the order in which it runs, those of inner blocks after the one that holds them."""
        yield from _walk(self.main)


def _walk(block: Block) -> Iterator[Operation]:
    for operation in block.operations:
        yield operation
        for inner in operation.blocks:
            yield from _walk(inner)
