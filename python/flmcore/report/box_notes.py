"""What a reader must know of the boxes: who framed the faces, and how one kind of box became another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flmcore.data.box_kinds import box_kind, box_kinds

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["box_notes"]

_SOURCES = {
    "file": "from the given file",
    "given": "as given",
    "truth": "tight around the true landmarks",
}


def box_notes(results: Results) -> list[str]:
    """The source of the boxes and its conversion; then each detector that expects another kind."""
    boxes = results.protocol.get("boxes")
    if not isinstance(boxes, dict):  # results of an earlier version
        return []
    source = _SOURCES.get(boxes["source"], f"found by {boxes['source']}")
    text = f"Boxes: {source}"
    if boxes["kind"] != "landmarks":
        text += (
            f", of the kind {boxes['kind']} ({_factor(boxes)}), brought to the landmarks' box by that factor"
        )
    notes = [f"{text}."]
    for detector in results.detectors:
        kind = detector.get("config", {}).get("crop", {}).get("box", "landmarks")
        if kind != "landmarks" and kind in box_kinds():
            known = box_kind(kind)
            factor = _factor({"side": known.side, "shift": known.shift})
            notes.append(f"{detector['name']} expects boxes of the kind {kind}: {factor}.")
    return notes


def _factor(kind: Mapping[str, Any]) -> str:
    """``1.08 times the landmarks' box, its centre 5 % higher``."""
    width, height = kind["side"]
    size = (
        f"{width:.3g} times" if width == height else f"{width:.3g} times as wide and {height:.3g} as high as"
    )
    across, down = kind["shift"]
    moves = [
        f"{100 * abs(share):.2g} % {way}"
        for share, way in (
            (across, "to the right" if across > 0 else "to the left"),
            (down, "lower" if down > 0 else "higher"),
        )
        if share
    ]
    return f"{size} the landmarks' box" + (f", its centre {' and '.join(moves)}" if moves else "")
