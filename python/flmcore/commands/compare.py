"""``flmcore compare``: two runs side by side, and the gate of a build."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.commands.console import named_values, say, terminal, warn, whole

if TYPE_CHECKING:
    from flmcore.evaluation.comparison import Comparison

EXAMPLES = """examples:
  flmcore compare old/ new/                                 what changed, with paired intervals
  flmcore compare old/results.json new/results.json -o comparison.json
  flmcore compare old/ new/ --metric jitter --metric spread -d dlib-68
  flmcore compare baseline.json out/ --fail-on-regression   in a build: exit code 1 where the new run is worse
  flmcore compare baseline.json out/ --fail-on-regression --tolerance jitter=5% --tolerance latency=20%

Detectors are matched by name, images by name and sha256. A tolerance is a share of the old mean (5%) or an amount in the
metric's unit (0.05); by default 1%, for gain 0.01, for latency 10%. Verdicts are corrected over all numbers
shown, the gate over those that can fail it (Holm). docs/ci.md shows a build.
Exit code: 0 compared, or the gate passed; 1 the gate found a regression; 2 bad input, or the gate cannot judge (other
protocol, too few images). Latency is judged only between runs on the same machine."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("old", metavar="OLD", type=Path, help="results.json of the first run, or its folder")
    parser.add_argument("new", metavar="NEW", type=Path, help="the same of the second")
    parser.add_argument("-o", "--out", metavar="FILE", type=Path, help="write the comparison as JSON")
    parser.add_argument(
        "--metric",
        action="append",
        metavar="NAME",
        help="jitter, spread, latency, any key of a summary; repeat for several (default: those of the table)",
    )
    parser.add_argument(
        "-d", "--detector", action="append", metavar="NAME", help="only this one; repeat for several"
    )
    parser.add_argument(
        "--tolerance",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="how much worse is still not worse: jitter=5%%, jitter=0.05; repeat for several",
    )
    parser.add_argument("--seed", type=whole(0), default=0, help="of the bootstrap (default: 0)")
    parser.add_argument(
        "--fail-on-regression",
        action="store_true",
        help="exit with 1 where jitter, NME or latency (or each --metric) are worse beyond tolerance and interval",
    )
    parser.add_argument(
        "--any-protocol", action="store_true", help="judge even runs that were measured in different ways"
    )


def run(options: argparse.Namespace) -> int:
    """Compare, print, write, judge."""
    from flmcore.evaluation.comparison import compare

    comparison = compare(
        options.old,
        options.new,
        metrics=options.metric,
        tolerance=named_values("--tolerance", options.tolerance, "NAME=VALUE such as jitter=5%", "tolerance"),
        detectors=options.detector,
        seed=options.seed,
    )
    if options.out is not None:
        comparison.to_json(options.out)
    show(comparison)
    if any(comparison.data[side]["clips"] for side in ("old", "new")):
        warn("still images alone were compared: figures of clips are not judged between runs")
    return _gate(comparison, options) if options.fail_on_regression else 0


def show(comparison: Comparison) -> None:
    """The table on standard output."""
    from flmcore.report.comparison import build

    console = terminal()
    if console.is_terminal:
        console.print(build(comparison, width=console.width))
    else:
        say(comparison.table(console.width))


def _gate(comparison: Comparison, options: argparse.Namespace) -> int:
    """The judgement: what is wrong on standard error, one line each; the exit code."""
    from flmcore.evaluation.gate import judge

    judgement = judge(comparison, options.metric, any_protocol=options.any_protocol)
    sys.stdout.flush()  # in a build's log the judgement stands below the table
    for line in judgement.lines():
        warn(line)
    if judgement.passed:
        say("\nThe gate passed: nothing is worse beyond tolerance and interval.")
    return judgement.exit_code
