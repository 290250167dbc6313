"""Runs of operations on one unit, and the switches between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

__all__ = ["ELSEWHERE", "NEURAL_ENGINE", "Segment", "segments", "units"]

NEURAL_ENGINE, ELSEWHERE = "neural engine", "cpu or gpu"


@dataclass(frozen=True)
class Segment:
    """Operations in a row that are likely to run on the same unit.

    Attributes:
        unit: :data:`NEURAL_ENGINE` or :data:`ELSEWHERE`.
        first, last: places of its first and last operation in the program.
    """

    unit: str
    first: int
    last: int


def units(leaves: Sequence[bool], free: Sequence[bool]) -> list[str]:
    """The unit of each operation: those that are free run where the next one does, the last ones where the last did."""
    placed: list[str | None] = [
        None if none else ELSEWHERE if off else NEURAL_ENGINE for off, none in zip(leaves, free, strict=True)
    ]
    after: str | None = None
    for index in range(len(placed) - 1, -1, -1):
        after = placed[index] or after
        placed[index] = after
    before = next((unit for unit in reversed(placed) if unit is not None), NEURAL_ENGINE)
    return [unit or before for unit in placed]


def segments(placed: Sequence[str]) -> list[Segment]:
    """Maximal runs in the order of execution; one boundary less than runs is the number of switches."""
    runs = []
    for unit, run in groupby(range(len(placed)), key=placed.__getitem__):
        places = list(run)
        runs.append(Segment(unit, places[0], places[-1]))
    return runs
