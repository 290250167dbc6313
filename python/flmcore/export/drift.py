"""What an export changes: landmarks of the exported form beside the detector's own, in pixels and in jitter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.base import Detector
from flmcore.errors import DetectorError
from flmcore.evaluation.landmarks import mean_shape
from flmcore.evaluation.measure import face_normaliser, sweep_landmarks, sweep_windows
from flmcore.evaluation.sweep import make_sweep
from flmcore.export.graph_detector import GraphDetector, graph_detector
from flmcore.ops.stability import stability

__all__ = ["VARIANTS", "Drift", "VariantDrift", "measure_drift"]

VARIANTS = ("graph", "picture", "float16")
Face = tuple[NDArray[np.uint8], list[float]]  # (H, W, 3) image; box in edge coordinates


@dataclass(frozen=True)
class VariantDrift:
    """One form of the detector beside the detector itself, over all faces, windows and landmarks.

    Attributes:
        variant: ``graph`` (the exported module, float32), ``picture`` (the same on a crop of whole grey levels, as a
            camera gives them), ``float16`` (that with weights and results of operators in float16).
        mean, p95, worst: distance between the landmarks of both, in pixels of the crop.
        percent: the mean in per cent of the normaliser.
        jitter: of this form, in per cent of the normaliser: to be held beside the detector's own.
        lost: landmarks that are undefined in one of the two alone.
        overflows: results of operators beyond float16's range; 0 for the other forms.
        largest: greatest magnitude of an operator's result; None for the other forms.
    """

    variant: str
    mean: float
    p95: float
    worst: float
    percent: float
    jitter: float
    lost: int
    overflows: int = 0
    largest: float | None = None


@dataclass(frozen=True)
class Drift:
    """What :func:`measure_drift` finds.

    Attributes:
        detector: its name.
        faces, frames: how many faces, and windows of the sweep's path for each.
        normaliser: ``interocular``, or ``box`` where the scheme has no eye corners.
        jitter: of the detector itself, in per cent of the normaliser.
        variants: in the order of ``VARIANTS``.
    """

    detector: str
    faces: int
    frames: int
    normaliser: str
    jitter: float
    variants: tuple[VariantDrift, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts."""
        return asdict(self)


def measure_drift(
    detector: Detector,
    faces: Sequence[Face],
    *,
    frames: int = 32,
    batch: int = 8,
    flip: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Drift:
    """Run the detector and its exported forms through the same windows of the sweep ``shift``.

    Args:
        detector: with a PyTorch module.
        faces: image (H, W, 3) uint8 and box (x0, y0, x1, y1) of each.
        frames: windows along the sweep's path, from 8.
        batch: windows in one run of the network.
        flip: whether a detector that runs its mirror image too does so in the graph.
        progress: called with the number of faces done, and of all.

    Raises:
        ValueError: no faces, or frames out of range.
        ExportError: the detector has no PyTorch module; says why.
        DetectorError: no landmark of a face is finite.
    """
    if not faces:
        msg = "faces: expected at least one, got none"
        raise ValueError(msg)
    path = make_sweep("shift", frames=frames).path
    forms = [graph_detector(detector, variant, flip=flip) for variant in VARIANTS]
    seen: list[_Seen] = []
    for number, (image, box) in enumerate(faces):
        if progress is not None:
            progress(number, len(faces))
        windows = sweep_windows(detector, box, path)
        runs = [sweep_landmarks(one, image, windows, batch=batch) for one in (detector, *forms)]
        if not np.isfinite(runs[0]).any():
            msg = f"{detector.name}: expected finite landmarks, got NaN for all of face {number}"
            raise DetectorError(msg)
        scale, source = face_normaliser(mean_shape(runs[0]), detector.scheme, box)
        seen.append(_Seen(runs, windows, scale, source))
    if progress is not None:
        progress(len(faces), len(faces))
    return Drift(
        detector.name,
        len(faces),
        frames,
        " and ".join(sorted({face.source for face in seen})),
        _mean([face.jitter(0) for face in seen]),
        tuple(_variant(form, seen, number) for number, form in enumerate(forms, start=1)),
    )


@dataclass(frozen=True)
class _Seen:
    """One face through the windows.

    Attributes:
        runs: (T, K, 2) landmarks in the image by the detector and by each form.
        windows: (T, 2, 3) image → crop.
        scale, source: pixels of the normaliser and what it is.
    """

    runs: list[NDArray[np.float64]]
    windows: NDArray[np.float64]
    scale: float
    source: str

    def jitter(self, run: int) -> float:
        return float(stability(self.runs[run], self.windows, normaliser=self.scale).jitter)

    def away(self, run: int) -> NDArray[np.float64]:
        """(T, K) distance from the detector's own landmarks in image pixels; NaN where one of them is undefined."""
        return np.asarray(np.sqrt(((self.runs[run] - self.runs[0]) ** 2).sum(axis=-1)))

    def crop_pixels(self, run: int) -> NDArray[np.float64]:
        """The same in pixels of the crop."""
        zoom = np.sqrt(np.abs(np.linalg.det(self.windows[:, :, :2])))
        return np.asarray(self.away(run) * zoom[:, None])

    def lost(self, run: int) -> int:
        there = [np.isfinite(self.runs[number]).all(axis=-1) for number in (0, run)]
        return int((there[0] != there[1]).sum())


def _variant(form: GraphDetector, seen: Sequence[_Seen], run: int) -> VariantDrift:
    pixels = np.concatenate([face.crop_pixels(run).ravel() for face in seen])
    pixels = pixels[np.isfinite(pixels)]
    if not len(pixels):
        pixels = np.array([np.nan])
    share = np.concatenate([100 / face.scale * face.away(run).ravel() for face in seen])
    return VariantDrift(
        form.variant,
        float(pixels.mean()),
        float(np.percentile(pixels, 95)),
        float(pixels.max()),
        _mean(share),
        _mean([face.jitter(run) for face in seen]),
        sum(face.lost(run) for face in seen),
        form.overflows,
        form.largest,
    )


def _mean(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Of what is finite; NaN where nothing is."""
    finite = np.asarray(values)[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")
