"""What the page says of detectors, protocol, and what could not be measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flmcore.report.footnotes import footnotes, no_commercial_use

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["detector_rows", "problem_rows", "protocol_of"]


def detector_rows(results: Results) -> list[dict[str, Any]]:
    """Per detector what is no number: scheme, licence, whether commercial use is allowed, portability."""
    about = {row["name"]: row for row in results.detectors}
    estimates = results.data.get("portability", {})
    rows = []
    for row in results.summary:
        name = str(row["detector"])
        source = about.get(name, {}).get("config", {}).get("source", {})
        rows.append(
            {
                "name": name,
                "scheme": row["scheme"],
                "landmarks": row["landmarks"],
                "licence": row["licence"],
                "commercial": _commercial(str(row["licence"]), source),
                "faces": row["faces"],
                "images": row["images"],
                "portability": estimates.get(name),
            }
        )
    return rows


def _commercial(licence: str, source: Mapping[str, Any]) -> str:
    """``yes``, ``no`` or ``unknown``: what the detector's file says, else a no that its licence says."""
    stated = source.get("commercial", "unknown")
    if stated == "unknown" and no_commercial_use(licence):
        return "no"
    return str(stated) if stated in ("yes", "no") else "unknown"


def protocol_of(results: Results) -> dict[str, Any]:
    """``sweep``, ``common``, and the footnotes of the table; those that warn begin with an exclamation mark."""
    protocol = results.protocol
    return {
        "sweep": protocol["sweep"]["name"],
        "frames": protocol["sweep"]["frames"],
        "common": protocol["common_scheme"],
        "complete": results.complete,
        "images": max((row["images"] for row in results.summary), default=0),
        "notes": footnotes(results),
        "machine": results.data["timing"].get("environment", {}).get("processor"),
    }


def problem_rows(results: Results) -> list[dict[str, Any]]:
    """What was not measured, and what should be known of the rest."""
    keys = ("image", "face", "detector", "note", "reason")
    return [{key: row[key] for key in keys} for row in results.problems]
