"""Figures on common landmarks, where runs had other detectors and so other landmarks in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flmcore.evaluation.accuracy.plan import plan_accuracy

__all__ = ["one_common"]

Unit = dict[str, Any]


def one_common(
    records: Sequence[Mapping[str, Any]], protocol: dict[str, Any], detectors: Sequence[Mapping[str, Any]]
) -> tuple[list[Unit], list[str]]:
    """The units of all runs, image by image, on one set of common landmarks; ``protocol`` is told which.

    Accuracy on other landmarks follows from the errors that units keep. Jitter does not: results hold no landmarks,
    so where a run has it on others it is left out everywhere. The second value says what was.
    """
    units = _in_order(records, detectors)
    notes = [*_jitter(records, protocol, units), *_accuracy(protocol, units, detectors)]
    return units, notes


def _in_order(records: Sequence[Mapping[str, Any]], detectors: Sequence[Mapping[str, Any]]) -> list[Unit]:
    images = {row["image"]: place for place, row in enumerate(records[0]["images"])}
    order = {row["name"]: place for place, row in enumerate(detectors)}
    units = [unit for record in records for unit in record["units"]]
    return sorted(units, key=lambda u: (images[u["image"]], u["face"], order[u["detector"]]))


def _jitter(
    records: Sequence[Mapping[str, Any]], protocol: dict[str, Any], units: Sequence[Unit]
) -> Iterator[str]:
    found = list(dict.fromkeys(record["protocol"]["common_scheme"] for record in records))
    if found == [protocol["common_scheme"]]:
        return
    wanted, protocol["common_scheme"] = protocol["common_scheme"], None
    for unit in units:
        unit.pop("common", None)
        for sweep in unit.get("sweeps", {}).values():
            sweep.pop("common", None)
    said = " and ".join(str(name or "none") for name in found)
    then = f" for {wanted}" if wanted else ""
    yield f"jitter on common landmarks is left out: the runs have it on {said}; measure together{then}"


def _accuracy(
    protocol: dict[str, Any], units: Sequence[Unit], detectors: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    about = protocol.get("accuracy")
    if about is None:
        return
    plan = plan_accuracy(about["truth"], {row["name"]: row["scheme"] for row in detectors})
    common = None if plan is None else plan.common
    compared = [unit["accuracy"] for unit in units if unit.get("accuracy")]
    if common is not None and any(common not in values["sets"] for values in compared):
        yield f"NME on common landmarks is left out: not every run kept errors on {common}; measure together"
        common = None
    for unit in units:
        values = unit.get("accuracy")
        if not values:
            continue
        kept = values["sets"].get(common) if common else None
        nme = None if kept is None else kept["nme"][values["normaliser"]]
        if nme != values["nme_common"]:
            values["nme_common"] = nme
            for decoded in unit.get("redecode", {}).values():
                if isinstance(decoded, dict) and "nme_common" in decoded:
                    decoded["nme_common"] = None  # their errors are not kept
    protocol["accuracy"] = {**about, "common": common}
