"""A table of detectors on human landmarks, steadiness, speed and size: what a simulated one must stand beside.

    FLMCORE_SHARED=../shared python bench/judge_simulated.py dlib-68 pfld-68 simulated-s.toml --out table.md --json judged.json

NME in % of the distance between the outer eye corners, on the 68 points of 300-W: truth of another scheme comes through
the built-in mapping. The main column is the mean over the faces of 300-W, WFLW and LaPa; two faces of 25 pixels, and those
of COFW and AFLW, which have 29 and 19 landmarks, are listed apart. `translated` is after label translation by mean
offsets (flmcore.fit_offsets) learnt from the main faces of the other images only: never from the face that is judged.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import flmcore
from flmcore.detectors.finders import open_finder
from flmcore.detectors.weights import locate_weights
from flmcore.evaluation.inputs import collect_sources
from flmcore.evaluation.store import plain, write_bytes
from judged_faces import judge_faces, judged_faces

SHARED = Path(os.environ.get("FLMCORE_SHARED", "../shared"))


def judge(
    detectors: Sequence[str], *, finder: str, frames: int, limit: int | None, threads: int
) -> dict[str, Any]:
    """Everything that the tables and a model card are made of."""
    faces = judged_faces(SHARED / "faces")
    loaded = [flmcore.load_detector(name, threads=threads) for name in detectors]
    boxes = open_finder(finder)
    rows = {detector.name: judge_faces(detector, faces, boxes) for detector in loaded}
    sources = collect_sources([SHARED / "faces"])[:limit]
    results = flmcore.evaluate(
        [source.path for source in sources], detectors, boxes=finder, frames=frames, threads=threads
    )
    summary = {row["detector"]: row for row in results.summary}
    about = {detector.name: _about(detector, summary[detector.name], results) for detector in loaded}
    images = len({unit["image"] for unit in results.units})
    protocol = {"finder": finder, "frames": frames, "images": images, "version": flmcore.__version__}
    protocol["processor"] = results.data["timing"]["environment"]["processor"]
    return dict(plain({"protocol": protocol, "detectors": about, "faces": rows}))


def _about(detector: Any, row: dict[str, Any], results: Any) -> dict[str, Any]:
    cost, config = detector.cost(), detector.config
    given = detector.describe()
    latency = results.speed.get(detector.name, {}).get("total") or {}
    return {
        "scheme": detector.scheme,
        "licence": detector.licence,
        "input": list(config.crop.size),
        "backend": config.model.backend,
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
        "bytes": _bytes(config),
        "weights_sha256": given["weights_sha256"],
        "data_sha256": config.model.data_sha256,
        "mapping": given.get("mapping"),
        "latency_ms": latency.get("p50"),
        **{
            key: row[key]["mean"] if row.get(key) else None
            for key in ("jitter", "jitter_common", "gain", "spread")
        },
    }


def _bytes(config: Any) -> int | None:
    """Of the weights' file, and of the one beside it that has its numbers."""
    file = locate_weights(config)
    others = [file.with_suffix(".bin")] if file.suffix == ".xml" else []
    if file.suffix == ".onnx" and config.model.data_sha256 is not None:
        others = [file.with_suffix(".safetensors")]
    return sum(path.stat().st_size for path in (file, *others))


def mean_nme(rows: Sequence[dict[str, Any]], how: str, part: str) -> float | None:
    """Mean over the main faces that have it; None where one of them has none, as the means would not compare."""
    values = [row[how][part] for row in rows if row["main"]]
    return None if not values or None in values else float(np.mean(values))


COLUMNS = (
    "detector",
    "NME all",
    "inner 51",
    "finder's boxes",
    "translated",
    "jitter %",
    "common",
    "gain",
    "spread %",
    "ms",
    "M parameters",
    "M multiply-adds",
    "MB",
)


def table(judged: dict[str, Any]) -> str:
    """Markdown: one row per detector, then one per face."""
    protocol = judged["protocol"]
    head = [_row(COLUMNS), _row(["---"] + ["---:"] * (len(COLUMNS) - 1))]
    lines = [_row(_cells(name, judged)) for name in judged["detectors"]]
    rows = next(iter(judged["faces"].values()))
    main, apart = ([row for row in rows if row["main"] == which] for which in (True, False))
    first = (
        f"NME in % of the outer eye corners' distance, mean over {len(main)} faces with human landmarks, boxes of the truth "
        f"(third number column: of the finder {protocol['finder']}; – where it misses one). `translated`: label translation "
        "learnt from the other images' faces only."
    )
    second = (
        f"Jitter, gain, spread: {protocol['images']} images, 2 × {protocol['frames']} windows, boxes of {protocol['finder']}. "
        f"ms: crop, inference, decode of one face, one thread, {protocol['processor']}."
    )
    notes = [first, "", second]
    return "\n".join(
        [
            *head,
            *lines,
            "",
            *notes,
            "",
            *_by_face(judged, main),
            "",
            "Apart:",
            "",
            *_by_face(judged, apart),
            "",
        ]
    )


def _cells(name: str, judged: dict[str, Any]) -> list[str]:
    about, rows = judged["detectors"][name], judged["faces"][name]
    measured = [
        mean_nme(rows, *which)
        for which in (("truth", "all"), ("truth", "inner"), ("finder", "all"), ("translated", "all"))
    ]
    size = [about["parameters"], about["multiply_adds"], about["bytes"]]
    return [
        name,
        *(_number(value, 2) for value in measured),
        *(_number(about[key], 3) for key in ("jitter", "jitter_common", "gain", "spread")),
        _number(about["latency_ms"], 2),
        *(_number(None if value is None else value / 1e6, 2) for value in size),
    ]


def _by_face(judged: dict[str, Any], faces: Sequence[dict[str, Any]]) -> list[str]:
    names = list(judged["detectors"])
    lines = [_row(["face", "of the truth, by mapping", *names]), _row(["---", "---", *["---:"] * len(names)])]
    for face in faces:
        grades = ", ".join(f"{count} {grade}" for grade, count in face["truth_grades"].items())
        cells = []
        for name in names:
            (row,) = (row for row in judged["faces"][name] if row["face"] == face["face"])
            cells.append(" / ".join(_number(row["truth"][part], 2) for part in ("all", "inner")))
        lines.append(_row([face["face"], grades, *cells]))
    return lines


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("detectors", nargs="+", metavar="DETECTOR", help="names or .toml files")
    parser.add_argument("--out", type=Path, help="the tables, Markdown (default: standard output)")
    parser.add_argument("--json", type=Path, help="the numbers, which bench/model_card.py reads")
    parser.add_argument("--finder", default="slim320")
    parser.add_argument("--frames", type=int, default=32, help="windows in each part of the sweep")
    parser.add_argument("--limit", type=int, help="use only the first so many images for jitter")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    judged = judge(
        options.detectors,
        finder=options.finder,
        frames=options.frames,
        limit=options.limit,
        threads=options.threads,
    )
    if options.json:
        write_bytes(options.json, json.dumps(judged, indent=1, allow_nan=False).encode() + b"\n")
    if options.out:
        write_bytes(options.out, table(judged).encode())
    else:
        print(table(judged))


if __name__ == "__main__":
    main()
