"""The command ``flmcore``."""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
from collections.abc import Sequence

from flmcore import __version__
from flmcore.commands import (
    compare,
    convert,
    demo,
    detect,
    detectors,
    device,
    evaluate,
    explain,
    export,
    figure,
    lists,
    mean_shape,
    merge,
    rate,
    report,
    simulate,
    train,
)
from flmcore.commands.console import EXIT_BAD_INPUT, EXIT_INTERRUPTED, warn
from flmcore.errors import FlmcoreError

__all__ = ["main"]

_COMMANDS = (
    ("demo", demo.add, demo.run, "compare two detectors on photographs that packages carry", demo.EXAMPLES),
    ("evaluate", evaluate.add, evaluate.run, "compare detectors on your images", evaluate.EXAMPLES),
    (
        "compare",
        compare.add,
        compare.run,
        "compare two runs, and fail a build that got worse",
        compare.EXAMPLES,
    ),
    ("merge", merge.add, merge.run, "runs of other detectors on the same images as one", merge.EXAMPLES),
    ("report", report.add, report.run, "table, CSV files and figures again, from results", report.EXAMPLES),
    ("figure", figure.add, figure.run, "one figure of results, for a paper", figure.EXAMPLES),
    ("rate", rate.add, rate.run, "ratings by eye, from the report page into results", rate.EXAMPLES),
    ("explain", explain.add, explain.run, "which protocols reproduce a published figure", explain.EXAMPLES),
    ("export", export.add, export.run, "a detector as a file for another program", export.EXAMPLES),
    ("device", device.add, device.run, "figures from phones and other devices", device.EXAMPLES),
    ("train", train.add, train.run, "train a landmark network on drawn or real faces", train.EXAMPLES),
    ("detect", detect.add, detect.run, "landmarks of one detector", detect.EXAMPLES),
    ("detectors", detectors.add, detectors.run, "list, show and check detectors", detectors.EXAMPLES),
    ("convert", convert.add, convert.run, "write a data set's landmarks in another format", convert.EXAMPLES),
    ("simulate", simulate.add, simulate.run, "draw faces with exact landmarks", simulate.EXAMPLES),
    ("schemes", mean_shape.add, lists.run_schemes, "list landmark schemes", lists.SCHEMES_EXAMPLES),
    (
        "info",
        lists.add_nothing,
        lists.run_info,
        "how flmcore was built and what it runs on",
        lists.INFO_EXAMPLES,
    ),
)
_EXAMPLES = """examples:
  flmcore demo
  flmcore evaluate photos/ -d dlib-68 -d mediapipe-468 -o out
  flmcore COMMAND --help"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "flmcore",
        description="Compare face-landmark detectors on jitter, stability and speed.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"flmcore {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, add, run, summary, examples in _COMMANDS:
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add(command)
        command.add_argument("--debug", action="store_true", help="show tracebacks")
        command.set_defaults(run=run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code. What the user can mend is one line on standard error, no traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, io.TextIOWrapper
        ):  # a console that lacks σ shows a ?, rather than failing on it
            stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    try:
        code = int(options.run(options))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (``flmcore … | head``): keep Python from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        warn("interrupted")
        return EXIT_INTERRUPTED
    except (FlmcoreError, ValueError, TypeError, OSError) as error:
        if options.debug:
            traceback.print_exc()
        else:
            warn(" ".join(str(error).split()))
        return EXIT_BAD_INPUT
    return code


if __name__ == "__main__":
    sys.exit(main())
