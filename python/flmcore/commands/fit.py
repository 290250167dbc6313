"""``flmcore schemes fit``: a mapping between two schemes, learnt from faces that have landmarks of both."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.commands.console import progress_bar, say, terminal, warn, whole

if TYPE_CHECKING:
    from flmcore.evaluation.fit_faces import FacePairs
    from flmcore.evaluation.fit_remap import FittedRemap

__all__ = ["add", "run"]

_SUMMARY = "learn a mapping between two schemes from faces that have landmarks of both"
_EXAMPLES = """examples:
  flmcore schemes fit -d my-detector.toml 300W/ -o map.toml      run a detector on a data set, and learn from its errors
  flmcore schemes fit found.json truth.json -o map.toml          landmarks that are there already
  flmcore schemes fit -d my-detector.toml few/ -o map.toml --offsets      from a handful of faces
  flmcore schemes fit wflw.txt 300w.csv --from wflw-98 --to 300w-68 -o map.toml --points

PREDICTIONS is what 'flmcore detect -o found.json' writes, or landmarks in any form that a data set may have; TRUTH is a
data set (docs/datasets.md). Images are matched by name, faces by their landmarks' boxes. The table has, by part of the
face, the mean distance to the truth on faces that were not fitted (cross-validation; faces of an image are in one fold),
and that of the best single source and of the built-in mapping. In Python: flmcore.remap(points, mapping="map.toml"). A
detector is translated by it with `flmcore evaluate --mapping NAME=map.toml`, or for good by [mapping] in its file."""


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the arguments."""
    command = actions.add_parser(
        "fit",
        help=_SUMMARY,
        description=f"{_SUMMARY[0].upper()}{_SUMMARY[1:]}.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="PREDICTIONS and TRUTH; with -d TRUTH alone"
    )
    command.add_argument("-o", "--out", type=Path, required=True, metavar="OUT", help="the .toml to write")
    command.add_argument(
        "-d", "--detector", metavar="DETECTOR", help="name or .toml file, to run on TRUTH's images"
    )
    command.add_argument(
        "--weights", metavar="PATH", help="the detector's weights: a file, or a folder to look in"
    )
    command.add_argument(
        "--from", dest="source", metavar="SCHEME", help="of PREDICTIONS, where they do not decide it"
    )
    command.add_argument(
        "--to", dest="target", metavar="SCHEME", help="of TRUTH, where it does not decide it"
    )
    command.add_argument(
        "--offsets",
        action="store_true",
        help="for few faces: a mean offset for each landmark, shrunk; errors leave out each image in turn",
    )
    command.add_argument("--folds", type=whole(3), metavar="N", help="of the cross-validation (default: 5)")
    command.add_argument("--seed", type=whole(0), help="of the faces' folds (default: 0)")
    command.add_argument("--points", action="store_true", help="a row for each landmark too")
    command.add_argument("--threads", type=whole(1, 1024), metavar="N", help="default: every processor")
    command.add_argument("--device", default="cpu", help="cpu, or what the backend knows (default: cpu)")
    command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Pair the faces, fit, write, and say how good it is."""
    from flmcore.evaluation.store import prepare_folder
    from flmcore.report.fitted import fitted_notes, fitted_table

    _check(options)
    prepare_folder(options.out.parent)
    pairs = _pairs(options)
    fitted, how = _fit(options, pairs)
    fitted.save(options.out)
    for reason, count in pairs.left_out.items():
        warn(f"{count} face{'s' * (count != 1)} left out: {reason}")
    about = f"{len(pairs.pred)} faces in {len(set(pairs.images))} images, {how}"
    say(f"{options.out}: {fitted.source} → {fitted.target}, {about}")
    terminal().print(fitted_table(fitted, points=options.points))
    for note in fitted_notes(fitted):
        say(f" {note}")
    return 0


def _fit(options: argparse.Namespace, pairs: FacePairs) -> tuple[FittedRemap, str]:
    """The mapping, and how it was cross-validated."""
    from flmcore.evaluation.fit_offsets import fit_offsets
    from flmcore.evaluation.fit_remap import fit_remap

    if options.offsets:
        fitted = fit_offsets(
            pairs.pred, pairs.truth, source=pairs.source, target=pairs.target, groups=pairs.images
        )
        return fitted, fitted.origins[0].partition(", ")[2].partition(";")[0]
    folds, seed = options.folds or 5, options.seed or 0
    fitted = fit_remap(
        pairs.pred,
        pairs.truth,
        source=pairs.source,
        target=pairs.target,
        folds=folds,
        seed=seed,
        groups=pairs.images,
    )
    return fitted, f"{folds} folds, seed {seed}"


def _check(options: argparse.Namespace) -> None:
    wanted = "TRUTH alone beside --detector" if options.detector else "PREDICTIONS and TRUTH"
    if len(options.paths) != (1 if options.detector else 2):
        msg = f"paths: expected {wanted}, got {len(options.paths)} paths"
        raise ValueError(msg)
    if options.detector and options.source is not None:
        msg = f"--from: expected none beside --detector, which has its own scheme, got {options.source!r}"
        raise ValueError(msg)
    if options.weights is not None and not options.detector:
        msg = f"--weights: expected --detector beside it, got {options.weights!r} alone"
        raise ValueError(msg)
    for name in ("folds", "seed"):
        if options.offsets and getattr(options, name) is not None:
            msg = f"--{name}: expected none beside --offsets, whose errors leave out each image, got {getattr(options, name)}"
            raise ValueError(msg)
    if options.out.is_dir():
        msg = f"--out: expected a file to write, got the folder {options.out}"
        raise ValueError(msg)


def _pairs(options: argparse.Namespace) -> FacePairs:
    from flmcore.data.truth import read_dataset
    from flmcore.evaluation.fit_faces import detect_pairs, match_pairs

    dataset = read_dataset(options.paths[-1], scheme=options.target)
    if not options.detector:
        from flmcore.evaluation.predictions import read_predictions

        return match_pairs(read_predictions(options.paths[0], options.source), dataset.faces)
    from flmcore.detectors.load import load_detector

    detector = load_detector(
        options.detector, weights=options.weights, device=options.device, threads=options.threads
    )
    with progress_bar() as progress:
        return detect_pairs(detector, dataset, progress)
