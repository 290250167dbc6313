"""The options that say where face boxes come from."""

from __future__ import annotations

import argparse
from typing import Any

__all__ = ["add_box_options", "box_arguments"]


def add_box_options(parser: argparse.ArgumentParser) -> None:
    """Declare ``--boxes``, ``--box-kind``, ``--truth`` and ``--truth-scheme``."""
    parser.add_argument(
        "--boxes",
        metavar="SOURCE",
        help='face boxes: a file, JSON {"a.jpg": [[x0, y0, x1, y1]]} or CSV image,x0,y0,x1,y1; or a face finder: dlib, '
        "blazeface, mediapipe, slim320, openseeface (default: dlib); or truth, with --truth or a data set; with --video also track",
    )
    parser.add_argument(
        "--box-kind",
        default="landmarks",
        metavar="KIND",
        help="what the boxes of a file frame: landmarks, brows to chin (default), dlib, blazeface, mediapipe, slim320, "
        "openseeface, retinaface, sfd",
    )
    parser.add_argument(
        "--truth",
        metavar="FILE",
        help="true landmarks, for --boxes truth: a file or folder (docs/datasets.md)",
    )
    parser.add_argument(
        "--truth-scheme",
        metavar="SCHEME",
        help="scheme of the true landmarks, where their file does not decide it",
    )


def box_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """The options as :func:`flmcore.evaluate` takes them."""
    return {
        "boxes": options.boxes,
        "box_kind": options.box_kind,
        "truth": options.truth,
        "truth_scheme": options.truth_scheme,
    }
