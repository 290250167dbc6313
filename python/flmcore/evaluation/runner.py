"""``flmcore.evaluate``: from arguments to results."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flmcore.evaluation.accuracy.plan import plan_accuracy
from flmcore.evaluation.box_source import BoxesOption, open_boxes
from flmcore.evaluation.cause_options import cause_protocol, read_attribution, read_causes
from flmcore.evaluation.chosen import load_detectors, on_one_thread
from flmcore.evaluation.collect import collect
from flmcore.evaluation.dataset_input import dataset_images, dataset_problems, dataset_truth, open_dataset
from flmcore.evaluation.identity import digests, run_identity
from flmcore.evaluation.inputs import FACE_CHOICES, Problem, collect_sources
from flmcore.evaluation.landmarks import common_scheme
from flmcore.evaluation.results import Results
from flmcore.evaluation.run import Progress, Run
from flmcore.evaluation.store import Journal, Memory, prepare_folder, refuse_other
from flmcore.evaluation.sweep import make_sweeps
from flmcore.evaluation.truth import Truth

if TYPE_CHECKING:
    from flmcore.detectors.base import Detector
    from flmcore.detectors.finders import Finder

__all__ = ["EvaluationInterrupted", "carry_out", "evaluate", "finished_results"]

PathLike = str | os.PathLike[str]


class EvaluationInterrupted(KeyboardInterrupt):
    """Ctrl-C during a run; ``results`` has what was finished."""

    def __init__(self, results: Results) -> None:
        super().__init__("interrupted")
        self.results = results


def evaluate(
    images: Any,
    detectors: PathLike | Detector | Sequence[PathLike | Detector],
    *,
    sweep: str = "shift",
    frames: int = 128,
    seed: int = 0,
    boxes: BoxesOption = None,
    box_kind: str = "landmarks",
    truth: Truth | None = None,
    truth_scheme: str | None = None,
    format: str | None = None,
    faces: str = "largest",
    interocular: Mapping[str, Sequence[float]] | None = None,
    batch: int = 32,
    threads: int | None = None,
    device: str = "cpu",
    weights: Mapping[str, PathLike] | None = None,
    mappings: Mapping[str, PathLike] | None = None,
    limit: int | None = None,
    speed: bool = True,
    redecode: bool = False,
    smooth: float | None = None,
    attribute: str | Finder | None = None,
    out: PathLike | None = None,
    resume: bool = False,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Results:
    """Compare detectors on still images seen through a sweep of windows.

    Each face is seen through two times ``frames`` windows of each detector's own crop rule. Jitter is read from a
    smooth path of windows; spread, window gain and residual from random ones (``docs/definitions.md``). One image, or
    one detector on one image, that cannot be measured never ends the run: it is listed in ``results.problems``.

    Args:
        images: a path, a folder, a uint8 array of shape (H, W, 3) in RGB, or a sequence of these; or a data set: from
            ``flmcore.data.truth.read_dataset``, or its path where ``format`` says so.
        detectors: names, paths of configs, or loaded detectors; one or a sequence.
        sweep: ``shift``, ``scale``, ``rotate``, ``noise``, ``jpeg``, ``brightness``, or ``all`` of them; the table is
            then about ``shift``, and each has its own rows in ``results.causes["sweeps"]``.
        frames: windows in each of the two parts.
        seed: of the random windows and of the bootstrap.
        boxes: face boxes, ``x0, y0, x1, y1`` in edge coordinates: a file for ``flmcore.data.boxes.read_boxes``, a
            mapping from image name to (N, 4), or one (N, 4) per image; or who finds them: a finder or its name
            (``flmcore.detectors.finders.names()``); or ``truth``. None is Dlib's frontal face detector.
        box_kind: what given boxes frame (``docs/boxes.md``); by default the landmarks, brows to chin.
        truth: with ``boxes="truth"``, true landmarks: a file or folder for ``flmcore.data.truth.read_truth``, or pairs
            of image name and (K, 2). Boxes are tight around these, and figures are in per cent of the distance between
            the true outer eye corners, where its scheme has them. The
            landmarks seen through the undisturbed window are compared with the true ones: NME, failure rate, AUC
            (``docs/definitions.md``).
        truth_scheme: scheme of the truth, where the file or the data set does not decide it itself.
        format: of the data set that ``images`` names (``docs/datasets.md``), or ``auto`` to look whether it is one; None:
            it is images. The images of a data set that have faces are used, and boxes are those of the truth unless
            ``boxes`` says otherwise.
        faces: of several faces that were *found* in an image, use the ``largest`` or ``all``. Given boxes are all used.
        interocular: true distance of the outer eye corners in pixels, per image name, one number per box. Without it
            each detector's mean landmarks give the distance.
        batch: windows per inference.
        threads: for crops and inference of the sweep; None is every processor. Latency is that of one thread, whatever
            this says, so that it can be compared (a detector that comes loaded is timed as it is).
        device: ``cpu``, or what the backend knows.
        weights: file, or folder to look in, per detector's name, for detectors given by name or path.
        mappings: likewise a mapping's file that translates its landmarks (``docs/detectors.md``), in place of the config's;
            ``none`` leaves that one out.
        limit: use only the first so many images.
        speed: measure latency too.
        redecode: decode each network's outputs with every decoder that fits them too.
        smooth: lag in milliseconds that smoothing filters may have; says what each would make of the sweep ``shift``
            at 30 frames a second.
        attribute: a face finder or its name; says which share of the jitter is owed to its boxes, to resampling, the
            decoder and the network.
        out: folder for the result files, written at the end, and for the journal that ``resume`` carries on from.
        resume: carry on a run that ``out`` holds; ResultsError where it is another run.
        restart: drop an unfinished run that ``out`` holds.
        progress: called before each piece.

    Raises:
        ValueError, TypeError: an argument is not what it must be; a path does not exist.
        ConfigError, WeightsError, MissingExtraError: a detector cannot be loaded, or no face finder is installed.
        ResultsError: ``out`` cannot be written to, or holds another run.
        EvaluationInterrupted: Ctrl-C; its ``results`` has what was finished.
    """
    plan, *more_sweeps = make_sweeps(sweep, frames=frames, seed=seed)
    causes = read_causes(redecode=redecode, smooth=smooth, sweep=plan.name)
    attribution = read_attribution(attribute, plan.name)
    _check_options(faces, batch, limit)
    folder = None if out is None else Path(out)
    if folder is not None:
        prepare_folder(folder)
    loaded = load_detectors(detectors, weights=weights, mappings=mappings, device=device, threads=threads)
    dataset = open_dataset(images, None if format == "auto" and truth is not None else format, truth_scheme)
    sources = collect_sources(images if dataset is None else dataset_images(dataset))[:limit]
    marks = None
    if dataset is not None and truth is None:
        truth, boxes, marks = dataset_truth(dataset, boxes, sources)
    origin = open_boxes(sources, boxes=boxes, box_kind=box_kind, truth=truth, truth_scheme=truth_scheme)
    truth_points = origin.truth or marks
    interocular = origin.interocular if interocular is None else interocular
    common = common_scheme([detector.scheme for detector in loaded])
    settings: dict[str, Any] = {
        "interocular": interocular,
        "batch": batch,
        "threads": threads,
        "device": device,
    }
    chosen = "given boxes" if origin.find is None else {"choice": faces}
    protocol = {"sweep": plan.describe(), "boxes": origin.about, "faces": chosen, "common_scheme": common}
    protocol |= _FIXED | settings | cause_protocol(causes, [plan, *more_sweeps], attribution)
    if truth_points is not None:
        protocol["truth"] = {**truth_points.describe(), "format": None if dataset is None else dataset.format}
    true_schemes = [truth_points.scheme] if truth_points is not None and truth_points.scheme else []
    accuracy = plan_accuracy(true_schemes, {detector.name: detector.scheme for detector in loaded})
    if accuracy is not None:
        protocol["accuracy"] = accuracy.describe()
    identity = run_identity(protocol, loaded, sources, origin.given)
    if (
        folder is not None
        and resume
        and not restart
        and (done := finished_results(folder, identity)) is not None
    ):
        return done
    run = Run(
        sweep=plan,
        detectors=loaded,
        sources=sources,
        journal=Memory() if folder is None else Journal(folder, identity, resume=resume, restart=restart),
        common=common,
        more_sweeps=more_sweeps,
        causes=causes,
        attribution=attribution,
        given=origin.given,
        find=origin.find,
        faces=faces,
        interocular=interocular,
        truth_points=truth_points,
        batch=batch,
        threads=threads,
        accuracy=accuracy,
        speed=speed,
        timed=on_one_thread(detectors, loaded, device, weights, mappings),
        progress=progress,
    )
    # With a limit, boxes of the images beyond it are no mistake.
    notes = (
        [] if limit is not None else [Problem(name, _UNUSED, "boxes", note=True) for name in origin.unused]
    )
    notes += [] if dataset is None else dataset_problems(dataset)
    return carry_out(
        run.measure,
        lambda timing, complete: collect(run, identity, notes, timing, complete=complete),
        lambda results: None if folder is None else results.write(folder),
        run.journal,
    )


_FIXED = {"normaliser": "interocular", "sampling_unit": "image", "intervals": "95 % bootstrap over images"}
_UNUSED = "named in the boxes, but not among the images"


def _check_options(faces: str, batch: int, limit: int | None) -> None:
    if faces not in FACE_CHOICES:
        msg = f"faces: expected one of {', '.join(FACE_CHOICES)}, got {faces!r}"
        raise ValueError(msg)
    for name, value in (("batch", batch), ("limit", limit)):
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            msg = f"{name}: expected a whole number from 1, got {value!r}"
            raise ValueError(msg)


def finished_results(folder: Path, identity: Mapping[str, Any], *, key: str | None = None) -> Results | None:
    """The results in ``folder`` where they are complete and of this run; None where there are none yet.

    ``key`` is the part of the results whose identity it is; None for the results themselves.
    """
    file = folder / "results.json"
    if (folder / "partial").is_dir() or not file.exists():
        return None
    results = Results.from_json(file)
    part = results.data if key is None else results.data.get(key)
    if part is None:
        return None
    refuse_other(folder, part["identity"], digests(identity))
    return results if results.complete else None


def carry_out(
    measure: Callable[[], None],
    collected: Callable[[dict[str, Any], bool], Results],
    write: Callable[[Results], object],
    journal: Memory,
) -> Results:
    """Measure, collect, write. After Ctrl-C what is finished is collected and written, and the journal stays.

    Args:
        measure: the run itself.
        collected: results of what the journal has, given start and seconds, and whether all of it is there.
        write: puts them where they are asked for.
        journal: of the run.
    """
    started, clock = datetime.datetime.now(datetime.timezone.utc), time.perf_counter()
    complete = False
    try:
        measure()
        complete = True
    except KeyboardInterrupt:
        pass
    timing = {
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 3),
    }
    results = collected(timing, complete)
    write(results)
    if not complete:
        raise EvaluationInterrupted(results)
    journal.close()
    return results
