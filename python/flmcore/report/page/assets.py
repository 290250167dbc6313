"""The page's own files, and the libraries that it is drawn with."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.errors import ResultsError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["FOLDER", "MARK", "SCRIPTS", "STYLES", "VENDOR", "index_html", "page_files"]

FOLDER = "page"  # beside index.html, with everything that it loads
MARK = '<meta name="generator" content="flmcore report">'

# In this order; each is a classic script, as modules cannot be loaded from disk.
VENDOR = {"d3": ("d3.min.js", "LICENSE"), "observable-plot": ("plot.umd.min.js", "LICENSE")}
STYLES = (
    "base.css",
    "table.css",
    "tradeoff.css",
    "choice.css",
    "detector.css",
    "player.css",
    "rate.css",
)
SCRIPTS = (
    "core.js",
    "state.js",
    "format.js",
    "tooltip.js",
    "overview.js",
    "columns.js",
    "table.js",
    "front.js",
    "labels.js",
    "tradeoff.js",
    "scoring.js",
    "flips.js",
    "verdict.js",
    "choice.js",
    "media.js",
    "motion.js",
    "scale.js",
    "stage.js",
    "heatmap.js",
    "profile.js",
    "cloud.js",
    "worst.js",
    "detector.js",
    "clock.js",
    "source.js",
    "pane.js",
    "timeline.js",
    "playerkeys.js",
    "transport.js",
    "player.js",
    "rate_plan.js",
    "rate_store.js",
    "rate_show.js",
    "rate_mode.js",
    "rate.js",
    "notes.js",
    "start.js",  # draws the sections: the last
)


def page_files() -> Iterator[tuple[str, bytes]]:
    """Name inside the page's folder and content of everything that is the same for all results."""
    static = files("flmcore.report.page").joinpath("static")
    for name in (*STYLES, *SCRIPTS):
        yield name, static.joinpath(name).read_bytes()
    for package, names in VENDOR.items():
        for name in names:
            yield f"vendor/{package}/{name}", _vendor(package, name).read_bytes()


def index_html() -> bytes:
    """The page itself; it holds no text of the results."""
    page = files("flmcore.report.page").joinpath("static", "index.html").read_text(encoding="utf-8")
    vendor = [f"vendor/{package}/{names[0]}" for package, names in VENDOR.items()]
    styles = [f'<link rel="stylesheet" href="{FOLDER}/{escape(name)}">' for name in STYLES]
    scripts = [f'<script src="{FOLDER}/{escape(name)}"></script>' for name in (*vendor, "data.js", *SCRIPTS)]
    return (
        page.replace("<!-- mark -->", MARK)
        .replace("<!-- styles -->", "\n".join(styles))
        .replace("<!-- scripts -->", "\n".join(scripts))
        .encode()
    )


def _vendor(package: str, name: str) -> Traversable:
    """The library's file: in the installed package, or in ``third_party`` of the source tree."""
    installed = files("flmcore.report.page").joinpath("vendor", package, name)
    tree = Path(__file__).parents[4] / "third_party" / package / name
    found: Traversable = installed if installed.is_file() else tree
    if not found.is_file():
        msg = f"{package}/{name}: a library of the report page is missing: install flmcore again"
        raise ResultsError(msg)
    return found
