"""From the journal of a run to its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from flmcore.detectors.cost import Cost
from flmcore.evaluation.cause_rows import cause_rows
from flmcore.evaluation.comparisons import compare_detectors
from flmcore.evaluation.identity import digests, environment
from flmcore.evaluation.inputs import Problem
from flmcore.evaluation.measure import Measurable
from flmcore.evaluation.results import FORMAT, Results
from flmcore.evaluation.run import Run, unit_key
from flmcore.evaluation.summary import summarise

__all__ = ["collect", "conclusions", "detector_row"]


def collect(
    run: Run,
    identity: Mapping[str, Any],
    notes: Sequence[Problem],
    timing: Mapping[str, Any],
    *,
    complete: bool,
) -> Results:
    """Results in the order of images and detectors, whatever the order of measuring was.

    Everything that differs between two runs of the same thing is under ``timing``.
    """
    images, units, problems = _pieces(run)
    problems += [note.to_dict() for note in notes]
    detectors = [detector_row(d) for d in run.detectors]
    speed = {d.name: run.journal.entries.get(f"speed|{d.name}", {}) for d in run.detectors}
    overlays = {row["image"]: _overlay(run, row) for row in images if row["faces"]}
    overlays = {image: arrays for image, arrays in overlays.items() if arrays}
    data = {
        "format": FORMAT,
        "version": identity["version"],
        "complete": complete,
        "protocol": identity["protocol"],
        **conclusions(units, detectors, identity["protocol"]),
        "problems": problems,
        "detectors": detectors,
        "images": images,
        "units": units,
        "overlays": list(overlays),
        "identity": digests(identity),
        "timing": {**timing, "environment": environment(), "speed": speed},
    }
    return Results(data, overlays)


def conclusions(
    units: Sequence[Mapping[str, Any]], detectors: Sequence[Mapping[str, Any]], protocol: Mapping[str, Any]
) -> dict[str, Any]:
    """``summary``, ``comparisons`` and ``causes``: all that follows from what was measured."""
    seed = protocol["sweep"]["seed"]
    sweeps = [sweep["name"] for sweep in protocol.get("sweeps", [protocol["sweep"]])]
    boxes = {key: protocol["boxes"][key] for key in ("source", "kind")}
    rows = summarise(units, detectors, seed=seed, accuracy=protocol.get("accuracy"))
    return {
        "summary": [{**row, "boxes": boxes} for row in rows],
        "comparisons": compare_detectors(units, detectors, seed=seed),
        "causes": cause_rows(units, detectors, sweeps, seed=seed),
    }


def detector_row(detector: Measurable) -> dict[str, Any]:
    """What results say of a detector."""
    return {
        "name": detector.name,
        "scheme": detector.scheme,
        "landmarks": detector.landmark_count,
        "licence": detector.licence,
        **detector.describe(),
        "cost": _cost(detector),
    }


def _cost(detector: Measurable) -> dict[str, Any]:
    """What the detector says of its size; one made elsewhere may say nothing."""
    count = getattr(detector, "cost", None)
    cost = Cost(None, None, "this detector does not say") if count is None else count()
    return dict(cost.to_dict())


def _pieces(run: Run) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Images, units and problems that are finished."""
    images: list[dict[str, Any]] = []
    units: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    for source in run.sources:
        entry = run.journal.entries.get(f"image|{source.id}")
        if entry is None:
            continue
        sizes = {key: entry[key] for key in ("width", "height", "faces")}
        images.append({"image": source.id, "path": source.path, "sha256": source.digest, **sizes})
        problems += entry["problems"]
        for row in entry["faces"]:
            for detector in run.detectors:
                unit = run.journal.entries.get(unit_key(source.id, row["face"], detector.name), {})
                if "problem" in unit:
                    problems.append(unit["problem"])
                elif "values" in unit:
                    place = {"image": source.id, "face": row["face"], "detector": detector.name}
                    units.append({**place, **unit["values"]})
    return images, units, problems


def _overlay(run: Run, image: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """The face's picture and each detector's cloud, where they were kept."""
    arrays = dict(run.journal.arrays(f"image|{image['image']}"))
    if arrays:
        for detector in run.detectors:
            kept = run.journal.arrays(unit_key(image["image"], image["faces"][0]["face"], detector.name))
            arrays |= {f"cloud/{detector.name}": cloud for cloud in kept.values()}
    return arrays
