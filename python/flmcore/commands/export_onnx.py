"""``flmcore export onnx``: a PyTorch detector as an ONNX file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from flmcore.commands.console import say, whole
from flmcore.commands.export_options import add_export_options, open_detector, shared_arguments

if TYPE_CHECKING:
    from flmcore.export.onnx_export import OnnxExport

SUMMARY = "a PyTorch detector as an ONNX file"
EXAMPLES = """examples:
  flmcore export onnx -d rtmpose-t -o rtmpose-t.onnx                        SimCC vectors out, any batch
  flmcore export onnx -d fan4 --decode expectation -o fan4.onnx             landmarks in crop pixels out
  flmcore export onnx -d simulated-r18 --weights run7.safetensors --precision float16 -o r18.onnx
  flmcore export onnx -d my.toml --batch 1 --no-flip -o my.onnx

The model takes crops as float32 (N, 3, H, W), RGB, grey levels 0 to 255. It is run in onnxruntime beside the PyTorch
module before it is put in its place. OUT.onnx.toml beside it is a detector file named OUT:
'flmcore evaluate -d ORIGINAL -d OUT.onnx.toml' compares both. Needs pip install 'flmcore[export]'."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from flmcore.export.onnx_export import BATCHES, OPSETS, PRECISIONS

    add_export_options(parser, out="OUT.onnx", what="the file")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="float32",
        help="of the network; what surrounds it stays float32. float16 is slower on a CPU (default: float32)",
    )
    parser.add_argument("--beta", type=float, help="sharpness of the softmax of --decode expectation")
    parser.add_argument("--batch", choices=BATCHES, default="dynamic", help="of the model (default: dynamic)")
    parser.add_argument(
        "--opset", type=whole(OPSETS[0], OPSETS[-1]), default=OPSETS[0], help="operator set (default: 18)"
    )


def run(options: argparse.Namespace) -> int:
    """Convert, compare, write, say what was written and what is left to do."""
    from flmcore.export.onnx_export import export_onnx, prepare_onnx

    prepare_onnx(options.out, force=options.force)  # ahead of the weights, which may take a while to load
    detector = open_detector(options)
    done = export_onnx(
        detector,
        options.out,
        precision=options.precision,
        beta=options.beta,
        batch=options.batch,
        opset=options.opset,
        **shared_arguments(options),
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
