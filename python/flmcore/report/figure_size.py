"""A figure made to fit a column: width, type, and text that is broken where it would run out of the page."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["fit_figure"]

_USUAL = 9.0  # pt, of most labels as they are drawn
_LETTER = 0.55  # width of a letter in its size, on average
_NARROW = 4.6  # inches, below which a legend has one column


def fit_figure(
    figure: Figure,
    *,
    width: float | None = None,
    font_size: float | None = None,
    title: str | None = None,
    rows: bool = False,
) -> None:
    """Change a figure in place.

    Args:
        figure: as its function drew it.
        width: in inches.
        font_size: pt of its labels; titles and notes keep their share of it.
        title: in place of its own; empty takes it away.
        rows: the height goes with the type, as that of rows of text does; else with the width.
    """
    from matplotlib.text import Text

    if title is not None:
        figure.suptitle(title or "", fontsize=11, fontweight="bold", color="#222222")
    factor = 1.0 if font_size is None else font_size / _USUAL
    if font_size is not None:
        for text in figure.findobj(Text):
            text.set_fontsize(float(text.get_fontsize()) * factor)
        for axes in figure.axes:
            axes.tick_params(which="both", labelsize=0.9 * font_size)
    old_width, old_height = figure.get_size_inches()
    new_width = old_width if width is None else width
    height = old_height * (factor if rows else max(new_width / old_width, 0.45))
    lines = 0
    if width is not None:
        lines = _break_texts(figure, width)
        for legend in figure.legends:
            if width < _NARROW:
                legend.set_ncols(1)
                lines += len(legend.get_texts()) // 2
    figure.set_size_inches(new_width, height + lines * _USUAL * factor * 1.25 / 72)


def _break_texts(figure: Figure, width: float) -> int:
    """Title and notes of the figure in as many lines as they need; how many more these are."""
    more = 0
    for text in figure.texts:
        letters = int(width * 72 / (float(text.get_fontsize()) * _LETTER))
        lines = [
            part for line in text.get_text().split("\n") for part in (textwrap.wrap(line, letters) or [""])
        ]
        more += len(lines) - 1
        text.set_text("\n".join(lines))
    return more
