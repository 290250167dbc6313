"""Whether runs were measured in one way on one set of images, so that they can be one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flmcore.errors import ResultsError
from flmcore.evaluation.differences import find_differences

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["check_fit"]

_SHOWN = 3
# What compare may pass over, as it looks at each detector by itself: rows of one run would stand beside rows of another.
_ALIKE = ("sweeps", "jpeg")
_IF_BOTH = ("smoothing", "attribution")


def check_fit(runs: Sequence[Results], names: Sequence[str]) -> None:
    """ResultsError that says in what two runs differ, where they cannot be one.

    Args:
        runs: from two on.
        names: what messages call them.
    """
    for run, name in zip(runs, names, strict=True):
        if not run.complete:
            msg = f"{name}: expected a finished run, got one that was interrupted: resume it"
            raise ResultsError(msg)
        if "video" in run.data:
            msg = f"{name}: expected a run of still images, got one with clips: merge the still images, then add the clips"
            raise ResultsError(msg)
        if not isinstance(run.protocol.get("boxes"), dict):
            msg = f"{name}: expected results that say the kind of their boxes, got older ones: measure again"
            raise ResultsError(msg)
    for run, name in zip(runs[1:], names[1:], strict=True):
        found = [*_images(runs[0], run), *_protocol(runs[0], run)] or [*_normalisers(runs[0], run)]
        if found:
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            msg = f"{name}: expected a run measured as {names[0]}, got others: {'; '.join(found[:_SHOWN])}{more}"
            raise ResultsError(msg)


def _images(old: Results, new: Results) -> Iterator[str]:
    first, second = ({row["image"]: row for row in run.data["images"]} for run in (old, new))
    for name in [*first, *(name for name in second if name not in first)]:
        if name not in first or name not in second:
            yield f"image {name} is only in the {'first' if name in first else 'second'}"
        elif first[name]["sha256"] is None or first[name]["sha256"] != second[name]["sha256"]:
            yield f"image {name} has other content"
        elif [face["face"] for face in first[name]["faces"]] != [f["face"] for f in second[name]["faces"]]:
            yield f"image {name} has other faces"


def _protocol(old: Results, new: Results) -> Iterator[str]:
    images = {row["image"] for row in old.data["images"]} & {row["image"] for row in new.data["images"]}
    for one in find_differences(old, new, (), images):
        if one.matters:
            yield f"{one.where}: {one.old} → {one.new}"
    first, second = old.protocol, new.protocol
    for key in (*_ALIKE, *_IF_BOTH):
        both = key in first and key in second
        if first.get(key) != second.get(key) and (both or key in _ALIKE):
            yield f"protocol.{key} differs"
    if ("truth" in first) != ("truth" in second):
        yield f"true landmarks are only in the {'first' if 'truth' in first else 'second'}"


def _normalisers(old: Results, new: Results) -> Iterator[str]:
    """A detector without eye corners borrows the others' distance; alone it has the box, which is another unit."""
    first, second = (_by_face(run) for run in (old, new))
    for place in first.keys() & second.keys():
        if _kinds(first[place]) != _kinds(second[place]):
            said = " and ".join(
                f"{name} in % of {kind}" for rows in (first[place], second[place]) for name, kind in rows[:1]
            )
            yield f"normaliser on {place[0]} face {place[1]}: {said}: measure these detectors together"
            return


def _by_face(run: Results) -> dict[tuple[str, int], list[tuple[str, str]]]:
    found: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for unit in run.units:
        found.setdefault((unit["image"], unit["face"]), []).append((unit["detector"], unit["normaliser"]))
    return found


def _kinds(rows: Sequence[tuple[str, str]]) -> set[str]:
    """Kinds of normaliser, whoever lent it."""
    return {kind.partition(" of ")[0] for _, kind in rows}
