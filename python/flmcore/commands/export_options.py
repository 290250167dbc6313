"""What ``flmcore export coreml`` and ``export onnx`` share: the detector, its decoding, where the file goes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flmcore.detectors.base import Detector

__all__ = ["add_export_options", "open_detector", "shared_arguments"]


def add_export_options(parser: argparse.ArgumentParser, *, out: str, what: str) -> None:
    """Declare them; ``out`` stands for the file in the help, ``what`` says what it is."""
    from flmcore.export.decode_choice import DECODES

    parser.add_argument("-d", "--detector", required=True, metavar="DETECTOR", help="name or .toml file")
    parser.add_argument("-o", "--out", required=True, type=Path, metavar=out, help=what)
    parser.add_argument(
        "--weights", metavar="[NAME=]PATH", help="the detector's weights: a file, or a folder to look in"
    )
    parser.add_argument(
        "--mapping",
        metavar="FILE",
        help="label translation in place of the detector's own, or none; in the graph where decoding is, else a file beside it",
    )
    parser.add_argument(
        "--decode",
        choices=DECODES,
        default="none",
        help="what of the decoding is in the graph; config: the detector's own (default: none)",
    )
    parser.add_argument(
        "--no-flip",
        action="store_true",
        help="without the second pass on the mirrored crop, where there is one",
    )
    parser.add_argument(
        "--output-names", metavar="NAME,…", help="in place of heatmaps, simcc_x, simcc_y, landmarks, scores"
    )
    parser.add_argument("--force", action="store_true", help="replace what is there under this name")


def open_detector(options: argparse.Namespace) -> Detector:
    """The detector with the weights that were named."""
    from flmcore.commands.detect import weights_path
    from flmcore.detectors.load import find_config, load_detector

    config = find_config(options.detector)
    weights = weights_path(options.weights, config.name)
    return load_detector(config, weights=weights, mapping=options.mapping)


def shared_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """The options as the functions of :mod:`flmcore.export` take them."""
    names = options.output_names
    return {
        "decode": options.decode,
        "flip": not options.no_flip,
        "output_names": None if names is None else names.split(","),
        "force": options.force,
    }
