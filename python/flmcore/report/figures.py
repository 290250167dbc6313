"""The figures of a report, drawn with matplotlib (extra ``report``)."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.errors import MissingExtraError
from flmcore.evaluation.store import write_bytes
from flmcore.report.safe import plain_label, safe_results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["encode_figure", "require_matplotlib", "write_figures"]

_DPI = 130


def write_figures(results: Results, folder: Path) -> list[Path]:
    """``jitter_landmarks.png``, ``jitter_groups.png``, an ``error_….png`` per sweep, with several detectors ``ranks.png``,
    with truth ``ced.png`` and ``ced.svg``, and an ``overlay_….png`` per kept image; returns their paths.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    require_matplotlib()
    from flmcore.report.ced import draw_ced, has_ced
    from flmcore.report.groups import draw_groups
    from flmcore.report.heatmap import draw_landmarks
    from flmcore.report.offsets import draw_offsets
    from flmcore.report.overlay import draw_overlay
    from flmcore.report.ranks import draw_ranks

    results = safe_results(results, plain_label)
    written = []
    if any(row["faces"] for row in results.summary):
        written += [
            _save(draw_landmarks(results), folder / "jitter_landmarks.png"),
            _save(draw_groups(results), folder / "jitter_groups.png"),
        ]
    for sweep in dict.fromkeys(row["sweep"] for row in results.causes.get("sweeps", [])):
        written.append(_save(draw_offsets(results, sweep), folder / f"error_{sweep}.png"))
    if any(row["ranking"] for row in results.comparisons):
        written.append(_save(draw_ranks(results), folder / "ranks.png"))
    if has_ced(results):
        written += [_save(draw_ced(results), folder / f"ced.{suffix}") for suffix in ("png", "svg")]
    for name, image in overlay_names(list(results.overlays)).items():
        written.append(_save(draw_overlay(results, image), folder / name))
    return written


def require_matplotlib() -> None:
    """MissingExtraError where it is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtraError("matplotlib", "report", "drawing figures") from None  # noqa: EM101


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


def encode_figure(figure: Figure, suffix: str, *, dpi: float = _DPI) -> bytes:
    """The file of a figure; ``suffix`` is ``.png``, ``.svg`` or ``.pdf``. The same figure gives the same bytes."""
    import matplotlib

    buffer = io.BytesIO()
    # Neither version nor date, and SVG's names from a fixed salt: same run, same bytes.
    about: dict[str, dict[str, None]] = {
        ".svg": {"Date": None, "Creator": None},
        ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
    with matplotlib.rc_context({"svg.hashsalt": "flmcore", "pdf.fonttype": 42}):
        figure.savefig(buffer, format=suffix[1:], dpi=dpi, metadata=about.get(suffix, {"Software": None}))
    return buffer.getvalue()


def _save(figure: Figure, path: Path) -> Path:
    write_bytes(path, encode_figure(figure, path.suffix))
    return path
