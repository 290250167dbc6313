"""``flmcore export coreml``: a PyTorch detector as a Core ML package."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.commands.console import progress_bar, say, warn

if TYPE_CHECKING:
    from flmcore.detectors.backends.coreml_tools import Shown
    from flmcore.export.coreml import CoremlExport

EXAMPLES = """examples:
  flmcore export coreml -d rtmpose-t -o rtmpose-t.mlpackage                   float16, a picture in, SimCC vectors out
  flmcore export coreml -d fan4 --decode expectation -o fan4.mlpackage        landmarks in crop pixels out
  flmcore export coreml -d slpt-6 --compress palettize-6 --target iOS17 -o slpt.mlpackage
  flmcore export coreml -d my.toml --precision float32 --input array -o my.mlpackage

OUT.toml beside the package is a detector file: 'flmcore evaluate -d OUT.toml' runs the package on macOS. Needs PyTorch and
coremltools, which Linux and macOS have: pip install 'flmcore[coreml,torch]'."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from flmcore.export.compression import COMPRESSIONS
    from flmcore.export.coreml import INPUTS
    from flmcore.export.coreml_convert import PRECISIONS, TARGETS

    parser.add_argument("-d", "--detector", required=True, metavar="DETECTOR", help="name or .toml file")
    parser.add_argument(
        "-o", "--out", required=True, type=Path, metavar="OUT.mlpackage", help="the package, a folder"
    )
    parser.add_argument(
        "--weights", metavar="[NAME=]PATH", help="the detector's weights: a file, or a folder to look in"
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="float16",
        help="of weights and activations (default: float16)",
    )
    parser.add_argument(
        "--decode",
        choices=("none", "argmax", "expectation", "config"),
        default="none",
        help="what of the decoding is in the program; config: the detector's own (default: none)",
    )
    parser.add_argument(
        "--no-flip",
        action="store_true",
        help="without the second pass on the mirrored crop, where there is one",
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
    parser.add_argument(
        "--output-names", metavar="NAME,…", help="in place of heatmaps, simcc_x, simcc_y, landmarks, scores"
    )
    parser.add_argument("--force", action="store_true", help="replace a package that is there")


def run(options: argparse.Namespace) -> int:
    """Convert, write, say what was written and what is left to do."""
    from flmcore.commands.detect import weights_path
    from flmcore.detectors.load import find_config, load_detector
    from flmcore.export.coreml import export_coreml, prepare_export

    prepare_export(options.out, force=options.force)  # ahead of the weights, which may take a while to load
    config = find_config(options.detector)
    detector = load_detector(config, weights=weights_path(options.weights, config.name))
    with _progress() as shown:
        done = export_coreml(
            detector,
            options.out,
            precision=options.precision,
            decode=options.decode,
            flip=not options.no_flip,
            compression=options.compress,
            target=options.target,
            input_kind=options.input,
            output_names=None if options.output_names is None else options.output_names.split(","),
            force=options.force,
            shown=shown,
        )
    _tell(done)
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
