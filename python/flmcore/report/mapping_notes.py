"""What a mapping between schemes itself adds to an NME."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from flmcore import schemes
from flmcore.evaluation.accuracy.protocol import Points, Protocol

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["mapping_notes"]


def mapping_notes(shown: Mapping[str, Sequence[str]], results: Results) -> list[str]:
    """A line per mapping through whose approximate landmarks an NME of the table was taken.

    Where detector and truth are of one scheme there is none: both are moved alike.

    Args:
        shown: detectors by protocol id.
        results: which say the schemes of detectors and truth.
    """
    ours = {row["detector"]: row["scheme"] for row in results.summary}
    used: dict[tuple[str, str, bool], dict[str, None]] = {}
    for protocol, names in shown.items():
        points = str(Protocol.parse(protocol).points)
        for unit in results.units:
            name, theirs = unit["detector"], (unit.get("accuracy") or {}).get("truth")
            if name in names and theirs is not None and theirs != ours[name]:
                used.setdefault((ours[name], points, False), {})[name] = None
                used.setdefault((theirs, points, True), {})[name] = None
    return [note for key, names in used.items() for note in _note(*key, list(names))]


def _note(source: str, points: str, truth: bool, names: Sequence[str]) -> Iterator[str]:
    place = Points.parse(points)
    mapping = _mapping(source, place)
    if mapping is None:
        return
    members = [i for i in place.members() if mapping.grades[i] == "approximate"]
    known = {i: mapping.errors[i] for i in members if mapping.errors and not math.isnan(mapping.errors[i])}
    if not members:
        return
    whose = "the truth" if truth else ", ".join(names)
    head = f"{whose}: {len(members)} of {len(place.members())} landmarks are approximate ({' → '.join(mapping.path)}), "
    if not known:
        yield f"{head}by how much is not measured."
        return
    worst = max(known, key=lambda i: known[i])
    faces = min(measured.faces for measured in mapping.measurements)
    some = "" if len(known) == len(members) else f", {len(known)} of them measured"
    yield (
        f"{head}off by {math.fsum(known.values()) / len(known):.1f} % in the mean and {known[worst]:.1f} % at worst "
        f"(landmark {worst}; {faces} faces{some}), which NME counts as error."
    )


def _mapping(source: str, place: Points) -> schemes.Mapping | None:
    """The one that the accuracy was taken through; None where there is none."""
    for variant in dict.fromkeys((place.variant, None)):
        try:
            return schemes.mapping(source, place.scheme, variant=variant)
        except ValueError:
            continue
    return None
