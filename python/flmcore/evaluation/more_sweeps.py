"""The other sweeps of a run over all sweeps, on a face that was measured through the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.measure import Measurable, measure_face
from flmcore.evaluation.sweep import Sweep

__all__ = ["measure_sweeps"]

_KEPT = ("jitter", "spread", "by_offset", "undefined")


def measure_sweeps(
    detector: Measurable,
    image: NDArray[np.uint8],
    box: list[float],
    first: Mapping[str, Any],
    sweeps: Sequence[Sweep],
    *,
    common: str | None,
    batch: int,
    threads: int | None,
) -> dict[str, dict[str, Any]]:
    """Per sweep: jitter, spread and error by offset, all in per cent of the first's normaliser.

    ``first`` is what the first sweep of ``sweeps`` gave; it is not measured again.
    """
    found = {sweeps[0].name: _kept(first)}
    for sweep in sweeps[1:]:
        measured = measure_face(
            detector,
            image,
            box,
            sweep,
            common=common,
            batch=batch,
            threads=threads,
            interocular=first["normaliser_px"],
        )
        found[sweep.name] = _kept(measured.values)
    return found


def _kept(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: values[key] for key in _KEPT}
    if "common" in values:
        kept["common"] = {key: values["common"][key] for key in ("jitter", "spread")}
    return kept
