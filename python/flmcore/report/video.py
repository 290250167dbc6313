"""Stability on video as a table below the table, with the protocol it was measured by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from flmcore.report.section import Section, draw_section

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["only_video", "video_sections"]

_COLUMNS = (
    ("accel.\n%", "acceleration"),
    ("flow\njitter %", "flow_jitter"),
    ("common\n%", "flow_jitter_common"),
    ("> 5 Hz\n%", "high_frequency"),
    ("NME\n%", "nme"),
    ("NMF\n%", "nmf"),
    ("NAD(1)\n%", "nad_1"),
)
_FREQUENCY = "high_frequency"


def only_video(results: Results) -> bool:
    """Whether the results are of clips alone, so that the table of still images has nothing to say."""
    return "video" in results.data and not results.data["images"]


def video_sections(results: Results, width: int) -> list[RenderableType]:
    """The table of clips, and the orders of detectors where there are two; nothing without video."""
    video = results.data.get("video")
    if video is None:
        return []
    sections = [_table(video)]
    order = video.get("order")
    if order is not None and len(order["video"]) > 1:
        sections.append(_order(order))
    return [draw_section(section, width) for section in sections]


def _table(video: Mapping[str, Any]) -> Section:
    columns = [
        column
        for column in _COLUMNS
        if any(_mean(row.get(column[1])) is not None for row in video["summary"])
    ]
    rows = [
        [
            row["detector"],
            *(_cell(row.get(metric), metric) for _, metric in columns),
            str(row["frames"]),
        ]
        for row in video["summary"]
    ]
    names = ["detector", *(name for name, _ in columns), "frames"]
    return Section("Stability on video", names, rows, list(_notes(video)))


def _order(order: Mapping[str, Any]) -> Section:
    rows = [
        [str(place + 1), *pair] for place, pair in enumerate(zip(order["video"], order["still"], strict=True))
    ]
    tau = order["reason"] if order["tau"] is None else f"Kendall's tau {order['tau']:.2f} (1: the same order)"
    on = "the common landmarks" if order["landmarks"] == "common" else "all landmarks of each"
    note = f"By flow-compensated jitter on video, by jitter on still images, on {on}: {tau}"
    names = ["place", "on video", "on still images"]
    return Section("Order of the detectors, the steadiest first", names, rows, [note])


def _mean(value: Mapping[str, Any] | None) -> float | None:
    return None if value is None else value["mean"]


def _cell(value: Mapping[str, Any] | None, metric: str) -> str:
    mean = _mean(value)
    if value is None or mean is None:
        return "–"
    factor = 100 if metric == _FREQUENCY else 1
    ends = (
        ""
        if value["low"] is None
        else f" [{_short(factor * value['low'])}, {_short(factor * value['high'])}]"
    )
    return _short(factor * mean) + ends


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def _notes(video: Mapping[str, Any]) -> Iterator[str]:
    if not video.get("complete", True):
        yield "! The run was interrupted: this is what was finished"
    if not video["units"]:
        yield "! No clip could be measured"
        return
    yield (
        "Real motion, every frame. Acceleration: second difference of a landmark, real movement included; flow jitter: "
        "movement beyond that of the picture under it; common: the same on the landmarks that all detectors reach; "
        "> 5 Hz: share of the movement's energy. % of the distance between the outer eye corners (docs/video.md)"
    )
    yield _sampling(video["summary"])
    yield _clips(video["clips"])
    yield f"Boxes: {_boxes(video['protocol'].get('boxes', {}))}"
    if any(unit.get("truth") for unit in video["units"]):
        yield (
            "NMF: root mean square change of the error from frame to frame, % of √(w·h) of the true face (Micaelli 2023); "
            "NAD(1): its mean change, % of the distance between the true eye corners"
        )
    yield from _left_out(video["units"])
    boxed = dict.fromkeys(unit["detector"] for unit in video["units"] if unit.get("normaliser") == "box")
    yield from (
        f"! {name} gives no outer eye corners: its figures are in % of its landmarks' box" for name in boxed
    )


def _sampling(summary: Sequence[Mapping[str, Any]]) -> str:
    row = max(summary, key=lambda row: row["clips"])
    mean = f"Mean over {row['clips']} clip{'s' * (row['clips'] != 1)}"
    reason = (row["flow_jitter"] or row["acceleration"] or {}).get("reason")
    if row["clips"] and reason is None:
        return f"{mean}; [ ]: 95 % bootstrap interval, resampling clips"
    return f"{mean}; no intervals ({reason or 'nothing was measured'})"


def _clips(clips: Sequence[Mapping[str, Any]]) -> str:
    said = [
        f"{clip['id']} ({clip['frames']} frames, {clip['fps']:.4g}/s{', variable' if clip.get('variable_rate') else ''})"
        for clip in clips[:3]
    ]
    return f"Clips: {', '.join(said)}{f' and {len(clips) - 3} more' if len(clips) > 3 else ''}"


def _boxes(about: Mapping[str, Any]) -> str:
    source = str(about.get("source", "not said"))
    if about.get("track"):
        return f"each detector's from its own landmarks of the frame before; {source} starts it and looks every {about['check_s']:g} s"
    known = {"file": "from a file", "given": "as given", "truth": "tight around the true landmarks"}
    return known.get(source, f"found by {source} in every frame")


def _left_out(units: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How many steps the flow could not follow: what is left out must not hide what moves most."""
    lost: dict[str, list[int]] = {}
    for unit in units:
        steps = sum(unit.get("per_landmark", {}).get("flow_steps", []))
        sums = lost.setdefault(unit["detector"], [0, 0])
        sums[0] += unit.get("left_out_flow", 0)
        sums[1] += int(steps) + unit.get("left_out_flow", 0)
    shares = [f"{name} {100 * n / total:.1f} %" for name, (n, total) in lost.items() if total]
    if shares:
        yield f"Steps that the optical flow could not follow, left out of flow jitter: {', '.join(shares)}"
