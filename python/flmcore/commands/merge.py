"""``flmcore merge``: runs of other detectors on the same images as one run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

EXAMPLES = """examples:
  flmcore merge monday/ tuesday/ -o both               one table, tests and ranks over the detectors of both
  flmcore merge a/ b/ c/ -o all --no-figures
  flmcore merge old/ new/ -o both --rename 2:ours=ours-v2    the second run's 'ours' under another name

The runs must have the same images, faces, boxes, sweep, seed and normaliser; what differs is named. Latencies stand in
one column only where all runs are of one machine. OUT gets what 'flmcore evaluate' writes.
Exit code: 0 merged, 2 bad input or runs that do not fit together."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="results.json, or the folder it is in; two or more"
    )
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="OUT", help="folder for the results")
    parser.add_argument(
        "--rename",
        action="append",
        default=[],
        metavar="N:OLD=NEW",
        help="another name for a detector of the N-th run, counted from 1; repeat for several",
    )
    parser.add_argument("--no-figures", action="store_true", help="do not draw figures")


def run(options: argparse.Namespace) -> int:
    """Merge, write, show."""
    from flmcore.commands.evaluate import show
    from flmcore.evaluation.results import Results
    from flmcore.evaluation.store import prepare_folder

    rename = _rename(options.rename)
    _check_out(options.out, options.runs)
    results = Results.merge(options.runs, rename=rename)
    prepare_folder(options.out)
    results.write(options.out)
    return show(results, options.out, figures=not options.no_figures)


def _rename(given: Sequence[str]) -> dict[tuple[int, str], str]:
    table: dict[tuple[int, str], str] = {}
    for text in given:
        number, colon, names = text.partition(":")
        old, equals, new = names.partition("=")
        if not (number.isdecimal() and colon and old and equals and new):
            msg = f"--rename: expected N:OLD=NEW such as 2:ours=ours-v2, got {text!r}"
            raise ValueError(msg)
        if (place := (int(number) - 1, old)) in table:
            msg = f"--rename: expected one name for {number}:{old}, got {table[place]} and {new}"
            raise ValueError(msg)
        table[place] = new
    return table


def _check_out(out: Path, runs: Sequence[str]) -> None:
    """A run is not replaced by the merged one."""
    for name in runs:
        path = Path(name)
        folder = path if path.is_dir() else path.parent
        if folder.resolve() == out.resolve():
            msg = f"--out: expected another folder than those of the runs, got {out}"
            raise ValueError(msg)
