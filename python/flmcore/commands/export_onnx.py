"""``flmcore export onnx``: a PyTorch detector as an ONNX file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.commands.console import say, whole

if TYPE_CHECKING:
    from flmcore.export.onnx_export import OnnxExport

EXAMPLES = """examples:
  flmcore export onnx -d rtmpose-t -o rtmpose-t.onnx                        SimCC vectors out, any batch
  flmcore export onnx -d fan4 --decode expectation -o fan4.onnx             landmarks in crop pixels out
  flmcore export onnx -d simulated-r18 --weights run7.safetensors --precision float16 -o r18.onnx
  flmcore export onnx -d my.toml --batch 1 --no-flip -o my.onnx

The model takes crops as float32 (N, 3, H, W), RGB, grey levels 0 to 255. It is run in onnxruntime beside the PyTorch
module before it is put in its place. OUT.toml beside it is a detector file: 'flmcore evaluate -d OUT.toml' compares it with
the original. Needs pip install 'flmcore[export]'."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from flmcore.export.decode_choice import DECODES
    from flmcore.export.onnx_export import BATCHES, OPSETS, PRECISIONS

    parser.add_argument("-d", "--detector", required=True, metavar="DETECTOR", help="name or .toml file")
    parser.add_argument("-o", "--out", required=True, type=Path, metavar="OUT.onnx", help="the file")
    parser.add_argument(
        "--weights", metavar="[NAME=]PATH", help="the detector's weights: a file, or a folder to look in"
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="float32",
        help="of the network; what surrounds it stays float32. float16 is slower on a CPU (default: float32)",
    )
    parser.add_argument(
        "--decode",
        choices=DECODES,
        default="none",
        help="what of the decoding is in the graph; config: the detector's own (default: none)",
    )
    parser.add_argument("--beta", type=float, help="sharpness of the softmax of --decode expectation")
    parser.add_argument(
        "--no-flip",
        action="store_true",
        help="without the second pass on the mirrored crop, where there is one",
    )
    parser.add_argument("--batch", choices=BATCHES, default="dynamic", help="of the model (default: dynamic)")
    parser.add_argument(
        "--opset", type=whole(OPSETS[0], OPSETS[-1]), default=OPSETS[0], help="operator set (default: 18)"
    )
    parser.add_argument(
        "--output-names", metavar="NAME,…", help="in place of heatmaps, simcc_x, simcc_y, landmarks, scores"
    )
    parser.add_argument("--force", action="store_true", help="replace files that are there")


def run(options: argparse.Namespace) -> int:
    """Convert, compare, write, say what was written and what is left to do."""
    from flmcore.commands.detect import weights_path
    from flmcore.detectors.load import find_config, load_detector
    from flmcore.export.onnx_export import export_onnx, prepare_onnx

    prepare_onnx(options.out, force=options.force)  # ahead of the weights, which may take a while to load
    config = find_config(options.detector)
    detector = load_detector(config, weights=weights_path(options.weights, config.name))
    done = export_onnx(
        detector,
        options.out,
        precision=options.precision,
        decode=options.decode,
        flip=not options.no_flip,
        beta=options.beta,
        batch=options.batch,
        opset=options.opset,
        output_names=None if options.output_names is None else options.output_names.split(","),
        force=options.force,
    )
    _tell(done)
    return 0


def _tell(done: OnnxExport) -> None:
    total = sum(done.operations.values())
    say(f"{done.path}: {done.bytes / 1e6:.1f} MB, {total} operations, {done.seconds:.0f} s")
    for name, shape in done.outputs.items():
        say(f"  output {name}: {'×'.join(map(str, shape))}")
    far = done.difference
    jumps = f", {far.jumped} of {far.landmarks} landmarks in another cell" if far.jumped else ""
    say(f"  onnxruntime beside PyTorch: {far.pixels:.2g} crop pixels at most{jumps}")
    say("  left to the app:")
    for number, duty in enumerate(done.duties, 1):
        say(f"    {number}. {duty}")
    say(f"{done.config}: detector file, to compare the file with {done.name}")
