"""What a run was asked about the causes of jitter: from arguments, and for the protocol."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from flmcore.detectors.finders import Finder, names, open_finder
from flmcore.evaluation.attribution import Attribution
from flmcore.evaluation.decoders import MOVED
from flmcore.evaluation.filters import FILTERS
from flmcore.evaluation.moving_views import FRAMES
from flmcore.evaluation.pixels import jpeg_package
from flmcore.evaluation.probe import Causes
from flmcore.evaluation.smoothing import RATE
from flmcore.evaluation.sweep import Sweep
from flmcore.nearest import nearest

__all__ = ["cause_protocol", "read_attribution", "read_causes"]

MAX_LAG = 1000.0  # milliseconds


def read_causes(*, redecode: bool, smooth: float | None, sweep: str) -> Causes:
    """The arguments of :func:`flmcore.evaluate`, checked.

    Raises:
        TypeError: ``redecode`` is no bool.
        ValueError: ``smooth`` is no lag, or asked for with a sweep that has no motion.
    """
    if not isinstance(redecode, bool):
        msg = f"redecode: expected True or False, got {redecode!r}"
        raise TypeError(msg)
    if smooth is None:
        return Causes(redecode=redecode)
    real = isinstance(smooth, (int, float)) and not isinstance(smooth, bool) and math.isfinite(smooth)
    if not real or not 0 < smooth <= MAX_LAG:
        msg = f"smooth: expected a lag above 0 and up to {MAX_LAG:g} milliseconds, got {smooth!r}"
        raise ValueError(msg)
    if sweep != "shift":
        msg = f"smooth: expected sweep shift or all, whose path is a motion of the face, got sweep {sweep!r}"
        raise ValueError(msg)
    return Causes(redecode=redecode, lag=float(smooth) / 1000)


def read_attribution(attribute: str | Finder | None, sweep: str) -> Attribution | None:
    """The argument of :func:`flmcore.evaluate`, its finder opened.

    Raises:
        ValueError: an unknown finder, or a sweep that has no motion.
        MissingExtraError, WeightsError: the finder cannot be opened.
    """
    if attribute is None:
        return None
    if sweep != "shift":
        msg = (
            f"attribute: expected sweep shift or all, whose path is a motion of the face, got sweep {sweep!r}"
        )
        raise ValueError(msg)
    if isinstance(attribute, Finder):
        return Attribution(attribute)
    if not isinstance(attribute, str) or attribute not in names():
        near = nearest(str(attribute), names())
        msg = f"attribute: expected one of {', '.join(names())}, got {attribute!r}{near}"
        raise ValueError(msg)
    return Attribution(open_finder(attribute))


def cause_protocol(
    causes: Causes, sweeps: Sequence[Sweep], attribution: Attribution | None = None
) -> dict[str, Any]:
    """What results say of it; nothing where nothing was asked."""
    said: dict[str, Any] = {}
    if len(sweeps) > 1:
        said["sweeps"] = [sweep.describe() for sweep in sweeps]
    if any(sweep.name == "jpeg" for sweep in sweeps):
        said["jpeg"] = jpeg_package()
    if causes.redecode:
        said["redecode"] = True
    if causes.lag is not None:
        said["smoothing"] = {
            "lag_ms": round(1000 * causes.lag, 6),
            "frames_per_second": RATE,
            "filters": list(FILTERS),
        }
    if attribution is not None:
        said["attribution"] = {"finder": attribution.finder.describe(), "frames": FRAMES, "moved": MOVED}
    return said
