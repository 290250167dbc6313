"""The figures of a report, drawn with matplotlib (extra ``report``)."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.errors import MissingExtraError
from flmcore.evaluation.store import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["write_figures"]

_DPI = 130


def write_figures(results: Results, folder: Path) -> list[Path]:
    """``jitter_landmarks.png``, ``jitter_groups.png``, ``error_….png`` per sweep, ``overlay_….png`` per kept image.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtraError("matplotlib", "report", "drawing figures") from None  # noqa: EM101
    from flmcore.report.groups import draw_groups
    from flmcore.report.heatmap import draw_landmarks
    from flmcore.report.offsets import draw_offsets
    from flmcore.report.overlay import draw_overlay

    written = []
    if any(row["faces"] for row in results.summary):
        written += [
            _save(draw_landmarks(results), folder / "jitter_landmarks.png"),
            _save(draw_groups(results), folder / "jitter_groups.png"),
        ]
    for sweep in dict.fromkeys(row["sweep"] for row in results.causes.get("sweeps", [])):
        written.append(_save(draw_offsets(results, sweep), folder / f"error_{sweep}.png"))
    for name, image in overlay_names(list(results.overlays)).items():
        written.append(_save(draw_overlay(results, image), folder / name))
    return written


def overlay_names(images: list[str]) -> dict[str, str]:
    """File name → image; numbered where two images would share a file."""
    names: dict[str, str] = {}
    for image in images:
        stem = re.sub(r"[^\w.-]+", "_", image.rsplit(".", 1)[0])
        name, number = f"overlay_{stem}.png", 2
        while name in names:
            name, number = f"overlay_{stem}_{number}.png", number + 1
        names[name] = image
    return names


def _save(figure: Figure, path: Path) -> Path:
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format="png", dpi=_DPI, metadata={"Software": None}
    )  # no version: same run, same bytes
    write_bytes(path, buffer.getvalue())
    return path
