"""Which detectors' landmarks are translated, and by a mapping learnt from what."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["translation_notes"]


def translation_notes(results: Results) -> list[str]:
    """A line per detector whose landmarks go through a fitted mapping before anything is measured.

    On faces that the mapping was learnt from, its NME would be too good: the line says where it was learnt.
    """
    return [
        f"{row['name']}: landmarks translated by {row['mapping']['file']} ({row['mapping']['source']} → "
        f"{row['mapping']['target']}; {row['mapping']['origin']})."
        for row in results.detectors
        if row.get("mapping")
    ]
