"""``flmcore.evaluate_video``: from arguments to results."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flmcore.evaluation.accuracy.plan import AccuracyPlan, plan_accuracy
from flmcore.evaluation.chosen import load_detectors
from flmcore.evaluation.identity import run_identity
from flmcore.evaluation.landmarks import common_scheme
from flmcore.evaluation.results import Results
from flmcore.evaluation.run import Progress
from flmcore.evaluation.runner import carry_out, finished_results
from flmcore.evaluation.store import Journal, Memory, prepare_folder
from flmcore.evaluation.truth import Truth
from flmcore.evaluation.video.against_truth import NAD_FRAMES
from flmcore.evaluation.video.boxes import VideoBoxes, VideoBoxesOption, open_video_boxes
from flmcore.evaluation.video.collect import check_still, collect_video, write_tracks
from flmcore.evaluation.video.look import CHECK_S
from flmcore.evaluation.video.run import VideoRun
from flmcore.evaluation.video.sources import Span, collect_clips

if TYPE_CHECKING:
    from flmcore.detectors.base import Detector
    from flmcore.detectors.finders import Finder

__all__ = ["evaluate_video"]

PathLike = str | os.PathLike[str]


def evaluate_video(
    clips: PathLike | Sequence[PathLike],
    detectors: PathLike | Detector | Sequence[PathLike | Detector],
    *,
    fps: float | None = None,
    start: float = 0.0,
    stop: float | None = None,
    frames_max: int | None = None,
    seed: int = 0,
    boxes: VideoBoxesOption = None,
    finder: str | Finder | None = None,
    box_kind: str = "landmarks",
    truth: Truth | None = None,
    truth_scheme: str | None = None,
    still: Results | PathLike | None = None,
    threads: int | None = None,
    device: str = "cpu",
    weights: Mapping[str, PathLike] | None = None,
    mappings: Mapping[str, PathLike] | None = None,
    out: PathLike | None = None,
    resume: bool = False,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Results:
    """Compare detectors on clips: acceleration, flow-compensated jitter, high-frequency share (``docs/video.md``).

    One face of each clip is followed, the same for all detectors. Frames are read one at a time, so that an hour takes no
    more memory than a minute. One clip, or one detector on one clip, that cannot be measured never ends the run: it is
    listed in ``results.problems``. The sampling unit is the clip.

    Args:
        clips: video files and folders of frames; one path or a sequence.
        detectors: names, paths of configs, or loaded detectors; one or a sequence.
        fps: frames per second of folders of frames.
        start, stop: seconds from each clip's first frame; frames outside are left out.
        frames_max: use only so many frames of each clip.
        seed: of the bootstrap.
        boxes: who finds the face in each frame: a finder or its name (None: Dlib's); ``track``: the box follows from
            each detector's own landmarks of the frame before; ``truth``; or a file for
            ``flmcore.data.boxes.read_boxes`` or a mapping from frame to boxes. A frame is named ``CLIP/FRAME``, with one
            clip also ``FRAME``: a file's name in a folder of frames, else the frame's number from 0.
        finder: with ``boxes="track"``, who finds the face to begin with, and looks every 0.25 s whether it is there.
        box_kind: what given boxes frame (``docs/boxes.md``).
        truth: true landmarks, frames named as for ``boxes``: a file or folder for
            ``flmcore.data.truth.read_truth``, or pairs of frame and (K, 2). Gives NME, NMF and NAD(m).
        truth_scheme: scheme of the truth, where the file does not decide it itself.
        still: results of the same detectors on still images, or their file or folder; they are kept in these results, and
            the two orders of detectors are compared.
        threads: for crops, flow and inference; None is every processor. Results do not depend on it.
        device: ``cpu``, or what the backend knows.
        weights: file, or folder to look in, per detector's name.
        mappings: file of a mapping that translates its landmarks, likewise; ``none`` leaves the config's out.
        out: folder for the result files and the journal that ``resume`` carries on from.
        resume: carry on a run that ``out`` holds; ResultsError where it is another run.
        restart: drop an unfinished run that ``out`` holds.
        progress: called while frames are measured.

    Raises:
        ValueError, TypeError: an argument is not what it must be; a path does not exist.
        ClipError: a folder without frames.
        ConfigError, WeightsError, MissingExtraError: a detector cannot be loaded, PyAV or a face finder is missing.
        ResultsError: ``out`` cannot be written to or holds another run; ``still`` is of other detectors.
        EvaluationInterrupted: Ctrl-C; its ``results`` has what was finished.
    """
    folder = None if out is None else Path(out)
    span = Span(fps, start, stop, frames_max)
    sources = collect_clips(clips, span)
    if folder is not None:
        prepare_folder(folder)
    origin = open_video_boxes(boxes, finder=finder, box_kind=box_kind, truth=truth, truth_scheme=truth_scheme)
    loaded = load_detectors(detectors, weights=weights, mappings=mappings, device=device, threads=threads)
    beside = None
    if still is not None:
        beside = still if isinstance(still, Results) else Results.from_json(still)
        check_still(
            beside,
            [d.describe() for d in loaded],
            "still" if isinstance(still, Results) else os.fspath(still),
        )
    plan = _plan(origin, loaded)
    common = common_scheme([detector.scheme for detector in loaded])
    protocol: dict[str, Any] = {
        "boxes": {**origin.about, "check_s": CHECK_S if origin.track else None},
        "common_scheme": common,
        "span": {"fps": fps, "start_s": start, "stop_s": stop, "frames_max": frames_max},
        "sampling_unit": "clip",
        "seed": seed,
        "accuracy": None if plan is None else {**plan.describe(), "nad_frames": list(NAD_FRAMES)},
        "device": device,
    }
    identity = run_identity(protocol, loaded, (), origin.given)
    identity["clips"] = [{"clip": source.id, "sha256": source.digest} for source in sources]
    identity["truth"] = _truth_of(origin)
    identity["still"] = None if beside is None else beside.data["identity"]
    if folder is not None and resume and not restart:
        done = finished_results(folder, identity, key="video")
        if done is not None:
            return done
    journal = Memory() if folder is None else Journal(folder, identity, resume=resume, restart=restart)
    run = VideoRun(sources, loaded, origin, common, plan, journal, threads, progress)

    def write(results: Results) -> None:
        if folder is not None:
            write_tracks(run, results, folder)
            results.write(folder)

    return carry_out(
        run.measure,
        lambda timing, complete: collect_video(run, identity, timing, beside, complete=complete),
        write,
        journal,
    )


def _plan(origin: VideoBoxes, detectors: Sequence[Detector]) -> AccuracyPlan | None:
    if origin.truth is None:
        return None
    names = dict.fromkeys(face.scheme for faces in origin.truth.values() for face in faces)
    return plan_accuracy([name for name in names if name], {d.name: d.scheme for d in detectors})


def _truth_of(origin: VideoBoxes) -> Any:
    if origin.truth is None:
        return None
    return {name: [face.points.tolist() for face in faces] for name, faces in origin.truth.items()}
