"""One face against truth: accuracy, and what every other decoder would give by the same protocol."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.truth import TruthFace
from flmcore.evaluation.accuracy.measure import ReferenceView, measure_accuracy, reference_view
from flmcore.evaluation.accuracy.plan import AccuracyPlan
from flmcore.evaluation.decoders import other_decoders
from flmcore.evaluation.measure import Measurable

__all__ = ["compare_with_truth"]


def compare_with_truth(
    detector: Measurable,
    image: NDArray[np.uint8],
    box: list[float],
    truth: TruthFace,
    plan: AccuracyPlan,
    values: Mapping[str, Any],
    *,
    threads: int | None = None,
) -> dict[str, Any]:
    """``accuracy`` of the undisturbed window; ``redecode`` of ``values``, where it is there, with NME by decoder."""
    view = reference_view(detector, image, box, threads=threads)
    own = measure_accuracy(detector, view, truth, plan)
    if "redecode" not in values:
        return {"accuracy": own}
    nme = _nme_by_decoder(detector, view, truth, plan, own)
    decoded = {
        name: found | nme[name] if name in nme else found for name, found in values["redecode"].items()
    }
    return {"accuracy": own, "redecode": decoded}


def _nme_by_decoder(
    detector: Measurable,
    view: ReferenceView,
    truth: TruthFace,
    plan: AccuracyPlan,
    own: Mapping[str, Any],
) -> dict[str, dict[str, float | None]]:
    """Per decoder that fits the outputs ``nme`` and ``nme_common`` as in ``own``, and ``nme_change``.

    ``own`` is what :func:`measure_accuracy` gives for the detector's own decoder. A change is over the landmarks that
    both decoders define: one that drops weak peaks would else look better for the hard landmarks it leaves out.
    """
    points = plan.points[detector.name]
    found: dict[str, dict[str, float | None]] = {}
    for name, decoder in other_decoders(detector).items():
        values = measure_accuracy(detector, view, truth, plan, decoder=decoder)
        found[name] = {
            "nme": values["nme"],
            "nme_common": values["nme_common"],
            "nme_change": _change(own, values, points),
        }
    return found


def _change(own: Mapping[str, Any], other: Mapping[str, Any], points: str | None) -> float | None:
    """NME of the other less that of the detector's own, in per cent."""
    sets = [values["sets"].get(points) for values in (own, other)]
    pixels = own["normaliser_px"][own["normaliser"]]
    if pixels is None or None in sets:
        return None
    first, second = (kept["error_px"] for kept in sets)
    steps = [b - a for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    return 100 * math.fsum(steps) / len(steps) / pixels if steps else None
