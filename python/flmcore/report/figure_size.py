"""A figure made to fit a column: width, type, and text that is broken where it would run out of the page."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

__all__ = ["fit_figure"]

_USUAL = 9.0  # pt, of most labels as they are drawn
_LETTER, _BOLD = 0.55, 0.66  # width of a letter in its size, on average


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
    from matplotlib.text import Text as AnyText

    if title is not None:
        figure.suptitle(title or "", fontsize=11, fontweight="bold", color="#222222")
    factor = 1.0 if font_size is None else font_size / _USUAL
    if font_size is not None:
        for text in figure.findobj(AnyText):
            text.set_fontsize(float(text.get_fontsize()) * factor)
        for axes in figure.axes:
            axes.tick_params(which="both", labelsize=0.9 * font_size)
    old_width, old_height = figure.get_size_inches()
    new_width = old_width if width is None else width
    height = old_height * (
        factor if rows else max(new_width / old_width, 0.62 if len(figure.axes) == 1 else 0.0)
    )
    lines = 0
    if width is not None:
        lines = _break_texts(figure, width) + _narrow_legends(figure, width)
        _break_labels(figure, new_width, height)
    figure.set_size_inches(new_width, height + lines * _USUAL * factor * 1.25 / 72)


def _break_texts(figure: Figure, width: float) -> int:
    """Title and notes of the figure in as many lines as they need; how many more these are."""
    more = 0
    for text in figure.texts:
        before = text.get_text().count("\n")
        _wrap(text, width)
        more += text.get_text().count("\n") - before
    return more


def _break_labels(figure: Figure, width: float, height: float) -> None:
    """Names of the axes: one panel has about two thirds of the figure."""
    for axes in figure.axes:
        _wrap(axes.xaxis.label, 0.62 * width)
        _wrap(axes.yaxis.label, 0.62 * height)


def _wrap(text: Text, room: float) -> None:
    share = _BOLD if text.get_fontweight() == "bold" else _LETTER
    letters = max(8, int(room * 72 / (float(text.get_fontsize()) * share)))
    parts = [textwrap.wrap(line, letters) or [""] for line in text.get_text().split("\n")]
    text.set_text("\n".join(line for lines in parts for line in lines))


def _narrow_legends(figure: Figure, width: float) -> int:
    """Legends below the figure with as many columns as there is room for; how many more lines they take."""
    more = 0
    for legend in list(figure.legends):
        texts = legend.get_texts()
        labels, size = [text.get_text() for text in texts], float(texts[0].get_fontsize())
        longest = max(map(len, labels))
        columns = max(1, min(3, int(width * 72 / (longest * size * _LETTER + 5 * size))))
        handles = [handle for handle in legend.legend_handles if handle is not None]
        legend.remove()
        figure.legend(
            handles=handles,
            labels=labels,
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            fontsize=size,
        )
        more += max(0, -(-len(labels) // columns) - -(-len(labels) // 3))
    return more
