"""``flmcore schemes mean-shape``: the mean face that SLPT starts from, made from true landmarks."""

from __future__ import annotations

import argparse
from pathlib import Path

from flmcore.commands import fit, scheme_chart
from flmcore.commands.console import say

__all__ = ["add", "run"]

_SUMMARY = "the mean face that SLPT starts from"
_EXAMPLES = """example:
  flmcore schemes mean-shape list_98pt_rect_attr_train.txt --scheme wflw-98 -o mean_98.npz

TRUTH is a WFLW list, a .pts file or a folder of them, LaPa's .txt files, or JSON {"a.jpg": [[[x, y], ...], ...]}.
Each face is seen through SLPT's crop, 1.2 times its longer side, and the mean is brought into the crop in the same way.
Faces with an undefined landmark are passed over. The file holds init_face, pixels of a 256x256 crop."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare what stands below ``flmcore schemes``, which without it lists the schemes."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    scheme_chart.add(actions)
    fit.add(actions)
    command = actions.add_parser(
        "mean-shape",
        help=_SUMMARY,
        description=f"{_SUMMARY[0].upper()}{_SUMMARY[1:]}, made from true landmarks.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "truth", nargs="+", type=Path, metavar="TRUTH", help="files and folders of landmarks"
    )
    command.add_argument(
        "--scheme", required=True, help="order of the landmarks ('flmcore schemes' lists them)"
    )
    command.add_argument("-o", "--out", type=Path, required=True, metavar="OUT", help="the .npz to write")
    command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Read every face, average, write, and say how many were used."""
    from flmcore.data.truth import read_truth
    from flmcore.detectors.mean_face import average_face, pack_mean_face
    from flmcore.evaluation.store import prepare_folder, write_bytes
    from flmcore.schemes.scheme import look_up

    scheme = look_up("--scheme", options.scheme).name
    prepare_folder(options.out.parent)
    faces = [points for path in options.truth for _, points in read_truth(path, scheme)]
    points, used, skipped = average_face(faces)
    write_bytes(options.out, pack_mean_face(points, scheme))
    left_out = f" ({skipped} with an undefined landmark or without area passed over)" if skipped else ""
    say(f"{options.out}: mean face of {used} faces, {scheme}{left_out}")
    return 0
