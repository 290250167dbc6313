"""``video.csv``: a row per detector and clip."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flmcore.evaluation.store import write_csv
from flmcore.evaluation.video.summary import VIDEO_METRICS, value_at

__all__ = ["write_clip_rows"]

_OF_UNIT = (
    "frames_measured",
    "normaliser",
    "normaliser_px",
    "gaps",
    "left_out",
    "left_out_flow",
    "tracks_lost",
)
_OF_CLIP = ("frames", "fps", "duration_s", "variable_rate", "rotation", "boxes")


def write_clip_rows(video: Mapping[str, Any], folder: Path) -> Path:
    """Write it from the key ``video`` of results; returns its path."""
    clips = {clip["id"]: clip for clip in video["clips"]}
    rows = [
        {
            "clip": unit["clip"],
            "detector": unit["detector"],
            **{metric: value_at(unit, path) for metric, path in VIDEO_METRICS.items()},
            **{key: unit.get(key) for key in _OF_UNIT},
            **{key: clips[unit["clip"]].get(key) for key in _OF_CLIP},
        }
        for unit in video["units"]
    ]
    file = folder / "video.csv"
    write_csv(file, rows, ["clip", "detector", *VIDEO_METRICS, *_OF_UNIT, *_OF_CLIP])
    return file
