"""What a rule looks at: an operation, and what is known of the program about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flmcore.export.program import Argument, Operation, Program

__all__ = ["Subject", "free_operations", "subjects"]

_HANDOVER = ("mul", "add", "sub", "real_div", "cast")


@dataclass(frozen=True)
class Subject:
    """One operation of a program.

    Attributes:
        operation: the operation.
        flexible: whether the model's input takes several shapes.
        free: it does no work of its own on any unit: it belongs to its neighbour, and no rule looks at it.
    """

    operation: Operation
    flexible: bool = False
    free: bool = False

    def values(self) -> Iterator[Argument]:
        """What it takes that is known only when it runs, and what it gives."""
        for given in self.operation.inputs.values():
            yield from (argument for argument in given if not argument.constant)
        yield from self.operation.outputs


def subjects(program: Program) -> list[Subject]:
    """Every operation in the order in which it runs."""
    operations = list(program.operations())
    free = free_operations(program, operations)
    flexible = any(size is None for given in program.inputs.values() for size in given.shape)
    flexible |= any(size is None for given in program.main.inputs for size in given.type.shape)
    return [
        Subject(operation, flexible, index in free and not operation.blocks)
        for index, operation in enumerate(operations)
    ]


def free_operations(program: Program, operations: list[Operation]) -> set[int]:
    """Places of those that belong to their neighbour.

    They are those of constants alone (weights that are unpacked, shapes), casts, and what scales the picture ahead of
    the network: the converter writes it as a float32 product, but it is a part of handing the picture over.
    """
    known: set[str] = set()  # values that follow from constants
    handed = {
        argument.name for argument in program.main.inputs
    }  # values that are the picture, scaled at most
    free: set[int] = set()
    for index, operation in enumerate(operations):
        moving = [
            argument.name
            for given in operation.inputs.values()
            for argument in given
            if not argument.constant and argument.name not in known
        ]
        made = [argument.name for argument in operation.outputs]
        scaled = bool(moving) and operation.kind in _HANDOVER and handed.issuperset(moving)
        if not moving:
            known.update(made)
        elif scaled and operation.kind != "cast":  # behind the cast the network begins
            handed.update(made)
        if not moving or operation.kind in ("cast", "identity") or scaled:
            free.add(index)
    return free
