"""One detector's landmarks on one face against truth: every error, and what it may be divided by."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.data.truth import TruthFace
from flmcore.evaluation.accuracy.plan import AccuracyPlan
from flmcore.evaluation.accuracy.protocol import NORMALISERS
from flmcore.evaluation.landmarks import scheme_or_none
from flmcore.evaluation.measure import Measurable
from flmcore.ops._normaliser import shape_normaliser
from flmcore.ops.remap import remap
from flmcore.schemes.rows import GRADES

__all__ = ["ReferenceView", "accuracy_of", "measure_accuracy", "reference_view"]

Floats = NDArray[np.float64]
_PUBLISHED = "300w-68"  # the scheme of most published figures, kept wherever both sides reach it
_NEAREST = "nearest"


@dataclass(frozen=True)
class ReferenceView:
    """What a network gives for one face through the undisturbed window; ``crop_px`` is that window's side."""

    raw: Any
    window: Floats
    crop_px: float | None


def reference_view(
    detector: Measurable, image: NDArray[np.uint8], box: list[float], *, threads: int | None = None
) -> ReferenceView:
    """Raw outputs that any decoder can be tried on."""
    window = np.asarray(detector.windows([box]), dtype=np.float64)
    inputs = detector.crop(image, window, threads=threads)
    return ReferenceView(detector.infer(inputs), window, _crop_side(inputs.shape, window[0]))


def measure_accuracy(
    detector: Measurable,
    view: ReferenceView,
    truth: TruthFace,
    plan: AccuracyPlan,
    *,
    decoder: Callable[[Any], NDArray[Any]] | None = None,
) -> dict[str, Any]:
    """Landmarks seen through the reference window against truth, as :func:`accuracy_of` gives them.

    ``decoder`` takes raw outputs to landmarks in crop pixels; None is the detector's own.
    """
    points = detector.decode(view.raw)[0] if decoder is None else decoder(view.raw)
    landmarks = np.asarray(detector.to_image(points, view.window), dtype=np.float64)[0]
    return accuracy_of(
        landmarks,
        detector.scheme,
        truth,
        points=plan.points[detector.name],
        common=plan.common,
        normaliser=plan.normaliser,
        crop_px=view.crop_px,
    )


def _crop_side(shape: tuple[int, ...], window: Floats) -> float | None:
    """√(w · h) of the window in image pixels."""
    sides = shape[1:3] if shape[-1] == 3 else shape[2:4]
    scale = abs(float(window[0, 0] * window[1, 1] - window[0, 1] * window[1, 0]))
    return math.sqrt(sides[0] * sides[1] / scale) if len(sides) == 2 and scale > 0 else None


def accuracy_of(
    landmarks: Floats,
    scheme: str,
    truth: TruthFace,
    *,
    points: str | None,
    common: str | None,
    normaliser: str = "interocular",
    crop_px: float | None = None,
) -> dict[str, Any]:
    """What ``results.json`` keeps of one face.

    Args:
        landmarks: (K, 2) in image pixels.
        scheme: theirs.
        truth: of this face.
        points: landmarks of the detector's own figure, a scheme that both reach.
        common: landmarks on which all detectors are compared.
        normaliser: of the two figures.
        crop_px: side of the detector's window in image pixels.

    Returns:
        ``nme`` and ``nme_common`` in per cent of ``normaliser``; ``normaliser_px`` by name, None where it cannot be
        measured on this truth, and ``reason`` where that leaves no figure; ``sets``: per set of landmarks ``error_px``
        by landmark, ``left_out`` (undefined on either side), ``grades`` of the mapping, ``nme`` by normaliser.
    """
    pixels = _normalisers(truth, crop_px)
    sets = {}
    for name in _sets(scheme, truth.scheme, points, common):
        kept = _one_set(landmarks, scheme, truth, name, pixels)
        if kept is not None:
            sets[name] = kept
    values: dict[str, Any] = {"truth": truth.scheme, "normaliser": normaliser, "normaliser_px": pixels}
    for key, chosen in (("nme", points), ("nme_common", common)):
        values[key] = sets[chosen]["nme"][normaliser] if chosen in sets else None
    if values["nme"] is None:
        values["reason"] = _reason(sets.get(points or ""), points, normaliser, pixels)
    return values | {"attributes": dict(truth.attributes), "sets": sets}


def _sets(scheme: str, truth: str, points: str | None, common: str | None) -> list[str]:
    """Names of the sets of landmarks to keep: the plan's, the truth's own, and the published one by both tables."""
    own = [truth] if scheme == truth else []
    nearest = [f"{_PUBLISHED}~{_NEAREST}"] if _has_nearest(scheme) or _has_nearest(truth) else []
    wanted = [points, common, *own, _PUBLISHED, *nearest]
    return list(dict.fromkeys(name for name in wanted if name is not None))


def _has_nearest(scheme: str) -> bool:
    return scheme != _PUBLISHED and _mapping_or_none(scheme, _PUBLISHED, _NEAREST) is not None


def _mapping_or_none(source: str, target: str, variant: str | None) -> schemes.Mapping | None:
    try:
        return schemes.mapping(source, target, variant=variant)
    except ValueError:
        return None


def _one_set(
    landmarks: Floats, scheme: str, truth: TruthFace, name: str, pixels: Mapping[str, float | None]
) -> dict[str, Any] | None:
    target, _, variant = name.partition("~")
    ours = _brought(landmarks, scheme, target, variant)
    theirs = _brought(np.asarray(truth.points, dtype=np.float64), truth.scheme, target, variant)
    if ours is None or theirs is None:
        return None
    step = ours[0] - theirs[0]
    exact = np.sqrt(step[:, 0] * step[:, 0] + step[:, 1] * step[:, 1]).tolist()
    # Six digits, a fifth of the file's size; every figure is made from these, so that all agree to the last bit.
    errors = [float(f"{error:.6g}") if math.isfinite(error) else None for error in exact]
    there = [error for error in errors if error is not None]
    grades = [max(pair, key=GRADES.index) for pair in zip(ours[1], theirs[1], strict=True)]
    mean = math.fsum(there) / len(there) if there else None
    return {
        "nme": {key: None if mean is None or d is None else 100 * mean / d for key, d in pixels.items()},
        "left_out": len(errors) - len(there),
        "grades": {grade: grades.count(grade) for grade in GRADES if grade in grades},
        "error_px": errors,
    }


def _brought(points: Floats, source: str, target: str, variant: str) -> tuple[Floats, tuple[str, ...]] | None:
    """Landmarks in the target scheme, by the variant where there is one on the way, and the points' grades."""
    if source == target:
        return points, ("exact",) * len(points)
    way = _mapping_or_none(source, target, variant) if variant else None
    used = variant if way is not None else None
    way = way or _mapping_or_none(source, target, None)
    if way is None:
        return None
    return np.asarray(remap(points, source, target, variant=used), dtype=np.float64), way.grades


def _normalisers(truth: TruthFace, crop_px: float | None) -> dict[str, float | None]:
    """Pixels by name, measured on the truth as it was annotated; None where its landmarks are not there."""
    known = scheme_or_none(truth.scheme)
    shape = np.asarray(truth.points, dtype=np.float64)[None]
    pixels: dict[str, float | None] = {}
    for name in NORMALISERS:
        value = crop_px
        if name != "crop":
            eyes = known is not None and {"left_eye", "right_eye"} <= set(known.groups)
            corners = known is not None and known.eye_outer is not None
            there = {"interocular": corners, "interpupil": eyes}.get(name, True)
            value = float(shape_normaliser(name, shape, known)[0]) if there else None
        pixels[name] = value if value is not None and math.isfinite(value) and value > 0 else None
    return pixels


def _reason(
    kept: Mapping[str, Any] | None,
    points: str | None,
    normaliser: str,
    pixels: Mapping[str, float | None],
) -> str:
    if points is None or kept is None:
        return "no scheme is reached by both the detector and the truth"
    if kept["left_out"] == len(kept["error_px"]):
        return "no landmark is defined in both the detector's landmarks and the truth"
    assert pixels[normaliser] is None
    return f"the truth lacks what {normaliser} is measured between"
