"""``flmcore export drift``: what the exported form of a detector changes, in pixels and in jitter."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from flmcore.commands.box_options import add_box_options, box_arguments
from flmcore.commands.console import EXIT_NOTHING, named_values, progress_bar, say, terminal, warn, whole
from flmcore.errors import FlmcoreError

if TYPE_CHECKING:
    from flmcore.export.drift import Drift, Face

SUMMARY = "what an export changes, in pixels and in jitter"
EXAMPLES = """examples:
  flmcore export drift photos/ -d my-detector.toml
  flmcore export drift photos/ -d fan4-subpixel -d rtmpose-m --boxes boxes.json --json drift.json

Each detector runs as it is, and in three forms: graph, the module that the converter is handed, in float32; picture,
the same on whole grey levels, as a camera gives them; float16, that with weights and results of operators rounded to
float16. A phone's own rounding is not public: float16 here is what its format alone costs, not a measurement.
Exit code: 0 measured, 1 nothing measured, 2 bad input."""

_MEANING = {
    "graph": "the exported module, float32",
    "picture": "on whole grey levels",
    "float16": "and in float16",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", nargs="+", metavar="IMAGE", help="images and folders of images with faces")
    parser.add_argument(
        "-d",
        "--detector",
        action="append",
        required=True,
        metavar="DETECTOR",
        help="name or .toml file; repeat",
    )
    parser.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="a detector's weights; repeat for several",
    )
    add_box_options(parser)
    parser.add_argument(
        "--frames", type=whole(8, 1024), default=32, metavar="T", help="windows for each face (default: 32)"
    )
    parser.add_argument("--limit", type=whole(1), metavar="N", help="only the first N faces")
    parser.add_argument("--no-flip", action="store_true", help="as in export: without the mirror image")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures too")
    parser.add_argument("--threads", type=whole(1, 1024), metavar="N", help="default: every processor")


def run(options: argparse.Namespace) -> int:
    """Measure each detector; one that cannot be exported is named and passed over."""
    from flmcore.detectors.load import find_config, load_detector
    from flmcore.evaluation.store import plain, prepare_folder, write_bytes
    from flmcore.export.drift import measure_drift

    if options.json is not None:
        prepare_folder(options.json.parent)
    weights = named_values("--weights", options.weights, "NAME=PATH", "path")
    configs = [find_config(name) for name in options.detector]
    if unknown := sorted(set(weights) - {config.name for config in configs}):
        msg = f"--weights: expected detectors of this command, got {', '.join(unknown)}"
        raise ValueError(msg)
    faces = _faces(options)
    found: list[Drift] = []
    for config in configs:
        try:
            detector = load_detector(config, weights=weights.get(config.name), threads=options.threads)
            with progress_bar() as show:
                found.append(
                    measure_drift(
                        detector,
                        faces,
                        frames=options.frames,
                        flip=not options.no_flip,
                        progress=_steps(show, config.name),
                    )
                )
        except FlmcoreError as error:
            warn(f"{config.name}: {error}")
    if not found:
        return EXIT_NOTHING
    _print(found)
    if options.json is not None:
        rows = plain([drift.to_dict() for drift in found])
        text = json.dumps({"flmcore_drift": 1, "detectors": rows}, allow_nan=False, indent=1)
        write_bytes(options.json, text.encode() + b"\n")
        say(f"\n  {options.json}")
    return 0


def _faces(options: argparse.Namespace) -> list[Face]:
    """The largest face of each image; one that cannot be used is named and passed over."""
    from flmcore.evaluation.box_source import open_boxes
    from flmcore.evaluation.inputs import collect_sources, faces_of, open_image

    sources = collect_sources(options.paths)
    origin = open_boxes(sources, **box_arguments(options))
    faces: list[Face] = []
    for source in sources:
        if options.limit is not None and len(faces) >= options.limit:
            break
        try:
            image = open_image(source)
            boxes, problems = faces_of(source, image, origin.given, origin.find, "largest")
        except FlmcoreError as error:
            warn(str(error))
            continue
        for problem in problems:
            warn(f"{source.id}: {problem.reason}")
        faces += [(image, face) for face in boxes.values()]
    if not faces:
        msg = f"images: expected at least one face, got none in {len(sources)} images"
        raise ValueError(msg)
    return faces


def _steps(show: Any, name: str) -> Any:
    from flmcore.evaluation.run import Progress

    return lambda done, total: show(Progress(done, total, name))


def _small(value: float) -> str:
    return "<0.001" if 0 < value < 0.001 else f"{value:.3f}"


def _print(found: Sequence[Drift]) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), header_style="bold")
    for name in ("detector", "form"):
        table.add_column(name, no_wrap=True)
    for name in ("mean px", "p95 px", "max px", "mean %", "jitter %", "own %", "largest"):
        table.add_column(name, justify="right", no_wrap=True)
    for drift in found:
        for number, row in enumerate(drift.variants):
            table.add_row(
                Text(drift.detector if number == 0 else ""),
                row.variant,
                *(_small(value) for value in (row.mean, row.p95, row.worst, row.percent)),
                f"{row.jitter:.3f}",
                f"{drift.jitter:.3f}",
                "–" if row.largest is None else f"{row.largest:.3g}",
            )
    console = terminal()
    console.print(table)
    forms = ", ".join(f"{name}: {meaning}" for name, meaning in _MEANING.items())
    first = found[0]
    seen = f"{first.faces} faces, {first.frames} windows of the path of sweep shift for each"
    scales = ", ".join(sorted({drift.normaliser for drift in found}))
    lines = [
        f"{seen}. Forms, each with what is above it: {forms}.",
        f"px: distance from the detector's own landmarks, in pixels of its crop; %: of the normaliser ({scales}).",
        "jitter: of the form; own: of the detector as it is, through the same windows.",
        "largest: greatest result of an operator; float16 ends at 65504.",
    ]
    for drift in found:
        for row in drift.variants:
            if row.overflows:
                lines.append(
                    f"{drift.detector}: {row.overflows} results overflow float16: export with --precision float32"
                )
            if row.lost:
                lines.append(f"{drift.detector}, {row.variant}: {row.lost} landmarks undefined in one alone")
    for line in lines:
        console.print(Text(f"· {line}"))
