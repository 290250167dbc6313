"""Times of runs that become one: in one column only where they are of one machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flmcore.evaluation.differences import machine_of

__all__ = ["merged_timing"]

_OTHER = "the merged runs were measured on different machines"


def merged_timing(
    records: Sequence[Mapping[str, Any]], renamed: Sequence[Mapping[str, str]]
) -> tuple[dict[str, Any], list[str]]:
    """``timing`` of the merged run, and what is to be known of it.

    ``merged`` holds a row per run with its own environment and latencies. These are in ``speed`` too where every run
    says the same processor, system and number of processors; else no detector has one there, and the reason instead.
    """
    rows = [row for record, table in zip(records, renamed, strict=True) for row in _origins(record, table)]
    speed = {name: times for record in records for name, times in record["timing"]["speed"].items()}
    environments = [row["environment"] for row in rows]
    machines = {repr(machine_of(environment)) for environment in environments}
    notes = []
    if len(machines) == 1:
        environment = environments[0]
    else:
        names = dict.fromkeys(str(one["processor"]) for one in environments)
        environment = {"processor": f"{len(machines)} machines: {'; '.join(names)}"}
        if any("total" in times for times in speed.values()):
            notes.append(f"latency is left out: {_OTHER}; each run's own is in timing.merged")
        speed = {name: {"problem": _OTHER} if times else {} for name, times in speed.items()}
    started = [row["started"] for row in rows if row.get("started")]
    timing: dict[str, Any] = {"seconds": round(sum(row.get("seconds") or 0 for row in rows), 3)}
    if started:
        timing["started"] = min(started)
    return timing | {"environment": environment, "speed": speed, "merged": rows}, notes


def _origins(record: Mapping[str, Any], table: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row for the run; for one that was merged before, the rows that it has, under the new names."""
    timing = record["timing"]
    if "merged" in timing:
        return [
            {
                **row,
                "detectors": [table.get(name, name) for name in row["detectors"]],
                "speed": {table.get(name, name): times for name, times in row["speed"].items()},
            }
            for row in timing["merged"]
        ]
    row: dict[str, Any] = {"version": record["version"], "detectors": list(table.values())}
    row |= {key: timing[key] for key in ("started", "seconds") if key in timing}
    return [row | {"environment": timing["environment"], "speed": timing["speed"]}]
