"""What the table says of accuracy, and of which differences the images can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flmcore.report.mapping_notes import mapping_notes

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["BEST", "TIED", "accuracy_notes", "best_mark", "nme_of"]

BEST, TIED = "*", "≈"


def nme_of(row: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """The NME that the table shows, with its name: on the common landmarks where there are some, else the own ones."""
    for metric in ("nme_common", "nme"):
        value = row.get(metric)
        if value and value["mean"] is not None:
            return metric, value
    return None


def best_mark(results: Results, metric: str, detector: str) -> str:
    """``*`` for the best of a metric that was compared, ``≈`` for one that is not told apart from it."""
    for comparison in results.comparisons:
        if comparison["metric"] == metric and any(pair["p"] is not None for pair in comparison["pairs"]):
            for row in comparison["ranking"]:
                if row["detector"] == detector:
                    return BEST if row["best"] else TIED if row["tied_with_best"] else ""
    return ""


def accuracy_notes(results: Results) -> list[str]:
    """Protocol of the NME column, how far mapped landmarks are off, faces without a figure, and what the marks mean."""
    rows = [row for row in results.summary if row.get("accuracy") and row["faces"]]
    shown = _by_protocol(rows)
    return [*_protocols(shown), *mapping_notes(shown, results), *_missing(rows), *_marks(results)]


def _by_protocol(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Detectors by the protocol of the NME that the table shows of them."""
    names: dict[str, list[str]] = {}
    for row in rows:
        shown = nme_of(row)
        if shown is not None:
            key = "common_protocol" if shown[0] == "nme_common" else "protocol"
            names.setdefault(str(row["accuracy"][key]), []).append(row["detector"])
    return names


def _protocols(names: Mapping[str, list[str]]) -> list[str]:
    notes = [
        f"NME{'' if len(names) == 1 else ' of ' + ', '.join(detectors)}: {protocol}, at the undisturbed window."
        for protocol, detectors in names.items()
    ]
    if len(names) > 1:
        notes.append("! The NME column is over different landmarks: compare no two of its figures.")
    return notes


def _missing(rows: list[dict[str, Any]]) -> list[str]:
    return [
        f"! {row['detector']}: {count} of {row['accuracy']['faces']} faces without NME: {reason}."
        for row in rows
        for reason, count in row["accuracy"]["without_figure"].items()
    ]


def _marks(results: Results) -> list[str]:
    tested = [
        sum(pair["p"] is not None for pair in comparison["pairs"]) for comparison in results.comparisons
    ]
    if not any(tested):
        return []
    count = max(tested)
    test = f"sign-flip test of paired differences over images, 5 % after Holm's correction over {count}"
    return [f"{BEST} best, {TIED} not told apart from it: {test} pair{'s' * (count != 1)}."]
