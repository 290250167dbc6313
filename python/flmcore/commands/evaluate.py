"""``flmcore evaluate``: compare detectors on images."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flmcore.commands.box_options import add_box_options, box_arguments
from flmcore.commands.console import (
    EXIT_INTERRUPTED,
    EXIT_NOTHING,
    named_values,
    progress_bar,
    say,
    show_page,
    show_problems,
    terminal,
    warn,
    whole,
)
from flmcore.commands.convert import in_words
from flmcore.commands.video_options import add_video_options, check_video_options, run_video
from flmcore.errors import ConfigError, MissingExtraError, ResultsError

if TYPE_CHECKING:
    from flmcore.data.truth import Dataset
    from flmcore.evaluation.results import Results
    from flmcore.evaluation.run import Progress

EXAMPLES = """examples:
  flmcore evaluate photos/ -d dlib-68 -d mediapipe-468 -o out
  flmcore evaluate photos/ -d all -o out                    every detector that is ready here
  flmcore evaluate photos/ -d fan4 -d dlib-68 --weights fan4=2DFAN4.zip -o out
  flmcore evaluate a.jpg b.jpg -d my-detector.toml --boxes boxes.json -o out
  flmcore evaluate photos/ -d all --boxes mediapipe -o out  boxes of MediaPipe's face detector
  flmcore evaluate WFLW/ -d all -o out                      a data set: its images, boxes of its true landmarks
  flmcore evaluate photos/ -d fan4 -o out --sweep all --redecode --smooth --attribute    where jitter comes from
  flmcore evaluate photos/ -d dlib-68 -o out --resume       carry on after Ctrl-C
  flmcore evaluate clip.mp4 --video -d all -o moving        clips: steadiness on real motion
  flmcore evaluate clip.mp4 --video -d all -o moving --still out    beside the still images' results

OUT gets results.json (everything), results.csv (a row per detector), units.csv (a row per detector and face), figures
and index.html, the report page; of clips video.csv and tracks.npz too. Exit code: 0 measured, 1 nothing could be
measured, 2 bad input, 130 interrupted."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="images and folders of images, or one data set with true landmarks; with --video clips",
    )
    parser.add_argument(
        "-d",
        "--detector",
        action="append",
        required=True,
        metavar="DETECTOR",
        help="name, .toml file, or 'all' for every detector that is ready; repeat to compare",
    )
    parser.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="weights of one of these detectors, a file or a folder to look in; repeat for several",
    )
    parser.add_argument(
        "--mapping",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="translate the landmarks of one of these detectors by a mapping that 'flmcore schemes fit' learnt; "
        "NAME=none leaves out the one that its file names",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="OUT", help="folder for the results")
    parser.add_argument(
        "--format",
        default="auto",
        metavar="FORMAT",
        help="of the data set: auto (default) looks whether PATH is one; images: it is none; or 300w, wflw, lapa, coco, "
        "coco-wholebody, dlib, facesynthetics, simulated, csv, json. Boxes are then those of the truth, unless "
        "--boxes says otherwise",
    )
    add_box_options(parser)
    parser.add_argument(
        "--faces",
        choices=("largest", "all"),
        default="largest",
        help="of several faces found in an image use this (default: largest); boxes of a file are all used",
    )
    parser.add_argument(
        "--sweep",
        default="shift",
        help="shift, scale, rotate, noise, jpeg, brightness, or all of them (default: shift)",
    )
    parser.add_argument(
        "--redecode", action="store_true", help="try every decoder on the outputs of networks that have maps"
    )
    parser.add_argument(
        "--smooth",
        type=milliseconds,
        nargs="?",
        const=33.0,
        metavar="MS",
        help="what smoothing filters would do that lag by MS milliseconds at most (default: 33)",
    )
    parser.add_argument(
        "--attribute",
        nargs="?",
        const="dlib",
        metavar="FINDER",
        help="which share of the jitter is owed to this finder's boxes (default: dlib), to resampling, decoder, network",
    )
    parser.add_argument(
        "--frames", type=whole(8), default=128, metavar="T", help="windows per part (default: 128)"
    )
    parser.add_argument(
        "--seed", type=whole(0), default=0, help="of random windows and bootstrap (default: 0)"
    )
    parser.add_argument(
        "--batch", type=whole(1), default=32, metavar="N", help="windows per inference (default: 32)"
    )
    parser.add_argument("--threads", type=whole(1, 1024), metavar="N", help="default: every processor")
    parser.add_argument("--device", default="cpu", help="cpu, or what the backend knows (default: cpu)")
    parser.add_argument("--limit", type=whole(1), metavar="N", help="use only the first N images")
    add_video_options(parser)
    parser.add_argument("--no-speed", action="store_true", help="do not measure latency")
    parser.add_argument("--no-figures", action="store_true", help="do not draw figures")
    page = parser.add_mutually_exclusive_group()
    page.add_argument("--open", action="store_true", help="open the report page in the browser at the end")
    page.add_argument("--no-page", action="store_true", help="do not make the report page, index.html")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="carry on an interrupted run in OUT")
    again.add_argument("--restart", action="store_true", help="drop an interrupted run in OUT and start over")


def milliseconds(text: str) -> float:
    """For argparse: a number; :func:`flmcore.evaluate` knows its range."""
    try:
        return float(text)
    except ValueError:
        msg = f"expected milliseconds, got {text!r}"
        raise argparse.ArgumentTypeError(msg) from None


def run(options: argparse.Namespace) -> int:
    """Evaluate, print, write."""
    from flmcore.evaluation.runner import EvaluationInterrupted

    check_video_options(options)
    detectors = choose_detectors(options.detector)
    files = {
        "weights": named_values("--weights", options.weights, "NAME=PATH", "file"),
        "mappings": named_values("--mapping", options.mapping, "NAME=FILE", "file"),
    }
    images = None if options.video else _data_set(options)
    try:
        with progress_bar() as progress:
            if images is None:
                results = run_video(options, detectors, files, progress)
            else:
                results = _run_images(options, images, detectors, files, progress)
    except EvaluationInterrupted as interrupted:
        show(interrupted.results, options.out, figures=False, page=False)
        warn("interrupted; what was finished is saved: add --resume to carry on")
        return EXIT_INTERRUPTED
    wanted = {"figures": not options.no_figures, "page": not options.no_page, "open_page": options.open}
    return show(results, options.out, **wanted)


def _run_images(
    options: argparse.Namespace,
    images: Dataset | list[str],
    detectors: list[str],
    files: dict[str, Any],
    progress: Callable[[Progress], None] | None,
) -> Results:
    from flmcore.evaluation.runner import evaluate

    return evaluate(
        images,
        detectors,
        sweep=options.sweep,
        frames=options.frames,
        seed=options.seed,
        **box_arguments(options),
        faces=options.faces,
        batch=options.batch,
        threads=options.threads,
        device=options.device,
        **files,
        limit=options.limit,
        speed=not options.no_speed,
        redecode=options.redecode,
        smooth=options.smooth,
        attribute=options.attribute,
        out=options.out,
        resume=options.resume,
        restart=options.restart,
        progress=progress,
    )


def _data_set(options: argparse.Namespace) -> Dataset | list[str]:
    """The data set that the path is, said in a line; else the paths."""
    from flmcore.evaluation.dataset_input import open_dataset

    if options.truth is not None and options.format == "auto":
        return list(options.paths)
    dataset = open_dataset(options.paths, options.format, options.truth_scheme)
    if dataset is None:
        return list(options.paths)
    boxes = "of the truth" if options.boxes in (None, "truth") else f"from {options.boxes}"
    say(f"{options.paths[0]}: data set, format {dataset.format}, {in_words(dataset)}; boxes {boxes}")
    return dataset


def choose_detectors(names: list[str]) -> list[str]:
    """The detectors asked for; ``all`` stands for those that are ready."""
    if "all" not in names:
        return list(names)
    from flmcore.detectors.load import available_detectors

    entries = available_detectors()
    ready = [entry.name for entry in entries if entry.ready]
    missing = [entry.name for entry in entries if not entry.ready]
    if missing:
        warn(f"not ready, left out: {', '.join(missing)} ('flmcore detectors' says why)")
    if not ready and names == ["all"]:
        msg = "no detector is ready here: 'flmcore detectors' says why"
        raise ConfigError(msg)
    return list(dict.fromkeys([*ready, *(name for name in names if name != "all")]))


def show(results: Results, out: Path, *, figures: bool, page: bool = True, open_page: bool = False) -> int:
    """Problems, table, figures, the page, and where the files are; the exit code."""
    from flmcore.report.table import build

    console = terminal()
    show_problems(results.problems, f"{out}/results.json")
    say()
    if console.is_terminal:
        console.print(build(results, width=console.width))
    else:
        say(results.table(console.width))
    drawn: list[Path] = []
    if figures and results.units:
        try:
            from flmcore.report.figures import write_figures

            drawn = write_figures(results, out)
        except MissingExtraError as error:
            warn(str(error))
    if page and results.units:
        drawn += _page(results, out)
    say()
    files = ["results.json", "results.csv", "units.csv"]
    units = results.units
    if "video" in results.data:
        files += ["video.csv", "tracks.npz"]
        units = [*units, *results.data["video"]["units"]]
    for path in [out / name for name in files] + drawn:
        say(f"  {path}")
    if not units:
        warn("nothing could be measured")
        return EXIT_NOTHING
    if open_page and drawn and drawn[-1].suffix == ".html":
        show_page(drawn[-1])
    return 0


def _page(results: Results, out: Path) -> list[Path]:
    """The report page; where it cannot be made the results are there all the same."""
    from flmcore.report.page import write_page

    try:
        return [write_page(results, out, source=out)]
    except ResultsError as error:
        warn(str(error))
        return []
