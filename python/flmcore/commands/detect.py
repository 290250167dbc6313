"""``flmcore detect``: landmarks of one detector, as JSON and drawn on the image."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.commands.box_options import add_box_options, box_arguments
from flmcore.commands.console import EXIT_NOTHING, say, warn, whole
from flmcore.errors import FlmcoreError

if TYPE_CHECKING:
    from flmcore.detectors.base import Detector
    from flmcore.evaluation.inputs import Source

EXAMPLES = """examples:
  flmcore detect face.jpg -d dlib-68                              JSON on standard output
  flmcore detect face.jpg -d dlib-68 -o face.json -o face.png     JSON and a picture
  flmcore detect photos/ -d my-detector.toml --boxes boxes.csv -o out    a folder: landmarks.json and a picture each

Landmarks are in image pixels, (0, 0) the centre of the top-left pixel; what a detector leaves undefined is null."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", nargs="+", metavar="IMAGE", help="images and folders of images")
    parser.add_argument("-d", "--detector", required=True, metavar="DETECTOR", help="name or .toml file")
    parser.add_argument(
        "--weights", metavar="[NAME=]PATH", help="the detector's weights: a file, or a folder to look in"
    )
    parser.add_argument(
        "--mapping",
        metavar="FILE",
        help="translate the landmarks by a mapping that 'flmcore schemes fit' learnt, or none",
    )
    parser.add_argument(
        "-o",
        "--out",
        action="append",
        default=[],
        type=Path,
        metavar="OUT",
        help="a .json, a .png, or a folder for both",
    )
    add_box_options(parser)
    parser.add_argument(
        "--faces", choices=("largest", "all"), default="all", help="of several faces found (default: all)"
    )
    parser.add_argument("--threads", type=whole(1, 1024), metavar="N", help="default: every processor")
    parser.add_argument("--device", default="cpu", help="cpu, or what the backend knows (default: cpu)")


def run(options: argparse.Namespace) -> int:
    """Detect on each image; one that cannot be used is named and passed over."""
    from flmcore.detectors.load import find_config, load_detector
    from flmcore.evaluation.box_source import open_boxes
    from flmcore.evaluation.inputs import collect_sources, faces_of, open_image
    from flmcore.evaluation.store import plain, write_bytes

    sources = collect_sources(options.paths)
    _prepare(options.out, len(sources))
    config = find_config(options.detector)
    weights = weights_path(options.weights, config.name)
    detector = load_detector(
        config,
        weights=weights,
        mapping=options.mapping,
        device=options.device,
        threads=options.threads,
    )
    origin = open_boxes(sources, **box_arguments(options))
    found: dict[str, Any] = {}
    for source in sources:
        try:
            image = open_image(source)
            faces, problems = faces_of(source, image, origin.given, origin.find, options.faces)
            rows = _landmarks(detector, image, faces)
        except FlmcoreError as error:
            warn(str(error))
            continue
        for problem in problems:
            warn(f"{source.id}: {problem.reason}")
        if rows:
            found[source.id] = rows
            for path in _pictures(options.out, source):
                write_bytes(path, _draw(image, rows))
    record = {
        "detector": detector.name,
        "scheme": detector.scheme,
        "licence": detector.licence,
        **({} if detector.translation is None else {"mapping": detector.translation.describe()}),
        "boxes": origin.about,
        "images": plain(found),
    }
    text = json.dumps(record, allow_nan=False, ensure_ascii=False)
    for out in options.out:
        if out.suffix.lower() != ".png":
            write_bytes(
                out if out.suffix.lower() == ".json" else out / "landmarks.json", text.encode() + b"\n"
            )
    if not options.out:
        say(text)
    return 0 if found else EXIT_NOTHING


def weights_path(given: str | None, name: str) -> str | None:
    """The path of ``PATH`` or ``NAME=PATH``; an equals sign may also be a part of a file's name."""
    if given is None or "=" not in given or Path(given).exists():
        return given
    named, _, path = given.partition("=")
    if named != name or not path:
        msg = f"--weights: expected PATH or {name}=PATH, got {given!r}"
        raise ValueError(msg)
    return path


def _prepare(outs: list[Path], images: int) -> None:
    """Fail before the work where a result could not be written."""
    from flmcore.evaluation.store import prepare_folder

    for out in outs:
        if out.suffix.lower() == ".png" and images > 1:
            msg = f"--out: expected a folder for {images} images, got {out}"
            raise ValueError(msg)
        prepare_folder(out.parent if out.suffix.lower() in (".json", ".png") else out)


def _landmarks(
    detector: Detector, image: NDArray[np.uint8], faces: dict[int, list[float]]
) -> list[dict[str, Any]]:
    if not faces:
        return []
    marks = detector(image, np.array(list(faces.values())))
    return [
        {"face": face, "box": box, "points": points, "scores": scores}
        for (face, box), points, scores in zip(faces.items(), marks.points, marks.scores, strict=True)
    ]


def _pictures(outs: list[Path], source: Source) -> list[Path]:
    """Where the drawn image goes."""
    paths = []
    for out in outs:
        if out.suffix.lower() == ".png":
            paths.append(out)
        elif out.suffix.lower() != ".json":
            paths.append(out / (source.id.replace("/", "_").rsplit(".", 1)[0] + ".png"))
    return paths


def _draw(image: NDArray[np.uint8], rows: list[dict[str, Any]]) -> bytes:
    """The image with boxes and landmarks, as PNG; small images are enlarged so that the marks stay apart."""
    from PIL import Image, ImageDraw

    zoom = max(1, round(800 / max(image.shape[:2])))
    picture = Image.fromarray(image).resize(
        (image.shape[1] * zoom, image.shape[0] * zoom), Image.Resampling.BICUBIC
    )
    pen = ImageDraw.Draw(picture)
    for row in rows:
        x0, y0, x1, y1 = (value * zoom for value in row["box"])
        radius = max(1.0, min(x1 - x0, y1 - y0) / (90 if len(row["points"]) <= 120 else 200))
        pen.rectangle((x0, y0, x1, y1), outline=(255, 255, 255), width=max(1, round(radius / 2)))
        for x, y in (np.asarray(row["points"], dtype=np.float64) + 0.5) * zoom:  # centres to edge coordinates
            if np.isfinite([x, y]).all():
                pen.ellipse(
                    (x - radius, y - radius, x + radius, y + radius),
                    fill=(0, 229, 255),
                    outline=(16, 16, 16) if radius >= 2 else None,  # which would cover a smaller dot
                )
    buffer = io.BytesIO()
    picture.save(buffer, format="png")
    return buffer.getvalue()
