"""In what two runs differ besides their numbers, and whether that makes the numbers incomparable."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["Difference", "find_differences", "machine_of", "same_machine"]

# How the work was cut up: values do not depend on it, or by rounding alone. What else was looked into. And what only
# figures on the common landmarks depend on, which are left out where it differs.
_HARMLESS = {"batch", "threads", "device"}
_HARMLESS |= {"sweeps", "jpeg", "redecode", "smoothing", "attribution"}
_HARMLESS |= {"common_scheme", "accuracy.common"}
_HARMLESS |= {"sweep.bins"}  # follow from the seed
_SAME_BOX = 0.01  # px; below this a box is the same to any detector
_SHOWN = 48
_NONE = object()


@dataclass(frozen=True)
class Difference:
    """One thing that is other in the two runs.

    Attributes:
        where: dotted place in ``results.json``, or what it is about.
        old: short text of it in the first run.
        new: short text of it in the second.
        matters: the numbers were not measured in the same way: a difference of theirs may come from this.
    """

    where: str
    old: str
    new: str
    matters: bool

    def to_dict(self) -> dict[str, Any]:
        """For the comparison's JSON."""
        return asdict(self)


def find_differences(
    old: Results, new: Results, detectors: Collection[str], images: Collection[str]
) -> list[Difference]:
    """Protocol, boxes, normaliser, detectors, versions; those that matter first.

    Args:
        old: the first run.
        new: the second.
        detectors: names that both have.
        images: names that both have, with the same content.
    """
    found = [*_protocol(old, new), *_boxes(old, new, images), *_units(old, new, detectors, images)]
    found += [*_detectors(old, new, detectors), *_versions(old, new)]
    return sorted(found, key=lambda difference: not difference.matters)


def same_machine(old: Results, new: Results) -> bool:
    """Whether both runs say the same processor, system and number of processors."""
    first, second = (machine_of(run.data["timing"]["environment"]) for run in (old, new))
    return first == second


def machine_of(environment: Mapping[str, Any]) -> tuple[Any, ...]:
    """Processor, system and number of processors that a run says."""
    build = environment.get("build", {})
    return environment["processor"], build.get("platform"), build.get("threads")


def _protocol(old: Results, new: Results) -> Iterator[Difference]:
    for key, (first, second) in _unlike(old.protocol, new.protocol):
        # What only one run says comes from a version that knows more; it is shown, but proves no difference.
        known = first is not _NONE and second is not _NONE
        matters = known and not {key, key.partition(".")[0]} & _HARMLESS
        yield Difference(f"protocol.{key}", _short(first), _short(second), matters)


def _boxes(old: Results, new: Results, images: Collection[str]) -> Iterator[Difference]:
    first, second = _boxes_of(old, images), _boxes_of(new, images)
    shared = first.keys() & second.keys()
    moved = [place for place in shared if np.abs(np.subtract(first[place], second[place])).max() > _SAME_BOX]
    if moved:
        yield Difference("boxes of the faces", f"{len(shared)} shared", f"{len(moved)} moved", True)
    if first.keys() != second.keys():
        yield Difference("faces found", str(len(first)), str(len(second)), False)


def _boxes_of(results: Results, images: Collection[str]) -> dict[tuple[str, int], list[float]]:
    rows = (row for row in results.data["images"] if row["image"] in images)
    return {(row["image"], face["face"]): face["box"] for row in rows for face in row["faces"]}


def _units(
    old: Results, new: Results, detectors: Collection[str], images: Collection[str]
) -> Iterator[Difference]:
    """Where one hundred per cent stands for another distance, the figures have different units."""
    first, second = (
        {
            (unit["image"], unit["face"], unit["detector"]): unit["normaliser"]
            for unit in results.units
            if unit["detector"] in detectors and unit["image"] in images
        }
        for results in (old, new)
    )
    other = [place for place in first.keys() & second.keys() if first[place] != second[place]]
    if other:
        place = min(other)
        yield Difference(f"normaliser of {len(other)} measurements", first[place], second[place], True)


def _detectors(old: Results, new: Results, detectors: Collection[str]) -> Iterator[Difference]:
    rows = {row["name"]: row for row in new.detectors}
    for row in old.detectors:
        if row["name"] not in detectors:
            continue
        for key, (first, second) in _unlike(row, rows[row["name"]]):
            if not key.startswith("cost."):
                scheme = key in ("scheme", "landmarks")
                yield Difference(f"{row['name']}: {key}", _short(first), _short(second), scheme)


def _versions(old: Results, new: Results) -> Iterator[Difference]:
    first, second = (
        {"flmcore": results.data["version"], **results.data["timing"]["environment"]}
        for results in (old, new)
    )
    for key, (a, b) in _unlike(first, second):
        if key != "build.version":  # flmcore's again
            yield Difference(
                key.removeprefix("packages.").removeprefix("build."), _short(a), _short(b), False
            )


def _unlike(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Dotted keys under which two mappings differ, in the order of the first."""
    for key in dict.fromkeys([*first, *second]):
        a, b = first.get(key, _NONE), second.get(key, _NONE)
        if isinstance(a, dict) and isinstance(b, dict):
            yield from ((f"{key}.{below}", pair) for below, pair in _unlike(a, b))
        elif a != b:
            yield key, (a, b)


def _short(value: Any) -> str:
    if value is _NONE:
        return "not said"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
