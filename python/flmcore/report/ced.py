"""Cumulative error distribution: the share of images up to each NME."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flmcore.evaluation.accuracy.curve import ced
from flmcore.evaluation.accuracy.figures import image_values
from flmcore.evaluation.accuracy.protocol import Protocol
from flmcore.evaluation.summary import same_faces
from flmcore.report.accuracy_notes import nme_of
from flmcore.report.style import INK, MUTED, RULE, colour_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["draw_ced", "has_ced"]

_DASHES = ("-", "--", ":", "-.")  # tell lines of one colour apart


def has_ced(results: Results) -> bool:
    """Whether some detector has a figure to draw."""
    return any(nme_of(row) for row in results.summary)


def draw_ced(results: Results, *, alpha: float = 0.1) -> Figure:
    """One exact step curve per detector up to ``alpha``, the AUC (closed form) and failure rate in the legend."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 5.0), layout="constrained", facecolor="white")
    axes = figure.subplots()
    names = [row["detector"] for row in results.summary]
    shared, _ = same_faces(results.units, names)
    protocols = set()
    for index, row in enumerate(results.summary):
        shown = nme_of(row)
        if shown is None:
            continue
        nme = Protocol.parse(row["accuracy"]["common_protocol" if shown[0] == "nme_common" else "protocol"])
        protocols.add(f"{nme.normaliser}/{nme.points}")
        units = list(shared[row["detector"]].values())
        corners, share = ced(list(image_values(units, nme).values()))
        area = Protocol("auc", nme.normaliser, nme.points, "images", alpha, "closed")
        failed = Protocol("failure", nme.normaliser, nme.points, "images", alpha)
        auc, failure = (np.mean(list(image_values(units, p).values())) for p in (area, failed))
        axes.step(
            np.concatenate([[0.0], corners, [max(100 * alpha, float(corners[-1]))]]),
            100 * np.concatenate([[0.0], share, share[-1:]]),
            where="post",
            color=colour_of(index),
            linestyle=_DASHES[index // 7 % len(_DASHES)],
            linewidth=1.8,
            label=f"{row['detector']}: AUC {auc:.1f} %, failures {failure:.1f} %",
        )
    axes.set_xlim(0, 100 * alpha)
    axes.set_ylim(0, 100)
    axes.set_xlabel(f"NME, % ({', '.join(sorted(protocols))})", fontsize=9, color=INK)
    axes.set_ylabel("images, %", fontsize=9, color=INK)
    axes.grid(color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, colors=MUTED)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    title = f"Cumulative error distribution; AUC and failures at {alpha:g}"
    figure.suptitle(title, fontsize=11, fontweight="bold", color=INK)
    return figure
