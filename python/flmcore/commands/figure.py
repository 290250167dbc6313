"""``flmcore figure``: one figure of results, of the size that a paper's column has."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from flmcore.commands.console import say
from flmcore.report.figure_names import FIGURES

_LIST = "\n".join(f"  {name:<9} {says}" for name, says in FIGURES.items())
EXAMPLES = f"""kinds:
{_LIST}

examples:
  flmcore figure ranks out/ -o ranks.pdf --width 3.5 --font-size 8
  flmcore figure tradeoff out/ -o tradeoff.svg --width 88mm
  flmcore figure heatmap out/ -o heat.png --width 180mm --dpi 300 --detectors dlib-68,rtmpose-t
  flmcore figure cloud out/ -o cloud.png --image portrait.jpg --title ""

The same results and options give the same bytes. Extra: report. Exit code: 0 written, 2 bad input."""
_SUFFIXES = (".png", ".svg", ".pdf")
_INCH = {"in": 1.0, "mm": 25.4, "cm": 2.54}


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("kind", metavar="KIND", help="which figure; see below")
    parser.add_argument("results", metavar="RESULTS", type=Path, help="results.json, or the folder it is in")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FILE", help="a .png, .svg or .pdf to write"
    )
    parser.add_argument(
        "--width",
        type=inches,
        metavar="WIDTH",
        help="of the column: 3.5, 3.5in, 88mm, 8.8cm (default: as in a report)",
    )
    parser.add_argument(
        "--font-size",
        type=within(4, 40),
        metavar="PT",
        help="of the labels (default: as in a report, about 9)",
    )
    parser.add_argument("--dpi", type=within(30, 1200), default=200, help="of a .png (default: 200)")
    parser.add_argument("--detectors", metavar="NAME,…", help="only these, in this order")
    parser.add_argument("--title", metavar="TEXT", help='above the figure; "" for none (default: its own)')
    parser.add_argument("--sweep", metavar="NAME", help="for offsets (default: the first)")
    parser.add_argument("--image", metavar="IMAGE", help="for cloud (default: the first)")


def within(low: float, high: float) -> Callable[[str], float]:
    """For argparse: a number in a range."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            msg = f"expected a number from {low:g} to {high:g}, got {text!r}"
            raise argparse.ArgumentTypeError(msg)
        return value

    return parse


def inches(text: str) -> float:
    """For argparse: a width in inches, millimetres or centimetres, as inches."""
    unit = next((unit for unit in _INCH if text.endswith(unit)), "")
    try:
        value = float(text.removesuffix(unit)) / _INCH.get(unit, 1.0)
    except ValueError:
        value = 0.0
    if not 1 <= value <= 40:
        msg = f"expected a width from 1 to 40 inches such as 3.5 or 88mm, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return value


def run(options: argparse.Namespace) -> int:
    """Draw, fit, write."""
    from flmcore.evaluation.results import Results
    from flmcore.evaluation.store import write_bytes
    from flmcore.report.figure_kinds import KINDS, Wanted, draw_kind, only_detectors
    from flmcore.report.figure_size import fit_figure
    from flmcore.report.figures import encode_figure, require_matplotlib
    from flmcore.report.safe import plain_label, safe_results

    suffix = options.out.suffix.lower()
    if suffix not in _SUFFIXES:
        msg = f"--out: expected a .png, .svg or .pdf, got {options.out.name!r}"
        raise ValueError(msg)
    require_matplotlib()
    results = Results.from_json(options.results)
    if options.detectors is not None:
        results = only_detectors(results, options.detectors.split(","))
    results = safe_results(results, plain_label)
    image = None if options.image is None else plain_label(options.image)
    figure = draw_kind(options.kind, results, Wanted(options.width, options.sweep, image))
    title = None if options.title is None else plain_label(options.title)
    rows = KINDS[options.kind].rows
    fit_figure(figure, width=options.width, font_size=options.font_size, title=title, rows=rows)
    write_bytes(options.out, encode_figure(figure, suffix, dpi=options.dpi))
    say(f"  {options.out}")
    return 0
