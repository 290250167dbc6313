"""What Core ML's compute plan says of where operations will run: estimates, kept apart from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from flmcore.device.title import title_of
from flmcore.report.section import Section

__all__ = ["plan_cells", "plan_section"]

UNITS = ("NE", "GPU", "CPU")
Plan = Sequence[Mapping[str, Any]]


def plan_section(devices: Sequence[Mapping[str, Any]]) -> Section | None:
    """A row per device, compute units and detector that has a plan; None where none has."""
    rows = []
    for device in devices:
        for figure in device["figures"]:
            plan = figure.get("plan")
            if plan:
                asked = f"{title_of(device)}, {figure['compute_units']}"
                rows.append([figure["detector"], asked, *plan_cells(plan)])
    if not rows:
        return None
    title = "Estimated by Core ML's compute plan, not measured: Neural Engine / GPU / CPU"
    notes = [
        "Switches: how often the preferred unit changes from one operation to the next; each costs a copy."
    ]
    return Section(title, ["detector", "device", "operations", "cost %", "switches"], rows, notes)


def plan_cells(plan: Plan) -> list[str]:
    """Operations by unit, shares of the cost by unit in per cent, and switches."""
    counts = [sum(row.get("unit") == unit for row in plan) for unit in UNITS]
    shares = _shares(plan)
    cost = "–" if shares is None else "/".join(f"{100 * shares[unit]:.0f}" for unit in UNITS)
    return ["/".join(map(str, counts)), cost, str(_switches(plan))]


def _shares(plan: Plan) -> dict[str, float] | None:
    """Share of the estimated cost by unit; None where the plan gives no costs. What has no unit is in none of them."""
    known = [row for row in plan if "share" in row]
    total = sum(row["share"] for row in known)
    if not total:
        return None
    return {unit: sum(row["share"] for row in known if row.get("unit") == unit) / total for unit in UNITS}


def _switches(plan: Plan) -> int:
    """How often the preferred unit changes along the program; operations without one (constants) are passed over."""
    units = [row["unit"] for row in plan if row.get("unit")]
    return sum(first != second for first, second in pairwise(units))
