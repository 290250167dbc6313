"""What ties a ratings file to its results, and names that give nothing away."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from flmcore.report.safe import printable

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["detector_codes", "face_show", "results_id", "show_ids"]


def results_id(results: Results) -> str:
    """sha256 of what the measured values depend on, and of the clips; devices or ratings put into results do not change it."""
    clips = [str(clip["id"]) for clip in results.data.get("video", {}).get("clips", [])]
    said = json.dumps([results.data["identity"], clips], sort_keys=True, allow_nan=False)
    return hashlib.sha256(said.encode()).hexdigest()


def detector_codes(results: Results) -> dict[str, str]:
    """Code → name of each detector of the table: a ratings file that a rater opens half-way names nobody."""
    run = results_id(results)
    names = [str(row["detector"]) for row in results.summary]
    return {hashlib.sha256(f"{run}\0{printable(name)}".encode()).hexdigest()[:12]: name for name in names}


def face_show(image: str) -> str:
    """The name of an image's sweep in a ratings file."""
    return f"face:{printable(image)}"


def show_ids(results: Results) -> set[str]:
    """Every face and clip that can have been rated."""
    clips = (f"clip:{printable(str(clip['id']))}" for clip in results.data.get("video", {}).get("clips", []))
    return {*(face_show(str(row["image"])) for row in results.data["images"]), *clips}
