"""One detector through one clip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.video import Frame
from flmcore.evaluation.accuracy.plan import AccuracyPlan
from flmcore.evaluation.landmarks import to_scheme
from flmcore.evaluation.measure import Measurable
from flmcore.evaluation.video.boxes import VideoBoxes, rows_of
from flmcore.evaluation.video.frame_truth import choose_face, in_scheme, true_distance
from flmcore.evaluation.video.look import Look
from flmcore.evaluation.video.measures import ClipMeasures, Seen
from flmcore.evaluation.video.sources import ClipSource
from flmcore.evaluation.video.tracking import Tracker
from flmcore.ops.flow import FlowPyramid, track_points

__all__ = ["Pass", "flow_window", "measure_clip"]

Floats = NDArray[np.float64]
_HOLD_S = 1.0  # seconds that a track may go on before the finder sees the face in it again


@dataclass(frozen=True)
class Pass:
    """What a pass over a clip needs beside the detector."""

    source: ClipSource
    look: Look
    boxes: VideoBoxes
    alone: bool
    common: str | None
    plan: AccuracyPlan | None
    threads: int | None
    shown: tuple[int, int]  # first and last frame whose landmarks are kept


@dataclass
class _State:
    """What one frame leaves to the next."""

    pyramid: FlowPyramid | None = None
    points: Floats | None = None
    common: Floats | None = None
    held: list[Seen] = field(default_factory=list)  # tracked frames that the finder has not confirmed yet
    failures: Counter[str] = field(default_factory=Counter)


def flow_window(boxes: Floats) -> int:
    """Side of the patch that optical flow looks at: an eighth of the median face's side, odd, 7 to 63 pixels.

    That is about a fifth of the distance between the outer eye corners. It is the same for all detectors on a clip.
    """
    sides = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
    sides = sides[np.isfinite(sides)]
    side = float(np.median(sides)) / 8 if len(sides) else 21.0
    return int(min(max(2 * round((side - 1) / 2) + 1, 7), 63))


def measure_clip(
    detector: Measurable, task: Pass, tick: Callable[[float], None]
) -> tuple[dict[str, Any], NDArray[np.float32]]:
    """Figures for ``results.json``, and landmarks (n, K, 2) in image pixels of the frames to be shown."""
    look, clip, state = task.look, task.source.open(), _State()
    measures = ClipMeasures(detector, look.rate, task.common, task.plan)
    size = (look.about["width"], look.about["height"])
    tracker = Tracker(detector.scheme, size) if task.boxes.track else None
    window = flow_window(look.boxes)
    first, last = task.shown
    shown = np.full((last - first + 1, detector.landmark_count, 2), np.nan, np.float32)
    for number, frame in enumerate(clip.frames()):
        tick(frame.time)
        box, held = _box(tracker, look, number)
        _settle(state, measures, frame.time, confirmed=held, tracked=tracker is not None)
        points = _detect(detector, frame, box, task, state)
        if tracker is not None and box is not None and (points is None or not tracker.take(points)):
            tracker.drop()
            points = None
            _settle(state, measures, frame.time, confirmed=False, tracked=True)
        if points is not None and first <= number <= last:
            shown[number - first] = points
        if held is False:
            state.points = state.common = None  # another place than the frame before: no step leads there
            measures.add(Seen(frame.time, None))
            continue
        state.held.append(_seen(detector, frame, points, box, task, state, window))
        if tracker is None:
            _flush(state, measures)
    _flush(state, measures)
    values = measures.values()
    values["window_px"], values["tracks_lost"] = window, None if tracker is None else tracker.lost
    values["failed"] = dict(state.failures)
    return values, shown


def _box(tracker: Tracker | None, look: Look, number: int) -> tuple[Floats | None, bool | None]:
    """The box of a frame; and of a track whether it is confirmed (None: not looked, or no face found)."""
    row = look.boxes[number]
    if tracker is None:
        return (row if np.isfinite(row).all() else None), None
    return tracker.box(row if look.checked[number] else None)


def _settle(
    state: _State, measures: ClipMeasures, time: float, *, confirmed: bool | None, tracked: bool
) -> None:
    """Frames of a track count once the finder sees the face in it; where it does not, they are a gap."""
    if not tracked:
        return
    if confirmed:
        _flush(state, measures)
    elif confirmed is False:
        state.held = [seen.missing() for seen in state.held]
        _flush(state, measures)
    elif state.held and time - state.held[0].time > _HOLD_S:
        measures.add(state.held.pop(0).missing())


def _flush(state: _State, measures: ClipMeasures) -> None:
    for seen in state.held:
        measures.add(seen)
    state.held = []


def _detect(
    detector: Measurable, frame: Frame, box: Floats | None, task: Pass, state: _State
) -> Floats | None:
    """(K, 2) landmarks in image pixels; None without a box, or where nothing came of it."""
    if box is None:
        return None
    try:
        window = np.asarray(detector.windows([box.tolist()]), dtype=np.float64)
        inputs = detector.crop(frame.image, window, threads=task.threads)
        points = np.asarray(
            detector.to_image(detector.decode(detector.infer(inputs))[0], window), dtype=np.float64
        )[0]
    except Exception as error:  # noqa: BLE001 - whatever a detector does to one frame, the others go on
        state.failures[" ".join(str(error).split()) or type(error).__name__] += 1
        return None
    points = np.where(np.isfinite(points).all(axis=1, keepdims=True), points, np.nan)
    if np.isnan(points).all():
        state.failures["no finite landmark"] += 1
        return None
    return points


def _seen(
    detector: Measurable,
    frame: Frame,
    points: Floats | None,
    box: Floats | None,
    task: Pass,
    state: _State,
    window: int,
) -> Seen:
    """The frame with its flow and truth; what the next one needs is put into ``state``."""
    if points is None or box is None:
        state.pyramid = state.points = state.common = None
        return Seen(frame.time, None)
    apart = task.common is not None and task.common != detector.scheme
    common = to_scheme(points[None], detector.scheme, str(task.common))[0] if apart else None
    pyramid = FlowPyramid(frame.image, threads=task.threads)
    flow = None
    if state.points is not None and state.pyramid is not None:
        flow = _flow(state.pyramid, pyramid, state.points, state.common, window, task.threads)
    truth, distance = _truth(detector, frame, box, task)
    state.pyramid, state.points, state.common = pyramid, points, common
    return Seen(frame.time, points, common, flow, truth, distance)


def _flow(
    was: FlowPyramid,
    now: FlowPyramid,
    points: Floats,
    common: Floats | None,
    window: int,
    threads: int | None,
) -> tuple[Floats, Floats | None]:
    """Where the picture under both sets of landmarks went."""
    asked = points if common is None else np.concatenate([points, common])
    found = track_points(was, now, asked, window=window, threads=threads).points
    return found[: len(points)], None if common is None else found[len(points) :]


def _truth(detector: Measurable, frame: Frame, box: Floats, task: Pass) -> tuple[Floats | None, float]:
    """The true landmarks that the detector is compared on, and the true face's normaliser."""
    plan, faces = task.plan, task.boxes.truth
    target = None if plan is None else plan.points[detector.name]
    if plan is None or faces is None or target is None:
        return None, float("nan")
    face = choose_face(rows_of(faces, task.source, frame.name, alone=task.alone), box)
    if face is None:
        return None, float("nan")
    points = np.asarray(face.points, dtype=np.float64)
    return in_scheme(points, face.scheme, target), true_distance(face, plan)
