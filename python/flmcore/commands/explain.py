"""``flmcore explain``: which protocols reproduce a published figure."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from flmcore.commands.console import EXIT_NOTHING, say, terminal, whole

if TYPE_CHECKING:
    from flmcore.evaluation.accuracy.explain import Explanation

EXAMPLES = """examples:
  flmcore explain --nme 4.05 out                          of a folder or results.json with truth
  flmcore explain --nme 3.32 --detector hrnet-w18 out
  flmcore explain --auc 0.573 --alpha 0.08 out
  flmcore explain --protocol auc/interocular/300w-68/0.08/closed out

Exit code: 0 a protocol reproduces the figure to its last digit, 1 none does, 2 bad input."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("results", type=Path, metavar="RESULTS", help="results.json, or the folder it is in")
    figure = parser.add_mutually_exclusive_group(required=True)
    figure.add_argument(
        "--nme", metavar="X", help="published NME in per cent, with the digits that were printed"
    )
    figure.add_argument(
        "--auc", metavar="X", help="published area under the CED; up to 1 it is taken as a share"
    )
    figure.add_argument("--failure", metavar="X", help="published failure rate in per cent")
    figure.add_argument("--protocol", metavar="ID", help="the figure of this protocol, for each detector")
    parser.add_argument("-d", "--detector", metavar="NAME", help="look at this detector only")
    parser.add_argument(
        "--alpha",
        action="append",
        type=float,
        metavar="SHARE",
        help="threshold to try, such as 0.08; repeat for several (default: 0.05, 0.07, 0.08, 0.1)",
    )
    parser.add_argument("--rows", type=whole(1), default=10, metavar="N", help="rows to show (default: 10)")


def run(options: argparse.Namespace) -> int:
    """Print the protocols; the exit code says whether one reproduces the figure."""
    from flmcore.evaluation.accuracy.explain import PUBLISHED_ALPHAS, explain
    from flmcore.evaluation.results import Results

    path = options.results / "results.json" if options.results.is_dir() else options.results
    units = Results.from_json(path).units
    if options.protocol is not None:
        return _one_protocol(units, options.protocol, options.detector)
    kind = next(kind for kind in ("nme", "auc", "failure") if getattr(options, kind) is not None)
    published = getattr(options, kind)
    rows = explain(
        units, published, kind=kind, detector=options.detector, alphas=options.alpha or PUBLISHED_ALPHAS
    )
    found, nearly = ([row for row in rows if getattr(row, name)] for name in ("explains", "nearly"))
    if not rows:
        say(f"No protocol gives a figure for {kind} here.")
        return EXIT_NOTHING
    if found:
        say(
            f"{kind} {published}: reproduced by {len(found)} of {len(rows)} different figures, nearest first."
        )
    elif nearly:
        say(
            f"{kind} {published}: reproduced by no protocol. Within one unit of its last digit, as the mean of figures "
            f"that were rounded before may be:"
        )
    else:
        say(f"{kind} {published}: reproduced by no protocol. The nearest of {len(rows)} different figures:")
    _print((found or nearly or rows)[: options.rows])
    if len(found) > options.rows:
        say(f"{len(found) - options.rows} more: --rows")
    return 0 if found else EXIT_NOTHING


def _print(rows: Sequence[Explanation]) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, header_style="bold")
    for name in ("detector", "figure %", "off by", "faces", "protocol"):
        side = "right" if name in ("figure %", "off by", "faces") else "left"
        table.add_column(name, justify=side, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        same = "".join(f"\n  = {protocol}" for protocol in row.same)
        cells = (row.detector, f"{row.value:.4f}", f"{row.difference:+.4f}", str(row.faces))
        table.add_row(*map(Text, (*cells, f"{row.protocol}{same}")))
    terminal().print(table)


def _one_protocol(units: Sequence[dict[str, object]], text: str, detector: str | None) -> int:
    from flmcore.evaluation.accuracy.figures import figure
    from flmcore.evaluation.accuracy.protocol import Protocol
    from flmcore.evaluation.summary import same_faces

    protocol = Protocol.parse(text)
    names = list(dict.fromkeys(str(unit["detector"]) for unit in units))
    shared, _ = same_faces(units, names)
    some = False
    for name in names:
        if detector in (None, name):
            own = [unit for unit in units if unit["detector"] == name]
            value = figure(own if protocol.measured else list(shared[name].values()), protocol)
            some = some or value is not None
            say(f"{name:<24} {'–' if value is None else f'{value:.4f}'}")
    return 0 if some else EXIT_NOTHING
