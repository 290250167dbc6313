"""``flmcore convert``: landmarks of a data set in another format, and in another scheme where asked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.commands.console import say, warn

if TYPE_CHECKING:
    from flmcore.data.truth import Dataset

EXAMPLES = """examples:
  flmcore convert 300W/ 300w.csv                                  the format is told from OUT's suffix
  flmcore convert list_98pt_rect_attr_test.txt wflw.json --to coco
  flmcore convert LaPa/test lapa68/ --to 300w --scheme 300w-68 --copy-images
  flmcore convert landmarks.xml landmarks.json --from dlib

Formats: 300w (.pts), wflw, lapa, coco, coco-wholebody (read only), dlib (.xml), facesynthetics, simulated (read
only), csv, json; docs/datasets.md
defines them. OUT is written whole or not at all; what its format cannot keep is said. json keeps everything."""

_SUFFIXES = {".json": "json", ".csv": "csv", ".xml": "dlib", ".txt": "wflw"}
_SHOWN = 5


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("data", metavar="IN", help="file or folder of landmarks")
    parser.add_argument("out", type=Path, metavar="OUT", help="file or new folder")
    parser.add_argument(
        "--from", dest="source", default="auto", metavar="FORMAT", help="of IN (default: auto)"
    )
    parser.add_argument("--to", dest="target", metavar="FORMAT", help="of OUT (default: by its suffix)")
    parser.add_argument("--from-scheme", metavar="SCHEME", help="of IN, where it does not decide that itself")
    parser.add_argument("--scheme", metavar="SCHEME", help="remap to this scheme (default: keep that of IN)")
    parser.add_argument("--images", metavar="DIR", help="folder with the images (default: where IN has them)")
    parser.add_argument("--copy-images", action="store_true", help="to a folder: copy the images into it")
    parser.add_argument("--force", action="store_true", help="replace a file that exists")


def run(options: argparse.Namespace) -> int:
    """Read, remap, write, and say what was not there and what was lost."""
    from flmcore.data.truth import read_dataset, write_dataset
    from flmcore.data.truth.formats import of_name
    from flmcore.evaluation.remap_truth import remap_dataset

    target = options.target or _SUFFIXES.get(options.out.suffix.lower())
    if target is None:
        msg = f"--to: expected a format, as the suffix of {options.out} names none, got none"
        raise ValueError(msg)
    of_name("--to", target)
    dataset = read_dataset(options.data, options.source, options.from_scheme, images=options.images)
    grades = ""
    if options.scheme is not None:
        dataset, counts = remap_dataset(dataset, options.scheme)
        grades = f" ({', '.join(f'{count} {grade}' for grade, count in counts.items())})" if counts else ""
    lost = write_dataset(dataset, options.out, target, copy_images=options.copy_images, replace=options.force)
    say(f"{options.out}: format {target}, {in_words(dataset)}{grades}")
    if lost:
        warn(f"{target} does not keep {', '.join(lost)}")
    _tell(dataset.missing, "images not found")
    _tell(dataset.without_truth, "images without a face, left out")
    return 0


def in_words(dataset: Dataset) -> str:
    """Faces, images and scheme, for a line on the terminal."""
    faces, images = len(dataset.faces), len(dataset.by_image())
    return f"{faces} face{'s' * (faces != 1)} in {images} image{'s' * (images != 1)}, {dataset.scheme}"


def _tell(names: tuple[str, ...], what: str) -> None:
    if names:
        more = f", … {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        warn(f"{len(names)} {what}: {', '.join(names[:_SHOWN])}{more}")
