"""The verdict beside the figures of an evaluation."""

from __future__ import annotations

from pathlib import Path

from flmcore.errors import ResultsError
from flmcore.evaluation.reading import read_record, results_file
from flmcore.evaluation.store import dump_json, write_bytes
from flmcore.export.portability.report import PortabilityReport
from flmcore.nearest import nearest

__all__ = ["add_to_results"]


def add_to_results(report: PortabilityReport, results: Path) -> None:
    """Put the verdict into ``results.json``, in place of an earlier one; the rest of the file stays as it is.

    Raises:
        ResultsError: the file cannot be read or written, or has no detector of the report's name.
    """
    file = results_file(results)
    record = read_record(file)
    names = [row["name"] for row in record["detectors"]]
    if report.name not in names:
        known = ", ".join(names)
        msg = f"{file}: expected a detector {report.name}, got {known}{nearest(report.name, names)}"
        raise ResultsError(msg)
    verdicts = record.setdefault("portability", {}) | {report.name: report.short()}
    record["portability"] = {name: verdicts[name] for name in names if name in verdicts}
    write_bytes(file, dump_json(record))
