"""One detector on one face: through the sweep's windows, to numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import DetectorError
from flmcore.evaluation.landmarks import mean_shape, scheme_or_none, to_scheme
from flmcore.evaluation.offsets import error_by_offset
from flmcore.evaluation.pixels import Views, pixel_views
from flmcore.evaluation.probe import Causes, Probe
from flmcore.evaluation.sweep import Sweep, SweepPart
from flmcore.ops.affine import invert_affine, transform_points
from flmcore.ops.stability import stability

__all__ = ["Measurable", "Measurement", "face_normaliser", "measure_face", "sweep_landmarks", "sweep_windows"]


Watch = Callable[[int, NDArray[np.float64], Any], None]  # first window's number, windows, raw outputs


class Measurable(Protocol):
    """What a detector must offer to be measured; :class:`flmcore.detectors.base.Detector` does."""

    @property
    def name(self) -> str: ...
    @property
    def scheme(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def landmark_count(self) -> int: ...
    @property
    def grid(self) -> float | None: ...
    def windows(
        self, boxes: Any, *, shift: Any = ..., scale: Any = ..., rotation: Any = ...
    ) -> NDArray[np.float64]: ...
    def crop(
        self, image: Any, windows: Any, *, out: Any = ..., threads: int | None = ...
    ) -> NDArray[Any]: ...
    def infer(self, inputs: Any) -> Any: ...
    def decode(self, raw: Any) -> tuple[NDArray[Any], NDArray[Any]]: ...
    def to_image(self, points: Any, windows: Any) -> NDArray[np.float64]: ...
    def describe(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Measurement:
    """What one detector does on one face; ``values`` goes to ``results.json``, ``cloud`` (T, K, 2) to the figures."""

    values: dict[str, Any]
    cloud: NDArray[np.float32]


def sweep_windows(detector: Measurable, box: list[float], part: SweepPart) -> NDArray[np.float64]:
    """(T, 2, 3): the detector's own window for each offset of the sweep."""
    return detector.windows([box], shift=part.shift, scale=part.scale, rotation=part.rotation)


def sweep_landmarks(
    detector: Measurable,
    image: NDArray[np.uint8] | Views,
    windows: NDArray[np.float64],
    *,
    batch: int,
    threads: int | None = None,
    watch: Watch | None = None,
) -> NDArray[np.float64]:
    """Landmarks seen through each window, (T, K, 2) float64 in image pixels; one crop buffer serves all batches.

    ``image`` is the same for all windows, or one for each. ``watch`` is shown the raw outputs of each batch.
    """
    landmarks = np.empty((len(windows), detector.landmark_count, 2))
    buffer: NDArray[Any] | None = None
    for start in range(0, len(windows), batch):
        rows = windows[start : start + batch]
        out = None if buffer is None else buffer[: len(rows)]
        if isinstance(image, np.ndarray):
            inputs = detector.crop(image, rows, out=out, threads=threads)
        else:
            inputs = _crop_views(detector, image, rows, start, out=out, threads=threads)
        if buffer is None:
            buffer = inputs
        raw = detector.infer(inputs)
        points, _ = detector.decode(raw)
        if watch is not None:
            watch(start, rows, raw)
        expected = (len(rows), detector.landmark_count, 2)
        if points.shape != expected:
            msg = f"landmarks: expected shape {expected}, got {points.shape}"
            raise DetectorError(msg)
        landmarks[start : start + batch] = detector.to_image(points, rows)
    return landmarks


def _crop_views(
    detector: Measurable,
    views: Views,
    windows: NDArray[np.float64],
    start: int,
    *,
    out: NDArray[Any] | None,
    threads: int | None,
) -> NDArray[Any]:
    """One image at a time, as each is gone when the next is made."""
    for row in range(len(windows)):
        place = None if out is None else out[row : row + 1]
        made = detector.crop(views[start + row], windows[row : row + 1], out=place, threads=threads)
        if out is None:
            out = np.empty((len(windows), *made.shape[1:]), made.dtype)
            out[:1] = made
    assert out is not None
    return out


def measure_face(
    detector: Measurable,
    image: NDArray[np.uint8],
    box: list[float],
    sweep: Sweep,
    *,
    common: str | None,
    batch: int = 32,
    threads: int | None = None,
    interocular: float | None = None,
    lent: tuple[float, str] | None = None,
    causes: Causes | None = None,
) -> Measurement:
    """Jitter from the path, spread, gain and residual from the random windows, on all landmarks and the common ones.

    Args:
        detector: what is measured.
        image: (H, W, 3) uint8.
        box: the face's reference box.
        sweep: offsets of the windows.
        common: scheme that all compared detectors reach, or None.
        batch: windows per inference.
        threads: for the crops.
        interocular: true distance of the outer eye corners in pixels; None takes it from the mean landmarks.
        lent: that distance on the same face, and the detector whose landmarks gave it, for a scheme without eye
            corners; without it such a detector's figures are in per cent of the box.
        causes: what else to look into.

    Raises:
        DetectorError: no landmark is finite, or landmarks of another shape than the detector promises.
    """
    path_windows, random_windows = (sweep_windows(detector, box, part) for part in (sweep.path, sweep.random))
    both = np.concatenate([path_windows, random_windows])
    probe = Probe(detector, len(both), causes)
    views = pixel_views(image, box, sweep)
    seen: NDArray[np.uint8] | Views = image if views is None else views
    landmarks = sweep_landmarks(detector, seen, both, batch=batch, threads=threads, watch=probe)
    finite = np.isfinite(landmarks).all(axis=-1)
    if not finite.any():
        msg = "landmarks: expected finite coordinates, got NaN for all"
        raise DetectorError(msg)
    path, random = landmarks[: len(sweep.path)], landmarks[len(sweep.path) :]
    normaliser, source = face_normaliser(mean_shape(landmarks), detector.scheme, box, interocular, lent)
    values: dict[str, Any] = {"normaliser_px": normaliser, "normaliser": source}
    values["undefined"] = int((~finite).sum())
    values |= _metrics(path, random, path_windows, random_windows, normaliser, detector.scheme, sweep)
    if common is not None:
        on_path, at_random = (to_scheme(part, detector.scheme, common) for part in (path, random))
        values["common"] = _metrics(
            on_path, at_random, path_windows, random_windows, normaliser, common, sweep, detail=False
        )
    values["by_offset"] = error_by_offset(random, sweep.random, normaliser)
    values |= probe.values(landmarks, both, sweep, normaliser)
    if detector.grid is not None:
        values["rounding_jitter"] = _rounding_jitter(path, path_windows, detector.grid, normaliser)
    values["shape"] = np.round(mean_shape(landmarks), 3)
    return Measurement(values, path.astype(np.float32))


def _metrics(
    path: NDArray[np.float64],
    random: NDArray[np.float64],
    path_windows: NDArray[np.float64],
    random_windows: NDArray[np.float64],
    normaliser: float,
    scheme: str,
    sweep: Sweep,
    *,
    detail: bool = True,
) -> dict[str, Any]:
    """The design's numbers; gain and residual only where the windows shift, as they are defined by the shift."""
    known = None if scheme_or_none(scheme) is None else scheme
    on_path = stability(path, path_windows, normaliser=normaliser, scheme=known)
    on_random = stability(random, random_windows, normaliser=normaliser, scheme=known)
    shifts = sweep.name == "shift"
    values: dict[str, Any] = {
        "jitter": on_path.jitter,
        "jitter_p50": on_path.p50,
        "jitter_p95": on_path.p95,
        "jitter_max": on_path.max,
        "spread": on_random.spread,
        "gain": on_random.gain if shifts else None,
        "residual": on_random.residual if shifts else None,
    }
    if detail:
        landmark: dict[str, Any] = {
            "jitter": _six_digits(on_path.per_landmark["jitter"]),
            "spread": _six_digits(on_random.per_landmark["spread"]),
        }
        if shifts:
            landmark["gain"] = _six_digits(on_random.per_landmark["gain"])
        values["per_landmark"] = landmark
        values["per_group"] = {name: float(group["jitter"]) for name, group in on_path.per_group.items()}
    return values


def _six_digits(values: NDArray[np.float64]) -> list[float]:
    """Enough for any figure, and a tenth of the file's size."""
    return [float(f"{value:.6g}") for value in np.asarray(values, dtype=np.float64).tolist()]


def face_normaliser(
    shape: NDArray[np.float64],
    scheme: str,
    box: list[float],
    truth: float | None = None,
    lent: tuple[float, str] | None = None,
) -> tuple[float, str]:
    """Pixels that one hundred per cent stands for, and where they come from."""
    if truth is not None:
        return truth, "interocular, truth"
    known = scheme_or_none(scheme)
    if known is not None and known.eye_outer is not None:
        corners = known.eye_outer
        distance = float(np.hypot(*(shape[corners[1]] - shape[corners[0]])))
        if math.isfinite(distance) and distance > 1e-6:
            return distance, "interocular, mean landmarks"
    if lent is not None:
        return lent[0], f"interocular, mean landmarks of {lent[1]}"
    return math.sqrt((box[2] - box[0]) * (box[3] - box[1])), "box"


def _rounding_jitter(
    path: NDArray[np.float64], windows: NDArray[np.float64], grid: float, normaliser: float
) -> float:
    """Jitter of landmarks that hold perfectly still, once rounded to the backend's grid in each crop."""
    still = transform_points(mean_shape(path), windows)
    rounded = np.floor(still / grid + 0.5) * grid
    return float(
        stability(transform_points(rounded, invert_affine(windows)), windows, normaliser=normaliser).jitter
    )
