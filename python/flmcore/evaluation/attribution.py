"""Which share of the jitter is owed to the boxes, the resampling, the decoder and the network: a factorial run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.base import Detector
from flmcore.detectors.finders import Finder
from flmcore.evaluation.decoders import MOVED, OWN, config_of, no_decoders, other_decoders
from flmcore.evaluation.landmarks import mean_shape
from flmcore.evaluation.moving_views import MovingViews, moving_views, to_still
from flmcore.evaluation.shapley import shapley_shares
from flmcore.evaluation.sweep import Sweep

if TYPE_CHECKING:
    from flmcore.evaluation.measure import Measurable

__all__ = ["FACTORS", "Attribution"]

FACTORS = ("boxes", "resampling", "decoder")
Landmarks = dict[str, NDArray[np.float64]]  # by decoder, (T, K, 2) in the still image


class Attribution:
    """The factorial run of one face after the other; the frames of a face serve all its detectors."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self._key: tuple[Any, ...] = ()
        self._views: MovingViews | None = None

    def measure(
        self,
        detector: Measurable,
        image: NDArray[np.uint8],
        box: list[float],
        sweep: Sweep,
        *,
        normaliser: float,
        batch: int,
        threads: int | None,
    ) -> dict[str, Any]:
        """Shares in per cent, the root mean square step in per cent of ``normaliser``, and why a factor is missing.

        Args:
            detector: what is measured.
            image: (H, W, 3) uint8.
            box: of the face.
            sweep: whose path the face follows.
            normaliser: pixels of 100 %.
            batch, threads: for crops and inference.
        """
        views = self._of_face(image, box, sweep, threads)
        filtered = _antialiased(detector)
        runs: dict[frozenset[str], Landmarks] = {}
        for better_boxes in (False, True):
            boxes = views.true if better_boxes else views.found
            for runner in (detector,) if filtered is None else (detector, filtered):
                gone = {"boxes"} if better_boxes else set()
                gone |= {"resampling"} if runner is filtered else set()
                runs[frozenset(gone)] = _run(runner, views, boxes, batch, threads)
        missing = _missing(detector, filtered)
        best = _best_decoder(runs[frozenset()], normaliser)
        factors = [factor for factor in FACTORS if factor not in missing]
        left = {
            gone: _energy(runs[gone - {"decoder"}][best if "decoder" in gone else OWN], normaliser)
            for gone in _subsets(factors)
        }
        return _shares(factors, left) | {
            "best_decoder": None if "decoder" in missing else best,
            "frames": len(views.frames),
            "missed": views.missed,
            "missing": missing,
        }

    def _of_face(
        self, image: NDArray[np.uint8], box: list[float], sweep: Sweep, threads: int | None
    ) -> MovingViews:
        key = (*box, sweep.name, sweep.frames)
        if self._views is None or self._key[:-1] != key or self._key[-1] is not image:
            self._views = moving_views(image, box, sweep, self.finder, threads=threads)
            self._key = (*key, image)
        return self._views


def _antialiased(detector: Measurable) -> Detector | None:
    """The same detector with an antialiased crop; None where that is no change, or not known."""
    config = config_of(detector)
    if config is None or not isinstance(detector, Detector) or config.crop.antialias:
        return None
    return Detector(replace(config, crop=replace(config.crop, antialias=True)), detector.backend)


def _missing(detector: Measurable, filtered: Detector | None) -> dict[str, str]:
    """Factors that this detector does not have, and why."""
    found = {}
    if filtered is None:
        config = config_of(detector)
        found["resampling"] = (
            "this detector does not say how it crops" if config is None else "the crop is antialiased already"
        )
    reason = no_decoders(detector)
    if reason is not None:
        found["decoder"] = reason
    return found


def _run(
    detector: Measurable,
    views: MovingViews,
    boxes: NDArray[np.float64],
    batch: int,
    threads: int | None,
) -> Landmarks:
    """Landmarks in the still image by every decoder, each frame cropped from its own view."""
    windows = np.concatenate([detector.windows([box]) for box in boxes.tolist()])
    decoders: dict[str, Callable[[Any], Any]] = other_decoders(detector) or {
        OWN: lambda raw: detector.decode(raw)[0]
    }
    found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in decoders}
    for start in range(0, len(windows), batch):
        rows = windows[start : start + batch]
        crops = [
            detector.crop(frame, row[None], threads=threads)
            for frame, row in zip(views.frames[start : start + batch], rows, strict=True)
        ]
        raw = detector.infer(np.concatenate(crops))
        for name, decoder in decoders.items():
            found[name].append(detector.to_image(decoder(raw), rows))
    return {name: to_still(np.concatenate(parts), views.to_view) for name, parts in found.items()}


def _best_decoder(landmarks: Landmarks, normaliser: float) -> str:
    """The one with the least energy that finds the detector's own landmarks; its own where none is better."""
    own = mean_shape(landmarks[OWN])
    best, least = OWN, _energy(landmarks[OWN], normaliser)
    for name, points in landmarks.items():
        away = np.sqrt(((mean_shape(points) - own) ** 2).sum(axis=-1))
        energy = _energy(points, normaliser)
        if 100 / normaliser * float(np.nanmean(away)) <= MOVED and energy < least:
            best, least = name, energy
    return best


def _energy(points: NDArray[np.float64], normaliser: float) -> float:
    """Mean over steps and landmarks of the squared step, in squares of the normaliser."""
    steps = (np.diff(points, axis=0) ** 2).sum(axis=-1) / normaliser**2
    there = steps[np.isfinite(steps)]
    return float(there.mean()) if len(there) else float("nan")


def _subsets(factors: list[str]) -> list[frozenset[str]]:
    sizes = range(len(factors) + 1)
    return [frozenset(some) for some in chain.from_iterable(combinations(factors, size) for size in sizes)]


def _shares(factors: list[str], left: dict[frozenset[str], float]) -> dict[str, Any]:
    """Per cent of the energy; the network's is what is left when all else is taken away."""
    whole = left[frozenset()]
    if not whole > 0:
        return dict.fromkeys((*FACTORS, "network")) | {"rms_step": 0.0 if whole == 0 else None}
    parts = {**shapley_shares(factors, left), "network": left[frozenset(factors)]}
    shares = {name: float(f"{100 * parts[name] / whole:.6g}") for name in parts}
    return dict.fromkeys(FACTORS) | shares | {"rms_step": float(f"{100 * whole**0.5:.6g}")}
