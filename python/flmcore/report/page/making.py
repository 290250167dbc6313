"""What every part of the page is made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results
    from flmcore.report.page.staging import Staging

__all__ = ["Making"]


@dataclass(frozen=True)
class Making:
    """A page that is being made.

    Attributes:
        results: with every text made printable.
        staging: takes files: ``staging.add("thumbs/0001.jpg", data)`` gives the address for the data.
        source: the folder that the results were read from, where files like ``tracks.npz`` lie; None where they were
            not read from one.
    """

    results: Results
    staging: Staging
    source: Path | None
