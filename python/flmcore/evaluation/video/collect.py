"""From the journal of a video run to its results, alone or beside those of still images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import ResultsError
from flmcore.evaluation.collect import conclusions, detector_row
from flmcore.evaluation.identity import digests, environment
from flmcore.evaluation.results import FORMAT, Results
from flmcore.evaluation.store import pack_arrays, plain, write_bytes
from flmcore.evaluation.video.run import VideoRun, look_key, unit_key, view_key
from flmcore.evaluation.video.summary import order_agreement, summarise_clips

__all__ = ["check_still", "collect_video", "write_tracks"]

# What stands where a run of still images says its sweep.
_NO_SWEEP = {"name": "none", "frames": 0, "path_amplitude": 0.0, "random_sigma": 0.0}


def collect_video(
    run: VideoRun,
    identity: Mapping[str, Any],
    timing: Mapping[str, Any],
    still: Results | None,
    *,
    complete: bool,
) -> Results:
    """Results in the order of clips and detectors; what differs between two runs of the same thing is in ``timing``."""
    protocol = identity["protocol"]
    detectors = [detector_row(d) for d in run.detectors]
    units, seconds, problems = _units(run)
    clips = [_clip(run, source, problems) for source in run.sources]
    video: dict[str, Any] = {
        "complete": complete,
        "protocol": protocol,
        "clips": [clip for clip in clips if clip is not None],
        "units": units,
        "summary": summarise_clips(units, detectors, seed=protocol["seed"]),
        "identity": digests(identity),
    }
    seen = {"video": {**timing, "units": seconds, "environment": environment()}}
    if still is not None:
        video["order"] = order_agreement(video["summary"], still.summary)
        data = {**still.data, "complete": complete and still.complete, "video": video}
        data["problems"] = [*still.data["problems"], *problems]
        data["timing"] = {**still.data["timing"], **seen}
        return Results(data, still.overlays)
    about = {
        "sweep": {**_NO_SWEEP, "seed": protocol["seed"]},
        "boxes": protocol["boxes"],
        "common_scheme": protocol["common_scheme"],
    }
    data = {
        "format": FORMAT,
        "version": identity["version"],
        "complete": complete,
        "protocol": about,
        **conclusions([], detectors, about),
        "video": video,
        "problems": problems,
        "detectors": detectors,
        "images": [],
        "units": [],
        "overlays": [],
        "identity": digests(identity),
        "timing": {**timing, "environment": environment(), "speed": {}, **seen},
    }
    return Results(data)


def _clip(run: VideoRun, source: Any, problems: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The clip's row; what is wrong with it goes to ``problems``."""
    entry = run.journal.entries.get(look_key(source.id))
    if entry is None:
        return None
    if "problem" in entry:
        problems.insert(0, entry["problem"])
        return None
    notes = [_note(source.id, reason) for reason in entry["problems"]]
    problems += notes
    view = run.journal.arrays(view_key(source.id))
    shown = view["span"].tolist() if view else None
    boxes = run.boxes.about["source"]
    about = {key: value for key, value in entry.items() if key != "problems"}
    return {
        "id": source.id,
        "path": source.path,
        "sha256": source.digest,
        **about,
        "boxes": f"track, {boxes}" if run.boxes.track else boxes,
        "shown": shown,
        "problems": entry["problems"],
    }


def _note(clip: str, reason: str) -> dict[str, Any]:
    return {"image": clip, "face": None, "detector": None, "kind": "clip", "note": True, "reason": reason}


def _units(run: VideoRun) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    units: list[dict[str, Any]] = []
    seconds: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    for source, detector, entry in run.units():
        if "problem" in entry:
            problems.append(entry["problem"])
            continue
        place = {"clip": source.id, "detector": detector.name}
        units.append({**place, **entry["values"]})
        seconds.append({**place, "seconds": entry["seconds"]})
        for reason, count in entry["values"]["failed"].items():
            text = f"{count} of {run.journal.entries[look_key(source.id)]['frames']} frames not measured: {reason}"
            problems.append({**_note(source.id, text), "detector": detector.name})
    return units, seconds, problems


def check_still(still: Results, described: list[Mapping[str, Any]], name: str) -> None:
    """ResultsError where a run of still images is not of the same detectors, or has video already."""
    if not still.complete:
        msg = f"{name}: expected a finished run, got one that was interrupted: resume it"
        raise ResultsError(msg)
    if not still.data["images"]:
        msg = f"{name}: expected results of still images, got results without any"
        raise ResultsError(msg)
    theirs = {row["name"]: row for row in still.data["detectors"]}
    for row in described:
        other = theirs.pop(row["name"], None)
        if other is None:
            msg = f"{name}: expected results of the same detectors, got none of {row['name']}"
            raise ResultsError(msg)
        wanted = plain({key: row[key] for key in ("config", "weights_sha256") if key in row})
        wanted["mapping"] = plain(row.get("mapping"))  # none against one is another detector, too
        differs = [key for key, value in wanted.items() if other.get(key) != value]
        if differs:
            msg = f"{name}: expected results of the same detectors, got {row['name']} with other {', '.join(differs)}"
            raise ResultsError(msg)
    if theirs:
        msg = f"{name}: expected results of the same detectors, got also {', '.join(theirs)}"
        raise ResultsError(msg)


def write_tracks(run: VideoRun, results: Results, folder: Path) -> None:
    """``tracks.npz``: views of each clip and each detector's landmarks on them, by their places in ``results.json``."""
    flat: dict[str, NDArray[Any]] = {}
    names = [row["name"] for row in results.data["detectors"]]
    for i, clip in enumerate(results.data["video"]["clips"]):
        view = run.journal.arrays(view_key(clip["id"]))
        if not view:
            continue
        flat |= {f"clip{i}/{key}": view[key] for key in ("jpeg", "offsets", "times", "view")}
        for j, name in enumerate(names):
            kept = run.journal.arrays(unit_key(clip["id"], name))
            if kept:
                flat[f"clip{i}/detector{j}"] = np.asarray(kept["points"], dtype=np.float32)
    write_bytes(folder / "tracks.npz", pack_arrays(flat))
