"""Every detector over every clip; each finished piece goes to the journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flmcore.errors import ClipError
from flmcore.evaluation.accuracy.plan import AccuracyPlan
from flmcore.evaluation.inputs import Problem
from flmcore.evaluation.measure import Measurable
from flmcore.evaluation.run import Progress, one_line
from flmcore.evaluation.store import Memory
from flmcore.evaluation.video.boxes import VideoBoxes
from flmcore.evaluation.video.look import Look, look_at
from flmcore.evaluation.video.shown import in_view, shown_span, views
from flmcore.evaluation.video.sources import ClipSource
from flmcore.evaluation.video.tracking import frames_a_face
from flmcore.evaluation.video.unit import Pass, measure_clip

__all__ = ["VideoRun", "look_key", "unit_key", "view_key"]

_STEPS = 1000  # of a pass, for the progress bar
_EVERY_S = 0.2  # seconds between two reports


@dataclass
class VideoRun:
    """What is measured, on what, and how; the journal knows what is finished."""

    sources: Sequence[ClipSource]
    detectors: Sequence[Measurable]
    boxes: VideoBoxes
    common: str | None
    plan: AccuracyPlan | None
    journal: Memory
    threads: int | None = None
    progress: Callable[[Progress], None] | None = None

    def measure(self) -> None:
        """Whatever the journal does not have yet: each clip looked at, a view of it, then each detector on it."""
        for index, source in enumerate(self.sources):
            look = self._look(index, source)
            if look is None:
                continue
            self._view(index, source, look)
            for number, detector in enumerate(self.detectors):
                if unit_key(source.id, detector.name) not in self.journal.entries:
                    self._measure(index, number, source, look, detector)
        self._tell(len(self.sources) * (len(self.detectors) + 1) * _STEPS, "done")

    def _look(self, index: int, source: ClipSource) -> Look | None:
        key = look_key(source.id)
        entry = self.journal.entries.get(key)
        arrays = self.journal.arrays(key)
        if entry is not None and ("problem" in entry or "boxes" in arrays):
            return None if "problem" in entry else Look(entry, **arrays)
        tick = self._ticker(index, 0, f"{source.id}: looking for the face", None)
        try:
            look = look_at(source, self.boxes, alone=len(self.sources) == 1, tick=tick)
        except (ClipError, OSError) as error:
            problem = Problem(source.id, one_line(error), "clip").to_dict()
            self.journal.put(key, {"problem": problem})
            return None
        self.journal.put(key, look.about, arrays=look.arrays())
        return Look(self.journal.entries[key], **look.arrays())

    def _view(self, index: int, source: ClipSource, look: Look) -> None:
        key = view_key(source.id)
        if key not in self.journal.entries or not self.journal.arrays(key):
            self._tell(index * (len(self.detectors) + 1) * _STEPS, f"{source.id}: pictures for the page")
            self.journal.put(key, {}, arrays=views(source, look, self.threads))

    def _measure(self, index: int, number: int, source: ClipSource, look: Look, detector: Measurable) -> None:
        key = unit_key(source.id, detector.name)

        def fail(reason: str) -> None:
            problem = Problem(source.id, reason, "detector", detector=detector.name)
            self.journal.put(key, {"problem": problem.to_dict()})

        if self.boxes.track and not frames_a_face(detector.scheme):
            return fail(
                f"its landmarks ({detector.scheme}) frame no face, so that no box can follow from them"
            )
        if not np.isfinite(look.boxes[:, 0]).any():
            return fail("no face found in the clip")
        alone = len(self.sources) == 1
        span = shown_span(look)
        task = Pass(source, look, self.boxes, alone, self.common, self.plan, self.threads, span)
        begun = time.perf_counter()
        tick = self._ticker(index, number + 1, f"{source.id}: {detector.name}", look)
        try:
            values, points = measure_clip(detector, task, tick)
        except Exception as error:  # noqa: BLE001 - nor may a detector's failure on one clip end the run
            return fail(one_line(error))
        if not values["frames_measured"]:
            reasons = "; ".join(values["failed"]) or "its landmarks were nowhere a face"
            return fail(f"no frame could be measured: {reasons}")
        seconds = time.perf_counter() - begun
        view = self.journal.arrays(view_key(source.id))["view"]
        self.journal.put(
            key, {"values": values, "seconds": round(seconds, 3)}, arrays={"points": in_view(points, view)}
        )
        return None

    def _ticker(self, index: int, place: int, doing: str, look: Look | None) -> Callable[[float], None]:
        """Reports frames a second and how far a pass is; a clip's length is known once it was looked at."""
        begun = time.perf_counter()
        seen, reported = 0, 0.0
        start = (index * (len(self.detectors) + 1) + place) * _STEPS
        total = None if look is None else look.about["frames"]

        def tick(_: float) -> None:
            nonlocal seen, reported
            seen += 1
            passed = time.perf_counter() - begun
            if self.progress is None or passed - reported < _EVERY_S:
                return
            reported = passed
            share = 0 if total is None else min(seen / total, 1.0)
            self._tell(start + int(share * _STEPS), f"{doing}, {seen / passed:.0f} frames/s")

        return tick

    def _tell(self, done: int, doing: str) -> None:
        if self.progress is not None:
            total = len(self.sources) * (len(self.detectors) + 1) * _STEPS
            self.progress(Progress(done, total, doing))

    def units(self) -> Iterator[tuple[ClipSource, Measurable, Mapping[str, Any]]]:
        """Finished pieces in the order of clips and detectors."""
        for source in self.sources:
            for detector in self.detectors:
                entry = self.journal.entries.get(unit_key(source.id, detector.name))
                if entry is not None:
                    yield source, detector, entry


def look_key(clip: str) -> str:
    """The journal's name of the first pass over a clip."""
    return f"look|{clip}"


def view_key(clip: str) -> str:
    """Of the pictures of a clip."""
    return f"view|{clip}"


def unit_key(clip: str, detector: str) -> str:
    """Of one detector on one clip."""
    return f"video|{clip}|{detector}"
