"""From results to ``index.html`` and the folder of its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.report.page.assets import index_html, page_files
from flmcore.report.page.data import page_data
from flmcore.report.page.making import Making
from flmcore.report.page.script import as_script
from flmcore.report.page.staging import Staging
from flmcore.report.safe import safe_results

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["write_page"]


def write_page(results: Results, folder: Path, *, source: Path | None = None) -> Path:
    """Write ``index.html`` and, beside it, the folder ``page`` with all that it shows; returns the page's path.

    Both are replaced whole or not at all; a ``page`` folder or an ``index.html`` that flmcore did not make is left
    alone. The same results give the same bytes.

    Args:
        results: what is shown.
        folder: exists already; other files in it stay.
        source: the folder of ``results.json``, where ``tracks.npz`` and the like lie.

    Raises:
        ResultsError: the folder cannot be written, or holds a page of somebody else's.
    """
    with Staging(folder) as staging:
        making = Making(safe_results(results), staging, source)
        for name, data in page_files():
            staging.add(name, data)
        staging.add("data.js", as_script("FLM_DATA", page_data(making)))
        return staging.publish(index_html())
