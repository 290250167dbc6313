"""What a reader must know beside the numbers of the table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flmcore.evaluation.sweep import WINDOW_SWEEPS
from flmcore.report.accuracy_notes import accuracy_notes
from flmcore.report.box_notes import box_notes
from flmcore.report.translation_notes import translation_notes
from flmcore.report.video import only_video

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["footnotes", "licence_marks", "no_commercial_use"]

_SHORT = 12  # characters of a licence that fit the column
_UNITS = {
    "shift": (100, " % of the box"),
    "scale": (100, " % of the window"),
    "rotate": (1, "°"),
    "noise": (1, " grey levels"),
    "jpeg": (1, " of JPEG quality, about 60"),
    "brightness": (1, " doublings of light"),
}
_RESTRICTED = re.compile(
    r"non[\s-]?commercial|no commercial|not (?:for )?commercial|research|academic|by-nc|no licence|not stated|rights reserved",
    re.IGNORECASE,
)


def no_commercial_use(licence: str) -> bool:
    """Whether a licence text rules commercial use out, or leaves it open."""
    return bool(_RESTRICTED.search(licence))


def licence_marks(summary: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Per detector what the licence column says: a short licence itself, else a letter for its footnote."""
    marks: dict[str, str] = {}
    letters: dict[str, str] = {}
    for row in summary:
        text = str(row["licence"])
        if len(text) > _SHORT:
            marks[row["detector"]] = f"({letters.setdefault(text, _letter(len(letters)))})"
        else:
            marks[row["detector"]] = text or "–"
    return marks


def _letter(index: int) -> str:
    return chr(ord("a") + index) if index < 26 else str(index + 1)


def footnotes(results: Results) -> list[str]:
    """Protocol, images, intervals, roundings, licences; those that warn begin with an exclamation mark."""
    if only_video(results):  # its section has notes of its own
        texts = {str(row["detector"]): str(row["licence"]) for row in results.summary}
        licences = [
            f"{'! ' if no_commercial_use(text) else ''}{name}: {text}" for name, text in texts.items()
        ]
        return [*translation_notes(results), *licences]
    summary = [row for row in results.summary if row["faces"]]
    notes = [_unfinished(results), *_merged(results), *_protocol(results.protocol), _images(summary)]
    notes += [*box_notes(results), *translation_notes(results)]
    notes += [
        _common(results.protocol, summary),
        *accuracy_notes(results),
        *_coverage(results.summary),
        *_rounding(summary),
        *_normalised_by_box(results),
    ]
    notes += [*_cost(results), _latency(results), *_portability(results), *_licences(results.summary)]
    return [note for note in notes if note]


def _unfinished(results: Results) -> str | None:
    return None if results.complete else "! The run was interrupted: this is what was finished."


def _merged(results: Results) -> list[str]:
    """Which detectors come from which run, and on what it ran; and what a merged run lacks."""
    runs = results.data["timing"].get("merged", [])
    said = [
        f"{', '.join(run['detectors'])} ({run.get('started', 'no date')}, {run['environment']['processor']})"
        for run in runs
    ]
    notes = [f"Merged from {len(runs)} runs: {'; '.join(said)}."] if runs else []
    lacks = [row["reason"] for row in results.problems if row["kind"] == "merge"]
    return [*notes, *(f"! {reason[0].upper()}{reason[1:]}." for reason in lacks)]


def _protocol(protocol: Mapping[str, Any]) -> list[str]:
    sweep = protocol["sweep"]
    factor, unit = _UNITS.get(sweep["name"], (1, ""))  # results of a newer version may have others
    path, random = (
        f"{'' if sweep['name'] == 'noise' else '±'}{factor * sweep['path_amplitude']:g}{unit}",
        f"σ {factor * sweep['random_sigma']:g}{unit}",
    )
    gain = ", gain (0: holds to the face, 1: rides with the window)" if sweep["name"] == "shift" else ""
    view = "window" if sweep["name"] in WINDOW_SWEEPS else "view"
    kind = "smooth" if sweep["name"] != "noise" else "steady"
    text = (
        f"Sweep {sweep['name']}, still images. Jitter: landmark movement from {view} to {view} along a {kind} path "
        f"({path}, {sweep['frames']} {view}s); spread{gain}: over {sweep['frames']} random {view}s ({random}, seed "
        f"{sweep['seed']}). % of the distance between the outer eye corners."
    )
    return [text]


def _images(summary: Sequence[Mapping[str, Any]]) -> str | None:
    if not summary:
        return "! Nothing could be measured."
    row = max(summary, key=lambda row: row["images"])
    faces = "" if row["faces"] == row["images"] else f", {row['faces']} faces"
    mean = f"Mean over {row['images']} image{'s' * (row['images'] != 1)}{faces}"
    if row["jitter"]["reason"] is None:
        return f"{mean}; [ ]: 95 % bootstrap interval, resampling images."
    return f"{mean}; no intervals ({row['jitter']['reason']})."


def _common(protocol: Mapping[str, Any], summary: Sequence[Mapping[str, Any]]) -> str | None:
    if protocol["common_scheme"] is None:
        return "! Common: no scheme is reached by all these detectors, so their jitter is not over the same landmarks."
    if len(summary) < 2:
        return None
    return f"Common: jitter on the landmarks of {protocol['common_scheme']}, which all these detectors reach; compare these."


def _coverage(summary: Sequence[Mapping[str, Any]]) -> list[str]:
    measured = [row for row in summary if row["faces_measured"]]
    none = [
        f"! {row['detector']} could be measured on no face." for row in summary if not row["faces_measured"]
    ]
    most = max((row["faces_measured"] for row in measured), default=0)
    if not measured or all(row["faces"] == most for row in measured):
        return none
    if not measured[0]["same_faces"]:
        return [*none, "! The detectors have no face in common: each row is over other faces."]
    short = ", ".join(
        f"{r['detector']} {r['faces_measured']}" for r in measured if r["faces_measured"] < most
    )
    faces = measured[0]["faces"]
    return [
        *none,
        f"! Of {most} faces, these were measured on fewer: {short}. The table is over the {faces} that all share.",
    ]


def _rounding(summary: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{row['detector']} returns whole crop pixels: rounding alone makes a still face jitter by "
        f"{row['rounding_jitter']['mean']:.3f} %, part of its {row['jitter']['mean']:.3f} %."
        for row in summary
        if row["rounding_jitter"] and row["rounding_jitter"]["mean"] is not None
    ]


def _normalised_by_box(results: Results) -> list[str]:
    names = dict.fromkeys(unit["detector"] for unit in results.units if unit["normaliser"] == "box")
    return [
        f"! {name} gives no outer eye corners: its figures are in % of the box instead." for name in names
    ]


def _cost(results: Results) -> list[str]:
    notes = []
    if any(row.get("multiply_adds") is not None for row in results.summary):
        notes.append(
            "FLOPs: of one face, two for each multiply-add of convolutions and matrix products; many papers print half "
            "of this, the multiply-adds, under the same name."
        )
    missing: dict[str, list[str]] = {}
    for row in results.detectors:
        note = row.get("cost", {}).get("note")
        if note:
            missing.setdefault(note, []).append(row["name"])
    return [*notes, *(f"{', '.join(names)}: {note}." for note, names in missing.items())]


def _latency(results: Results) -> str | None:
    times = [speed for speed in results.speed.values() if speed.get("total")]
    if not times:
        return None
    several = any(speed.get("threads") != 1 for speed in times)
    stages = (
        f"crop, inference and decode of one face, batch 1, {'threads as loaded' if several else 'one thread'}"
    )
    return f"ms: {stages}, at least {min(t['repeats'] for t in times)} repeats; {results.data['timing']['environment']['processor']}."


def _portability(results: Results) -> list[str]:
    """The verdicts in words; an estimate must not be taken for a device's figure."""
    found = results.portability
    if not found:
        return []
    versions = ", ".join(sorted({row["rules_version"] for row in found.values()}))
    return [
        f"phone est.: an estimate by rules {versions} from the Core ML program, not a measurement.",
        *(f"{name}: {row['text']}." for name, row in found.items()),
    ]


def _licences(summary: Sequence[Mapping[str, Any]]) -> list[str]:
    marks = licence_marks(summary)
    notes: dict[str, None] = {}
    for row in summary:
        text, mark = str(row["licence"]), marks[row["detector"]]
        warning = no_commercial_use(text)
        if mark.startswith("("):
            notes[f"{'! ' if warning else ''}{mark} {text}"] = None
        elif warning:
            notes[f"! {row['detector']}: {text}"] = None
    return list(notes)
