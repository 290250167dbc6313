"""From units to rows on where jitter comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flmcore.evaluation.summary import Face, over_images, same_faces

__all__ = ["cause_rows"]

Faces = Mapping[Face, Mapping[str, Any]]
_SWEEP = {
    "jitter": ("jitter",),
    "spread": ("spread",),
    "jitter_common": ("common", "jitter"),
    "spread_common": ("common", "spread"),
}


def cause_rows(
    units: Sequence[Mapping[str, Any]],
    detectors: Sequence[Mapping[str, Any]],
    sweeps: Sequence[str],
    *,
    seed: int,
) -> dict[str, list[dict[str, Any]]]:
    """``sweeps``, ``decoder_floor``, and ``redecode``, ``smoothing``, ``attribution`` where units have them.

    Means over images, over the same faces as the summary.
    """
    table, _ = same_faces(units, [str(row["name"]) for row in detectors])
    keys = ("sweeps", "decoder_floor", "redecode", "smoothing", "attribution")
    rows: dict[str, list[dict[str, Any]]] = {key: [] for key in keys}
    for detector in detectors:
        name = str(detector["name"])
        if not (faces := table[name]):
            continue
        rows["sweeps"] += [_sweep_row(name, sweep, faces, seed, alone=len(sweeps) == 1) for sweep in sweeps]
        rows["decoder_floor"] += _floor_row(name, faces, seed)
        rows["attribution"] += _attribution_row(name, faces, seed)
        for key, part in (("redecode", "decoder"), ("smoothing", "filter")):
            rows[key] += _rows_by_name(name, key, part, faces, seed)
    return {key: found for key, found in rows.items() if found}


def _sweep_row(name: str, sweep: str, faces: Faces, seed: int, *, alone: bool) -> dict[str, Any]:
    place: tuple[str, ...] = () if alone else ("sweeps", sweep)
    numbers = {key: over_images(faces, (*place, *path), seed) for key, path in _SWEEP.items()}
    curves = {face: _at(unit, (*place, "by_offset")) for face, unit in faces.items()}
    bins = max(len(curve or ()) for curve in curves.values())
    by_offset = [
        over_images({face: {"bin": curve[i]} for face, curve in curves.items() if curve}, ("bin",), seed)
        for i in range(bins)
    ]
    return {"detector": name, "sweep": sweep, **numbers, "by_offset": by_offset}


def _floor_row(name: str, faces: Faces, seed: int) -> list[dict[str, Any]]:
    floors = [unit["decoder_floor"] for unit in faces.values() if unit.get("decoder_floor")]
    if not floors:
        return []
    decoders = list(dict.fromkeys(key for floor in floors for key in floor["by_decoder"]))
    own = over_images(faces, ("decoder_floor", "own"), seed)
    return [
        {
            "detector": name,
            "own": own,
            "by_decoder": {
                key: over_images(faces, ("decoder_floor", "by_decoder", key), seed) for key in decoders
            },
            "reason": None if own is not None else floors[0]["reason"],
        }
    ]


def _rows_by_name(name: str, key: str, part: str, faces: Faces, seed: int) -> list[dict[str, Any]]:
    """A row per decoder or filter, each number with its interval; one with the reason where there is none."""
    found = [unit[key] for unit in faces.values() if key in unit]
    if not found:
        return []
    names = list(dict.fromkeys(one for values in found for one in values if one != "reason"))
    if not names:
        return [
            {"detector": name, part: None, "reason": found[0].get("reason", "no landmark was always there")}
        ]
    numbers = list(
        dict.fromkeys(number for values in found for one in names for number in values.get(one, {}))
    )
    return [
        {
            "detector": name,
            part: one,
            **{number: over_images(faces, (key, one, number), seed) for number in numbers},
            "reason": None,
        }
        for one in names
    ]


def _attribution_row(name: str, faces: Faces, seed: int) -> list[dict[str, Any]]:
    found = [unit["attribution"] for unit in faces.values() if "attribution" in unit]
    if not found:
        return []
    parts = ("boxes", "resampling", "decoder", "network", "rms_step")
    shares = {part: over_images(faces, ("attribution", part), seed) for part in parts}
    frames, missed = (sum(unit[key] for unit in found) for key in ("frames", "missed"))
    decoders = Counter(unit["best_decoder"] for unit in found if unit["best_decoder"] is not None)
    return [
        {
            "detector": name,
            **shares,
            "best_decoders": dict(sorted(decoders.items())),
            "frames": frames,
            "missed": missed,
            "missing": found[0]["missing"],
        }
    ]


def _at(unit: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = unit
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
