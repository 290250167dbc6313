"""``flmcore export``: a detector as a file for another program, and what to expect of it there."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from flmcore.commands import export_coreml

Add = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], int]

# name, arguments, function that runs, summary, examples: one line each
_KINDS: tuple[tuple[str, Add, Run, str, str], ...] = (
    (
        "coreml",
        export_coreml.add,
        export_coreml.run,
        "a PyTorch detector as a Core ML package",
        export_coreml.EXAMPLES,
    ),
)

EXAMPLES = """examples:
  flmcore export coreml -d rtmpose-t -o rtmpose-t.mlpackage
  flmcore export KIND --help"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of every kind of export."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    for name, add_arguments, run_kind, summary, examples in _KINDS:
        kind = kinds.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_arguments(kind)
        kind.set_defaults(run_kind=run_kind)


def run(options: argparse.Namespace) -> int:
    """Run the kind of export that was named."""
    return int(options.run_kind(options))
