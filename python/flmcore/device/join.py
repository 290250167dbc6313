"""Figures of device files joined to the results of a run: by the detector's name, and by its weights where both know them."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flmcore.device.reading import DeviceFile, read_device_file
from flmcore.device.times import percentiles
from flmcore.device.title import ABOUT, same_title, title_of
from flmcore.nearest import nearest

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["NO_CORE_ML", "add_devices"]

# Backends whose models cannot be Core ML models, and why.
NO_CORE_ML = {"dlib": "Dlib's regression trees are no network, so they cannot be a Core ML model"}
_KEPT = ("weights_sha256", "package_sha256", "precision", "compression", "input", "plan")
Row = dict[str, Any]


def add_devices(
    results: Results,
    files: Sequence[str | os.PathLike[str]],
    *,
    replace: bool = False,
    detectors: Sequence[str] | None = None,
) -> Results:
    """Results with the figures of device files; the given ones stay as they are.

    Files of one device (model, name, system, state) go into one row of ``devices``. Raw times become percentiles.

    Args:
        results: of a run of these detectors.
        files: device files.
        replace: figures that are there already, of this device, detector and compute unit, give way; else they are refused.
        detectors: only these of the files.

    Raises:
        DeviceFileError: a file cannot be read, names a detector that is not in the results or that is no Core ML model,
            is of other weights than the results, or says something else of a device that is there.
        ValueError: an unknown name in ``detectors``.
    """
    known = {row["name"]: row for row in results.detectors}
    for name in detectors or ():
        if name not in known:
            msg = f"detectors: expected one of {', '.join(known)}, got {name!r}{nearest(name, known)}"
            raise ValueError(msg)
    data = copy.deepcopy(results.data)
    devices: list[Row] = data.setdefault("devices", [])
    replaceable = {id(figure) for row in devices for figure in row["figures"]} if replace else set()
    for path in files:
        file = read_device_file(path)
        figures = list(_figures(file, known, detectors))
        if figures:
            row = _device_row(file, devices)
            for place, figure in figures:
                _put(file, place, row, figure, replaceable)
    order = list(known)
    for row in devices:
        row["figures"].sort(key=lambda figure: order.index(figure["detector"]))
    return type(results)(data, results.overlays)


def _figures(
    file: DeviceFile, known: Mapping[str, Row], only: Sequence[str] | None
) -> Iterator[tuple[int, Row]]:
    measured = file.data.get("measured", {})
    source = {"file": file.path.name, "sha256": file.sha256, **measured}
    for index, entry in enumerate(file.data["detectors"]):
        name = entry["name"]
        if only is not None and name not in only:
            continue
        if name not in known:
            msg = (
                f"expected a detector of the results, {', '.join(known)}, got {name!r}{nearest(name, known)}"
            )
            file.refuse(("detectors", index, "name"), f"{msg} (-d NAME takes only those named)")
        backend = _backend(known[name])
        if backend in NO_CORE_ML:
            msg = f"expected a detector that can run on Core ML, got {name!r}: {NO_CORE_ML[backend]}"
            file.refuse(("detectors", index, "name"), msg)
        figure: Row = {"detector": name, "compute_units": entry["compute_units"]}
        figure["matched"] = _matched(file, index, entry, known[name])
        figure["predict_ms"] = percentiles(entry["predict_ms"])
        figure["load_ms"] = {state: percentiles(times) for state, times in entry.get("load_ms", {}).items()}
        figure |= {key: entry[key] for key in _KEPT if key in entry}
        yield index, figure | {"source": source}


def _backend(detector: Row) -> str | None:
    """Results of detectors that are a caller's own objects have no config."""
    backend: str | None = detector.get("config", {}).get("model", {}).get("backend")
    return backend


def _matched(file: DeviceFile, index: int, entry: Row, detector: Row) -> str | None:
    """By which sum the entry is known to be this detector; None where one side does not say."""
    wanted = detector.get("weights_sha256")
    if wanted is None:
        return None
    # Core ML's own detectors have the package as their weights; all others are compared by their checkpoint.
    keys = ("package_sha256",) if _backend(detector) == "coreml" else ("weights_sha256",)
    for key in keys:
        given = entry.get(key)
        if given is not None and given.lower() != wanted:
            msg = (
                f"expected the weights of {entry['name']} in the results, {wanted[:12]}…, got {given[:12].lower()}…: "
                "a device file of another detector; evaluate the one that was measured, or export and measure this one"
            )
            file.refuse(("detectors", index, key), msg)
        if given is not None:
            return key
    return None


def _device_row(file: DeviceFile, devices: list[Row]) -> Row:
    """The row of this device, made where there is none; what the file knows beyond it is added."""
    about = file.data["device"]
    title = same_title(file.title)
    for row in devices:
        if same_title(title_of(row)) == title:
            for key in ABOUT:
                if key in about and key in row and same_title(about[key]) != same_title(row[key]):
                    msg = (
                        f"expected {row[key]!r} as {file.title} has it in the results, got {about[key]!r}: give "
                        'device.name in one of the files (such as "lab") where these are two devices'
                    )
                    file.refuse(("device", key), msg)
            row |= {key: about[key] for key in ABOUT if key in about and key not in row}
            return row
    row = {key: about[key] for key in ABOUT if key in about} | {"figures": []}
    devices.append(row)
    return row


def _put(file: DeviceFile, index: int, row: Row, figure: Row, replaceable: set[int]) -> None:
    for place, there in enumerate(row["figures"]):
        if all(there[key] == figure[key] for key in ("detector", "compute_units")):
            if id(there) not in replaceable:
                msg = (
                    f"expected figures that the results do not have, got {figure['detector']}, {figure['compute_units']} "
                    f"on {file.title}, which is there from {there['source']['file']}: --replace puts these in its place"
                )
                file.refuse(("detectors", index), msg)
            row["figures"][place] = figure
            return
    row["figures"].append(figure)
