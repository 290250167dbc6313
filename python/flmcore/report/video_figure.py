"""The measures of stability on video, a panel each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flmcore.report.interval_rows import Panel, draw_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["draw_video", "video_panels"]

_LABELS = {
    "flow_jitter_common": "flow-compensated jitter on the common landmarks, %",
    "flow_jitter": "flow-compensated jitter, %",
    "acceleration": "acceleration, %",
    "high_frequency": "share of the energy above 5 Hz",
}


def video_panels(results: Results) -> list[Panel]:
    """The measures that some detector has."""
    rows = results.data.get("video", {}).get("summary", [])
    shown = {str(row["detector"]) for row in results.summary}
    found = []
    seen: set[str] = set()
    for metric, label in _LABELS.items():
        if f"{metric}_common" in seen:  # detectors of different density are compared by that one
            continue
        values = {str(row["detector"]): row.get(metric) for row in rows if row["detector"] in shown}
        if any(value and value["mean"] is not None for value in values.values()):
            found.append(Panel(label, values))
            seen.add(metric)
    return found


def draw_video(results: Results) -> Figure:
    """Mean and interval over clips, the steadiest first."""
    places = {str(row["detector"]): index for index, row in enumerate(results.summary)}
    return draw_panels(
        video_panels(results), places, "moving faces; lines: 95 % intervals, where clips allow them"
    )
