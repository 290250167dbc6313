"""Several runs of other detectors on the same images as one run, its statistics computed anew."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from flmcore import __version__
from flmcore.errors import ResultsError
from flmcore.evaluation.collect import conclusions
from flmcore.evaluation.identity import digests
from flmcore.evaluation.inputs import Problem
from flmcore.evaluation.landmarks import common_scheme
from flmcore.evaluation.merge_checks import check_fit
from flmcore.evaluation.merge_common import one_common
from flmcore.evaluation.merge_timing import merged_timing
from flmcore.evaluation.results import FORMAT, Results
from flmcore.nearest import nearest

__all__ = ["merge_runs"]

_OWN = ("batch", "threads", "device")  # values hardly depend on these; said where all runs say the same
_ASKED = ("redecode", "smoothing", "attribution")


def merge_runs(
    runs: Sequence[Results],
    names: Sequence[str] | None = None,
    rename: Mapping[tuple[int, str], str] | None = None,
) -> Results:
    """What :meth:`flmcore.Results.merge` gives; ``names`` is what messages call the runs."""
    called = [f"run {number + 1}" for number in range(len(runs))] if names is None else list(names)
    if len(runs) < 2:
        msg = f"runs: expected at least two, got {len(runs)}"
        raise ValueError(msg)
    check_fit(runs, called)
    renamed = _renamed(runs, called, rename or {})
    records = [_record(run, table) for run, table in zip(runs, renamed, strict=True)]
    detectors = [row for record in records for row in record["detectors"]]
    protocol = _protocol(records)
    units, notes = one_common(records, protocol, detectors)
    timing, slower = merged_timing(records, renamed)
    notes += slower
    data: dict[str, Any] = {
        "format": FORMAT,
        "version": __version__,
        "complete": True,
        "protocol": protocol,
        **conclusions(units, detectors, protocol),
        "problems": _problems(records, notes),
        "detectors": detectors,
        "images": records[0]["images"],
        "units": units,
    }
    shown = [image for image in records[0]["overlays"] if all(image in r["overlays"] for r in records)]
    overlays = {image: _clouds(runs, renamed, image) for image in shown}
    identity = digests({"version": __version__, "protocol": protocol, "detectors": detectors})
    identity = {**records[0]["identity"], **identity}
    return Results({**data, "overlays": shown, "identity": identity, "timing": timing}, overlays)


def _renamed(
    runs: Sequence[Results], called: Sequence[str], rename: Mapping[tuple[int, str], str]
) -> list[dict[str, str]]:
    """Per run, the name of each detector in the merged run; every name stands once."""
    tables = [{row["name"]: row["name"] for row in run.detectors} for run in runs]
    for (number, old), new in rename.items():
        if not 0 <= number < len(runs):
            msg = f"rename: expected a run from 1 to {len(runs)}, got {number + 1}"
            raise ValueError(msg)
        if old not in tables[number]:
            known = list(tables[number])
            msg = f"rename: expected one of {', '.join(known)} in {called[number]}, got {old!r}{nearest(old, known)}"
            raise ValueError(msg)
        if not new.strip() or not new.isprintable():
            msg = f"rename: expected a printable name for {old}, got {new!r}"
            raise ValueError(msg)
        tables[number][old] = new
    where: dict[str, str] = {}
    for table, run in zip(tables, called, strict=True):
        for name in table.values():
            if name in where:
                msg = (
                    f"detectors: expected each name once, got {name!r} in {where[name]} and {run}: rename one"
                )
                raise ResultsError(msg)
            where[name] = run
    return tables


def _record(run: Results, table: Mapping[str, str]) -> dict[str, Any]:
    """The run's data with its detectors renamed."""
    data = copy.deepcopy(run.data)
    for row in data["detectors"]:
        row["name"] = table[row["name"]]
    for unit in data["units"]:
        unit["detector"] = table[unit["detector"]]
        kind, of, lender = unit["normaliser"].partition(" of ")
        unit["normaliser"] = f"{kind}{of}{table.get(lender, lender)}"
    for problem in data["problems"]:
        if problem["detector"] is not None:
            problem["detector"] = table.get(problem["detector"], problem["detector"])
    data["timing"]["speed"] = {table.get(name, name): row for name, row in data["timing"]["speed"].items()}
    if "accuracy" in data["protocol"]:
        points = data["protocol"]["accuracy"]["points"]
        data["protocol"]["accuracy"]["points"] = {table[name]: scheme for name, scheme in points.items()}
    return data


def _protocol(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The first's, with the detectors of all; how the work was cut up where that is the same everywhere."""
    protocol = dict(records[0]["protocol"])
    others = [record["protocol"] for record in records[1:]]
    for key in _OWN:
        if any(other.get(key) != protocol.get(key) for other in others):
            protocol.pop(key, None)
    for key in _ASKED:
        said = [one[key] for one in (protocol, *others) if key in one]
        if said:
            protocol[key] = said[0]
    protocol["common_scheme"] = common_scheme([row["scheme"] for r in records for row in r["detectors"]])
    if "accuracy" in protocol:
        points = {
            name: scheme for r in records for name, scheme in r["protocol"]["accuracy"]["points"].items()
        }
        protocol["accuracy"] = {**protocol["accuracy"], "points": points}
    return protocol


def _problems(records: Sequence[Mapping[str, Any]], notes: Sequence[str]) -> list[dict[str, Any]]:
    """Of all runs, each once: what is wrong with an image stands in every run."""
    found: list[dict[str, Any]] = []
    for record in records:
        found += [problem for problem in record["problems"] if problem not in found]
    return [*found, *(Problem(None, note, "merge", note=True).to_dict() for note in notes)]


def _clouds(runs: Sequence[Results], renamed: Sequence[Mapping[str, str]], image: str) -> dict[str, Any]:
    """The face's picture from the first run that has it, and every detector's cloud under its new name."""
    arrays: dict[str, Any] = {}
    for run, table in zip(runs, renamed, strict=True):
        for key, array in run.overlays.get(image, {}).items():
            kind, slash, name = key.partition("/")
            arrays.setdefault(f"{kind}{slash}{table.get(name, name)}" if kind == "cloud" else key, array)
    return arrays
