"""``flmcore export``: a detector as a file for another program, and what to expect of it there."""

from __future__ import annotations

import argparse
from typing import Protocol

from flmcore.commands import export_coreml, export_drift, export_onnx, export_portability


class _Kind(Protocol):
    """What the module of a kind offers."""

    SUMMARY: str
    EXAMPLES: str

    def add(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, options: argparse.Namespace) -> int: ...


_KINDS: dict[str, _Kind] = {
    "coreml": export_coreml,
    "onnx": export_onnx,
    "drift": export_drift,
    "portability": export_portability,
}

EXAMPLES = """examples:
  flmcore export coreml -d rtmpose-t -o rtmpose-t.mlpackage
  flmcore export onnx -d fan4 --decode expectation -o fan4.onnx
  flmcore export drift photos/ -d rtmpose-t       what float16 costs, in pixels and in jitter
  flmcore export portability fan4                 what of it is likely to leave the Neural Engine
  flmcore export KIND --help"""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of every kind of export."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    for name, module in _KINDS.items():
        kind = kinds.add_parser(
            name,
            help=module.SUMMARY,
            description=f"{module.SUMMARY[0].upper()}{module.SUMMARY[1:]}.",
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add(kind)
        kind.add_argument("--debug", action="store_true", help="show tracebacks")
        kind.set_defaults(run_kind=module.run)


def run(options: argparse.Namespace) -> int:
    """Run the kind of export that was named."""
    return int(options.run_kind(options))
