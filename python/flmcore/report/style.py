"""Colours and type of the figures."""

from __future__ import annotations

__all__ = ["BAND", "INK", "MUTED", "RULE", "colour_of", "marker_of"]

# Okabe and Ito's colours, which people with any colour blindness can tell apart (yellow left out: too pale for lines).
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
INK = "#222222"
MUTED = "#666666"
RULE = "#DDDDDD"
BAND = "#F4F4F4"
_MARKERS = "osD^v"


def colour_of(index: int) -> str:
    """The colour of the detector at that place."""
    return _COLOURS[index % len(_COLOURS)]


def marker_of(index: int) -> str:
    """Its marker, which tells it from the detector that has the same colour."""
    return _MARKERS[index // len(_COLOURS) % len(_MARKERS)]
