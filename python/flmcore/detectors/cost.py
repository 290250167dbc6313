"""What a network costs whatever it runs on: its parameters, and its multiply-adds for one face."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flmcore.detectors.schema import DetectorConfig

__all__ = ["Cost", "conv_multiply_adds", "giga", "mega", "of_one_face", "stated_cost"]


@dataclass(frozen=True)
class Cost:
    """Parameters and multiply-adds of a network.

    Attributes:
        parameters: numbers that training sets; None where they cannot be counted.
        multiply_adds: of convolutions, linear layers, matrix products and attention for one face at batch 1, padding
            included; a multiply-add counts once. None where they cannot be counted.
        note: why a number is missing, or what should be known of it; may be empty.
    """

    parameters: int | None
    multiply_adds: int | None
    note: str = ""

    @property
    def flops(self) -> int | None:
        """Two for each multiply-add; many papers print multiply-adds under this name."""
        return None if self.multiply_adds is None else 2 * self.multiply_adds

    def times(self, runs: int, why: str) -> Cost:
        """The same network run several times for one face."""
        if self.multiply_adds is None:
            return self
        return Cost(self.parameters, runs * self.multiply_adds, "; ".join(filter(None, (self.note, why))))

    def to_dict(self) -> dict[str, Any]:
        """For ``results.json``."""
        return asdict(self)


def of_one_face(config: DetectorConfig, cost: Cost) -> Cost:
    """The cost of one face from that of one input: twice as much where ``decode.flip`` runs the network twice."""
    if getattr(config.decode, "flip", "none") == "none":
        return cost
    return cost.times(2, "the network runs twice, on the input and on its mirror image")


def stated_cost(config: DetectorConfig) -> Cost:
    """The cost of one face as the config's ``[source]`` states it, without loading anything."""
    return of_one_face(config, Cost(config.source.parameters, config.source.multiply_adds))


def conv_multiply_adds(weights: Iterable[int], places: Iterable[int]) -> int:
    """Of one convolution, whatever its groups: each weight is used once at each place.

    Args:
        weights: shape of the kernel, channels first or last.
        places: batch, height and width of the output; of the input for a transposed convolution.
    """
    return math.prod(weights) * math.prod(places)


def mega(value: int | None) -> str:
    """Millions: ``2.3`` for 2,345,678; a dash for None."""
    return _two_digits(value, 1e6)


def giga(value: int | None) -> str:
    """Thousand millions: ``0.070`` for 69,958,080; a dash for None."""
    return _two_digits(value, 1e9)


def _two_digits(value: int | None, unit: float) -> str:
    """Two digits that count, but never more than three decimals."""
    if value is None:
        return "–"
    scaled = value / unit
    decimals = next((n for n, least in enumerate((9.95, 0.995, 0.0995)) if scaled >= least), 3)
    return f"{scaled:.{decimals}f}"
