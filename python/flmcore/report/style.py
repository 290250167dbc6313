"""Colours and type of the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BAND", "INK", "MUTED", "RULE", "colour_of", "marker_of", "plain_rows"]

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


def plain_rows(axes: Axes) -> None:
    """Rows of marks over one scale: a light grid along x, no frame but the scale."""
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", labelsize=8, colors=MUTED)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
