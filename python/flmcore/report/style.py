"""Colours and type of the figures."""

from __future__ import annotations

__all__ = ["COLOURS", "INK", "MUTED", "RULE", "colour_of"]

# Okabe and Ito's colours, which people with any colour blindness can tell apart (yellow left out: too pale for lines).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
INK = "#222222"
MUTED = "#666666"
RULE = "#DDDDDD"


def colour_of(index: int) -> str:
    """The colour of the detector at that place."""
    return COLOURS[index % len(COLOURS)]
