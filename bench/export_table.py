"""What each PyTorch detector is as a Core ML package, one row each, for the documentation.

    FLMCORE_WEIGHTS=weights python bench/export_table.py FACES -d fan4 -d slpt-6 [--boxes slim320] [--frames 8]

A detector whose weights are not at hand is filled with noise and marked: size, operations, multiply-adds and verdict do
not depend on them; how far float16 moves landmarks does, so that it is left out.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from flmcore.detectors.base import Detector
from flmcore.detectors.cost import giga
from flmcore.evaluation.box_source import open_boxes
from flmcore.evaluation.inputs import collect_sources, faces_of, open_image
from flmcore.export import export_coreml
from flmcore.export.drift import Face, measure_drift
from flmcore.export.package import read_package
from flmcore.export.portability import portability
from flmcore.export.untrained import open_or_untrained

COLUMNS = (
    "detector",
    "weights",
    "MB",
    "operations",
    "G multiply-adds",
    "likely on the Neural Engine",
    "rules hit",
    "8-bit picture px mean/max",
    "and float16 px mean/max",
    "jitter % own → float16",
    "s to convert",
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Rows of a Markdown table about Core ML packages.")
    parser.add_argument("paths", nargs="+", help="images with faces")
    parser.add_argument("-d", "--detector", action="append", required=True)
    parser.add_argument("--boxes", default="dlib")
    parser.add_argument("--frames", type=int, default=8)
    options = parser.parse_args()
    faces = _faces(options.paths, options.boxes)
    print("|", " | ".join(COLUMNS), "|")
    print("|", " | ".join("---" for _ in COLUMNS), "|")
    for name in options.detector:
        print("|", " | ".join(_row(name, faces, options.frames)), "|", flush=True)


def _faces(paths: list[str], boxes: str) -> list[Face]:
    sources = collect_sources(paths)
    origin = open_boxes(sources, boxes=boxes)
    faces: list[Face] = []
    for source in sources:
        image = open_image(source)
        found, _ = faces_of(source, image, origin.given, origin.find, "largest")
        faces += [(image, box) for box in found.values()]
    return faces


def _row(name: str, faces: list[Face], frames: int) -> list[str]:
    detector, untrained = open_or_untrained(name)
    with tempfile.TemporaryDirectory() as folder:
        made = export_coreml(detector, Path(folder) / f"{name}.mlpackage")
        report = portability(read_package(made.path))
    hits = "; ".join(f"{hit.rule} {hit.count}" for hit in report.hits) or "none"
    return [
        name,
        "noise" if untrained else "trained",
        f"{made.bytes / 1e6:.1f}",
        str(sum(made.operations.values())),
        giga(report.multiply_adds),
        report.verdict.text,
        hits,
        *(["–"] * 3 if untrained else _drift(detector, faces, frames)),
        f"{made.seconds:.0f}",
    ]


def _drift(detector: Detector, faces: list[Face], frames: int) -> list[str]:
    drift = measure_drift(detector, faces, frames=frames)
    _, picture, half = drift.variants
    return [
        f"{picture.mean:.3f} / {picture.worst:.2f}",
        f"{half.mean:.3f} / {half.worst:.2f}",
        f"{drift.jitter:.3f} → {half.jitter:.3f}",
    ]


if __name__ == "__main__":
    main()
