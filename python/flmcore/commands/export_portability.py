"""``flmcore export portability``: what of a detector is likely to leave the Neural Engine, and why."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flmcore.commands.box_options import add_box_options, box_arguments
from flmcore.commands.console import say, terminal

if TYPE_CHECKING:
    from flmcore.detectors.base import Detector
    from flmcore.export.portability import PortabilityReport
    from flmcore.export.program import Program
    from flmcore.export.ranges import Ranges

SUMMARY = "what of a Core ML package or a detector is likely to leave the Neural Engine, and why"
EXAMPLES = """examples:
  flmcore export portability fan4                          converts to a temporary package and reads it
  flmcore export portability fan4.mlpackage                a package that is there
  flmcore export portability slpt-6 --untrained            its structure alone: needs no weights
  flmcore export portability fan4 --images photos/ --json fan4.json
  flmcore export portability fan4 --into out/              for the column 'phone est.' of out/results.json
  flmcore export portability --rules                       the rules, with their sources

Every verdict is an estimate from public rules, not a measurement: Core ML decides on the device. Whether float16 holds
the values is seen on crops of --images, by default of photographs that packages carry.
Exit code: 0 reported, whatever the verdict; 2 bad input."""

_PACKAGES = (".mlpackage", ".mlmodel")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "subject", nargs="?", metavar="PACKAGE|DETECTOR", help=".mlpackage, or a detector: name or .toml file"
    )
    parser.add_argument(
        "--weights", metavar="PATH", help="the detector's weights, a file or a folder to look in"
    )
    parser.add_argument(
        "--untrained",
        action="store_true",
        help="judge the structure with made-up weights (done by itself where the weights are not here)",
    )
    parser.add_argument(
        "--images",
        nargs="+",
        metavar="PATH",
        help="images with faces, to see whether float16 holds the values",
    )
    add_box_options(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument(
        "--into",
        type=Path,
        metavar="RESULTS",
        help="add the verdict to results.json (or the folder it is in)",
    )
    parser.add_argument("--rules", action="store_true", help="list the rules, with their sources")


def run(options: argparse.Namespace) -> int:
    """Convert where needed, read, judge, print, write."""
    if options.rules:
        return _show_rules()
    if options.subject is None:
        msg = "export portability: expected a package or a detector, got none"
        raise ValueError(msg)
    report = _of_package(options) if Path(options.subject).suffix in _PACKAGES else _of_detector(options)
    if options.json is not None:
        from flmcore.evaluation.store import dump_json, write_bytes

        write_bytes(options.json, dump_json(report.to_dict()))
    if options.into is not None:
        from flmcore.export.portability.into_results import add_to_results

        add_to_results(report, options.into)
    _show(report)
    return 0


def _show_rules() -> int:
    from flmcore.export.portability import RULES, RULES_VERSION, SEVERITIES
    from flmcore.report.portability import rule_lines

    console = terminal()
    console.print(rule_lines(RULES, SEVERITIES, RULES_VERSION, console.width), crop=False)
    return 0


def _show(report: PortabilityReport) -> None:
    from flmcore.report.portability import build, render

    console = terminal()
    if console.is_terminal:
        console.print(build(report, width=console.width))
    else:
        say(render(report, width=console.width))


def _of_package(options: argparse.Namespace) -> PortabilityReport:
    for given, name in (
        (options.weights, "weights"),
        (options.images, "images"),
        (options.untrained, "untrained"),
    ):
        if given:
            msg = f"--{name}: expected a detector to run, got the package {options.subject}"
            raise ValueError(msg)
    from flmcore.export.package import read_package
    from flmcore.export.portability import portability

    path = Path(options.subject)
    program = read_package(path)
    name = program.metadata.get("flmcore.detector") or path.stem
    note = "float16 range not looked at: a package cannot run here; give the detector."
    return portability(program, name=name, notes=[note])


def _of_detector(options: argparse.Namespace) -> PortabilityReport:
    from flmcore.export.portability import portability
    from flmcore.export.untrained import UNTRAINED, open_or_untrained

    detector, untrained = open_or_untrained(options.subject, options.weights, untrained=options.untrained)
    if untrained:
        ranges, note = None, f"{UNTRAINED} float16 range not looked at."
    else:
        ranges, note = _ranges(detector, options)
    program = _converted(detector)
    return portability(program, name=detector.name, ranges=ranges, notes=[note] if note else [])


def _converted(detector: Detector) -> Program:
    """The program that the exporter makes of it, in a folder that is gone afterwards."""
    from flmcore.export.coreml import export_coreml
    from flmcore.export.package import read_package

    with tempfile.TemporaryDirectory(prefix="flmcore-") as folder:
        package = Path(folder) / "detector.mlpackage"
        export_coreml(detector, package)
        return read_package(package)


def _ranges(detector: Detector, options: argparse.Namespace) -> tuple[Ranges | None, str]:
    """The calibration run; without --images nothing of it is required, but the report says what is missing."""
    from flmcore.errors import FlmcoreError
    from flmcore.export.ranges import measure_ranges

    given: dict[str, Any] = box_arguments(options)
    if options.images is not None:
        return measure_ranges(detector, options.images, **given), ""
    from flmcore.demo import find_photographs

    try:
        return measure_ranges(detector, find_photographs(), **given), ""
    except (FlmcoreError, LookupError) as error:
        return None, f"float16 range not looked at ({error}): give --images."
