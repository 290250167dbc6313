"""One pass over the images; every finished piece goes to the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import ImageError
from flmcore.evaluation.accuracy.plan import AccuracyPlan
from flmcore.evaluation.accuracy.redecoded import compare_with_truth
from flmcore.evaluation.attribution import Attribution
from flmcore.evaluation.inputs import Boxes, FindFaces, Problem, Source, faces_of, open_image, true_distance
from flmcore.evaluation.landmarks import has_eye_corners
from flmcore.evaluation.measure import Measurable, measure_face, sweep_windows
from flmcore.evaluation.more_sweeps import measure_sweeps
from flmcore.evaluation.overlays import face_picture
from flmcore.evaluation.probe import Causes
from flmcore.evaluation.speed import measure_speed
from flmcore.evaluation.store import Memory
from flmcore.evaluation.sweep import Sweep
from flmcore.evaluation.truth import TruthPoints

__all__ = ["Progress", "Run"]

OVERLAYS = 6  # images whose landmark clouds are kept for the figures


@dataclass(frozen=True)
class Progress:
    """How far a run is: ``done`` of ``total`` pieces, and what comes next."""

    done: int
    total: int
    doing: str


@dataclass
class Run:
    """What is measured, on what, and how; the journal knows what is finished."""

    sweep: Sweep
    detectors: Sequence[Measurable]
    sources: Sequence[Source]
    journal: Memory
    common: str | None
    more_sweeps: Sequence[Sweep] = ()
    causes: Causes | None = None
    attribution: Attribution | None = None
    given: Boxes | None = None
    find: FindFaces | None = None
    faces: str = "largest"
    interocular: Mapping[str, Sequence[float]] | None = None
    truth_points: TruthPoints | None = None  # by image id and number of the face
    batch: int = 32
    threads: int | None = None
    accuracy: AccuracyPlan | None = None
    speed: bool = True
    timed: Callable[[Measurable], Measurable] | None = None  # what to time in a detector's place
    progress: Callable[[Progress], None] | None = None

    @property
    def sweep_names(self) -> list[str]:
        """Every sweep of the run; the first is the one that the table is about."""
        return [self.sweep.name, *(sweep.name for sweep in self.more_sweeps)]

    def measure(self) -> None:
        """Whatever the journal does not have yet: faces, then each detector on each, then speed."""
        shown = 0
        for index, source in enumerate(self.sources):
            self._tell(index * len(self.detectors), source.id)
            image: NDArray[np.uint8] | None = None
            entry = self.journal.entries.get(f"image|{source.id}")
            if entry is None:
                entry, image = self._look(source, picture=shown < OVERLAYS)
            pending = list(self._pending(source, entry))
            if pending and image is None:
                image = open_image(source)
            for number, (face, box, detector) in enumerate(pending):
                assert image is not None
                done = len(self.detectors) * (index + number / len(pending))
                self._tell(int(done), f"{source.id}: {detector.name}")
                cloud = shown < OVERLAYS and face == entry["faces"][0]["face"]
                self._measure(source, image, face, box, detector, keep_cloud=cloud)
            shown += bool(entry["faces"])
        if self.speed:
            self._measure_speeds()
        self._tell(len(self.sources) * len(self.detectors), "done")

    def _tell(self, done: int, doing: str) -> None:
        if self.progress is not None:
            self.progress(Progress(done, len(self.sources) * len(self.detectors), doing))

    def _look(self, source: Source, *, picture: bool) -> tuple[dict[str, Any], NDArray[np.uint8] | None]:
        """Open an image and find its faces; what goes wrong becomes the image's problems."""
        entry: dict[str, Any] = {"width": None, "height": None, "faces": [], "problems": []}
        arrays: dict[str, NDArray[Any]] = {}
        image: NDArray[np.uint8] | None = None
        try:
            image = open_image(source)
        except ImageError as error:
            problems = [Problem(source.id, str(error), "unreadable")]
        else:
            entry["height"], entry["width"] = image.shape[:2]
            faces, problems = self._faces(source, image)
            entry["faces"] = [{"face": face, "box": box} for face, box in faces.items()]
            if faces and picture:
                arrays = face_picture(image, entry["faces"][0]["box"], self.threads)
        entry["problems"] = [problem.to_dict() for problem in problems]
        return self.journal.put(f"image|{source.id}", entry, arrays=arrays), image

    def _faces(
        self, source: Source, image: NDArray[np.uint8]
    ) -> tuple[dict[int, list[float]], list[Problem]]:
        try:
            return faces_of(source, image, self.given, self.find, self.faces)
        except Exception as error:  # noqa: BLE001 - whatever a finder does to one image, the others go on
            return {}, [Problem(source.id, f"face finder: {one_line(error)}", "no-face")]

    def _pending(
        self, source: Source, entry: Mapping[str, Any]
    ) -> Iterator[tuple[int, list[float], Measurable]]:
        # Those whose landmarks give the normaliser first: they may have to lend it.
        ordered = sorted(self.detectors, key=lambda detector: not has_eye_corners(detector.scheme))
        for row in entry["faces"]:
            for detector in ordered:
                if unit_key(source.id, row["face"], detector.name) not in self.journal.entries:
                    yield row["face"], row["box"], detector

    def _measure(
        self,
        source: Source,
        image: NDArray[np.uint8],
        face: int,
        box: list[float],
        detector: Measurable,
        *,
        keep_cloud: bool,
    ) -> None:
        key = unit_key(source.id, face, detector.name)
        try:
            measured = measure_face(
                detector,
                image,
                box,
                self.sweep,
                common=self.common,
                batch=self.batch,
                threads=self.threads,
                interocular=true_distance(self.interocular, source.id, face),
                lent=self._lent(source, face),
                causes=self.causes,
            )
            values = measured.values | self._more(image, box, detector, measured.values)
            truth = None if self.truth_points is None else self.truth_points.of(source.id, face, box)
            if truth is not None and self.accuracy is not None:
                values |= compare_with_truth(
                    detector, image, box, truth, self.accuracy, values, threads=self.threads
                )
        except Exception as error:  # noqa: BLE001 - nor may a detector's failure on one face end the run
            self.journal.put(
                key,
                {"problem": Problem(source.id, one_line(error), "detector", face, detector.name).to_dict()},
            )
            return
        self.journal.put(key, {"values": values}, arrays={"cloud": measured.cloud} if keep_cloud else None)

    def _more(
        self, image: NDArray[np.uint8], box: list[float], detector: Measurable, values: dict[str, Any]
    ) -> dict[str, Any]:
        """What else was asked for, on the same face."""
        more: dict[str, Any] = {}
        if self.more_sweeps:
            more["sweeps"] = measure_sweeps(
                detector,
                image,
                box,
                values,
                (self.sweep, *self.more_sweeps),
                common=self.common,
                batch=self.batch,
                threads=self.threads,
            )
        if self.attribution is not None:
            more["attribution"] = self.attribution.measure(
                detector,
                image,
                box,
                self.sweep,
                normaliser=values["normaliser_px"],
                batch=self.batch,
                threads=self.threads,
            )
        return more

    def _lent(self, source: Source, face: int) -> tuple[float, str] | None:
        """The normaliser of the first detector that measured its own on this face."""
        for detector in self.detectors:
            unit = self.journal.entries.get(unit_key(source.id, face, detector.name), {})
            if has_eye_corners(detector.scheme) and "values" in unit:
                return unit["values"]["normaliser_px"], detector.name
        return None

    def _measure_speeds(self) -> None:
        """On the first face that a detector was measured on."""
        for detector in self.detectors:
            key = f"speed|{detector.name}"
            if key in self.journal.entries:
                continue
            place = self._first_face(detector)
            if place is None:
                continue
            source, box = place
            self._tell(len(self.sources) * len(self.detectors) - 1, f"speed: {detector.name}")
            windows = sweep_windows(detector, box, self.sweep.path)
            try:
                timed = detector if self.timed is None else self.timed(detector)
                times = measure_speed(timed, open_image(source), windows)
            except Exception as error:  # noqa: BLE001
                times = {"problem": one_line(error)}
            self.journal.put(key, {"image": source.id, **times})

    def _first_face(self, detector: Measurable) -> tuple[Source, list[float]] | None:
        for source in self.sources:
            for row in self.journal.entries.get(f"image|{source.id}", {"faces": []})["faces"]:
                if "values" in self.journal.entries.get(unit_key(source.id, row["face"], detector.name), {}):
                    return source, row["box"]
        return None


def unit_key(image: str, face: int, detector: str) -> str:
    """The journal's name of one detector on one face."""
    return f"unit|{image}|{face}|{detector}"


def one_line(error: BaseException) -> str:
    """An error's text on one line, named by its class where it has no text of its own."""
    return " ".join(str(error).split()) or type(error).__name__
