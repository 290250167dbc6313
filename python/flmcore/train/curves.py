"""A training's curves: loss, error on the validation sources, learning rate."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from flmcore.report.safe import plain_label
from flmcore.report.style import INK, MUTED, RULE, colour_of

__all__ = ["draw_curves"]


def draw_curves(title: str, rows: Sequence[Mapping[str, Any]]) -> bytes | None:
    """A PNG of two panels over the samples seen; None where matplotlib is not installed or there is nothing to draw."""
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import FuncFormatter
    except ImportError:
        return None
    if not rows:
        return None
    errors = [key for key in rows[-1] if key.startswith("error ")]
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    samples = [row["samples"] / 1000 for row in rows]
    top.plot(samples, [row["loss"] for row in rows], color=INK, label="training loss")
    rate = top.twinx()
    rate.plot(samples, [row["rate"] for row in rows], color=MUTED, linewidth=1, linestyle=":")
    rate.set_ylabel("learning rate", color=MUTED, fontsize=8)
    rate.tick_params(labelsize=7, colors=MUTED)
    for index, key in enumerate(errors):
        values = [row.get(key) for row in rows]
        name = plain_label(key.removeprefix("error "))
        last = values[-1]
        label = name if last is None else f"{name}: {last:.2f} %"
        bottom.plot(samples, values, color=colour_of(index), label=label, marker=".", markersize=4)
    losses = "log" if min(row["loss"] for row in rows) > 0 else "linear"  # gaussian's may be below
    for axes, label, scale in ((top, "loss", losses), (bottom, "error on validation, %", "log")):
        axes.set_ylabel(label, fontsize=9)
        axes.set_yscale(scale)
        for each in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            each(FuncFormatter(lambda value, _: f"{value:.3g}"))
        axes.grid(color=RULE, linewidth=0.6)
        axes.tick_params(labelsize=8, which="both", colors=MUTED)
    if errors:
        bottom.legend(fontsize=8, frameon=False)
    bottom.set_xlabel("thousand samples", fontsize=9)
    figure.suptitle(plain_label(title), fontsize=10, color=INK)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=130, metadata={"Software": None})
    return file.getvalue()
