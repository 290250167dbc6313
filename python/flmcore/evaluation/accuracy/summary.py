"""The accuracy of one detector over all images: figures with their protocol, intervals, parts and slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flmcore.evaluation.accuracy.figures import figure, image_values, kept_errors
from flmcore.evaluation.accuracy.protocol import Points, Protocol
from flmcore.evaluation.statistics import bootstrap_mean
from flmcore.schemes import get

__all__ = ["ALPHAS", "summarise_accuracy"]

ALPHAS = (0.08, 0.1)  # of 300-W and of WFLW
_SLICES = 40  # values of an attribute; with more it is a number or a name, not a slice


def summarise_accuracy(
    units: Sequence[Mapping[str, Any]], points: str | None, common: str | None, normaliser: str, seed: int
) -> dict[str, Any] | None:
    """What a detector's row of the summary says of accuracy; None where no unit was compared with truth.

    Args:
        units: of this detector, those that the table is over.
        points: landmarks of its own figure.
        common: landmarks on which all detectors are compared.
        normaliser: of the figures.
        seed: of the bootstrap.
    """
    compared = [unit for unit in units if unit.get("accuracy")]
    if not compared:
        return None
    missing = Counter(
        unit["accuracy"]["reason"] for unit in compared if unit["accuracy"].get("reason") is not None
    )
    row: dict[str, Any] = {"faces": len(compared), "without_figure": dict(sorted(missing.items()))}
    if points is None:
        return row | {"protocol": None, "figures": []}
    place = Points(points)
    protocol = Protocol("nme", normaliser, place)
    sets = [kept for unit in compared if (kept := kept_errors(unit, place)) is not None]
    row |= {
        "protocol": str(protocol),
        "common_protocol": None if common is None else str(Protocol("nme", normaliser, Points(common))),
        "left_out": sum(kept["left_out"] for kept in sets),
        "grades": sets[0]["grades"] if sets else {},
        "figures": [_interval(compared, other, seed) for other in _protocols(protocol)],
        "per_landmark": _per_landmark(compared, protocol),
        "per_group": _per_group(compared, protocol),
        "slices": _slices(compared, protocol, seed),
    }
    return row


def _protocols(nme: Protocol) -> list[Protocol]:
    shapes = [("failure", None), ("auc", "closed")]
    return [
        nme,
        *(
            Protocol(name, nme.normaliser, nme.points, "images", alpha, rule)
            for alpha in ALPHAS
            for name, rule in shapes
        ),
    ]


def _interval(units: Sequence[Mapping[str, Any]], protocol: Protocol, seed: int) -> dict[str, Any]:
    values = list(image_values(units, protocol).values())
    return {"protocol": str(protocol), **bootstrap_mean(values, seed=seed).to_dict()}


def _per_landmark(units: Sequence[Mapping[str, Any]], protocol: Protocol) -> list[float | None]:
    """Mean over faces of each landmark's error in per cent."""
    rows = []
    for unit in units:
        kept = kept_errors(unit, protocol.points)
        pixels = unit["accuracy"]["normaliser_px"].get(protocol.normaliser)
        if kept is not None and pixels:
            rows.append([None if error is None else 100 * error / pixels for error in kept["error_px"]])
    columns = [[value for value in column if value is not None] for column in zip(*rows, strict=True)]
    return [float(f"{sum(column) / len(column):.6g}") if column else None for column in columns]


def _per_group(units: Sequence[Mapping[str, Any]], protocol: Protocol) -> dict[str, float | None]:
    groups = get(protocol.points.scheme).groups
    return {
        name: figure(units, Protocol("nme", protocol.normaliser, Points(protocol.points.scheme, name)))
        for name in groups
    }


def _slices(
    units: Sequence[Mapping[str, Any]], protocol: Protocol, seed: int
) -> dict[str, dict[str, dict[str, Any]]]:
    """NME by attribute and value, where the truth says more of its faces than landmarks."""
    names = dict.fromkeys(name for unit in units for name in unit["accuracy"]["attributes"])
    slices: dict[str, dict[str, dict[str, Any]]] = {}
    for name in names:
        values = sorted({str(unit["accuracy"]["attributes"].get(name)) for unit in units})
        if len(values) > _SLICES:
            continue
        slices[name] = {
            value: _interval(
                [unit for unit in units if str(unit["accuracy"]["attributes"].get(name)) == value],
                protocol,
                seed,
            )
            for value in values
        }
    return slices
