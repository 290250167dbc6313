"""``flmcore export coreml``: a PyTorch detector as a Core ML package."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flmcore.commands.console import progress_bar, say, warn
from flmcore.commands.export_options import add_export_options, open_detector, shared_arguments

if TYPE_CHECKING:
    from flmcore.detectors.backends.coreml_tools import Shown
    from flmcore.export.coreml import CoremlExport

SUMMARY = "a PyTorch detector as a Core ML package"
EXAMPLES = """examples:
  flmcore export coreml -d rtmpose-t -o rtmpose-t.mlpackage                   float16, a picture in, SimCC vectors out
  flmcore export coreml -d fan4 --decode expectation -o fan4.mlpackage        landmarks in crop pixels out
  flmcore export coreml -d slpt-6 --compress palettize-6 --target iOS17 -o slpt.mlpackage
  flmcore export coreml -d my.toml --precision float32 --input array -o my.mlpackage

OUT.mlpackage.toml beside it is a detector file: 'flmcore evaluate -d OUT.mlpackage.toml' runs the package on macOS.
Needs PyTorch and coremltools, which Linux and macOS have: pip install 'flmcore[coreml,torch]'."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from flmcore.export.compression import COMPRESSIONS
    from flmcore.export.coreml import INPUTS
    from flmcore.export.coreml_convert import PRECISIONS, TARGETS

    add_export_options(parser, out="OUT.mlpackage", what="the package, a folder")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="float16",
        help="of weights and activations (default: float16)",
    )
    parser.add_argument(
        "--compress", choices=COMPRESSIONS, default="none", help="the weights (default: none)"
    )
    parser.add_argument(
        "--target", choices=TARGETS, default="iOS16", help="oldest system to run it (default: iOS16)"
    )
    parser.add_argument(
        "--input", choices=INPUTS, default="image", help="a picture, or float32 grey levels (default: image)"
    )


def run(options: argparse.Namespace) -> int:
    """Convert, write, say what was written and what is left to do."""
    from flmcore.export.coreml import export_coreml, prepare_export
    from flmcore.export.verify import verify_package

    prepare_export(options.out, force=options.force)  # ahead of the weights, which may take a while to load
    detector = open_detector(options)
    with _progress() as shown:
        done = export_coreml(
            detector,
            options.out,
            precision=options.precision,
            compression=options.compress,
            target=options.target,
            input_kind=options.input,
            **shared_arguments(options),
            shown=shown,
        )
    _tell(done)
    checked = verify_package(done.path, detector.backend.module)  # type: ignore[attr-defined]
    (say if checked.ok else warn)(checked.summary())
    return 0


@contextmanager
def _progress() -> Iterator[Shown | None]:
    """The terminal's bar, filled anew by each of coremltools' steps: how long they take together is not known."""
    from flmcore.evaluation.run import Progress

    with progress_bar() as bar:
        if bar is None:
            yield None
            return
        yield lambda doing, share: bar(Progress(round(100 * share), 100, doing))


def _tell(done: CoremlExport) -> None:
    kinds = done.operations.most_common(6)
    named = ", ".join(f"{count} {kind}" for kind, count in kinds)
    rest = sum(done.operations.values()) - sum(count for _, count in kinds)
    say(
        f"{done.path}: {done.bytes / 1e6:.1f} MB, {sum(done.operations.values())} operations, {done.seconds:.0f} s"
    )
    say(f"  operations: {named}{f', {rest} others' if rest else ''}")
    for name, shape in done.outputs.items():
        say(f"  output {name}: {'×'.join(map(str, shape))}")
    say("  left to the app:")
    for number, duty in enumerate(done.duties, 1):
        say(f"    {number}. {duty}")
    say(f"{done.config}: detector file, to compare the package with {done.name} on macOS")
    for line in done.warnings:
        warn(f"coremltools: {line}")
