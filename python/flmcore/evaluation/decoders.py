"""Every decoder that a detector's raw outputs could go through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.decode import decode_outputs
from flmcore.detectors.schema import DetectorConfig, HeatmapDecode, SimccDecode

if TYPE_CHECKING:
    from flmcore.evaluation.measure import Measurable

__all__ = ["MOVED", "OWN", "config_of", "configs", "no_decoders", "other_decoders"]

OWN = "own"
MOVED = 2.0  # % of the normaliser by which another decoder may move the mean landmarks and still find the same ones
_ALL = -1e30  # a threshold that no peak fails: decoders are compared on the same landmarks
_HEATMAP: dict[str, tuple[str, dict[str, Any]]] = {
    "argmax": ("argmax", {}),
    "quarter": ("quarter", {"rule": "mmpose"}),
    "quarter-fan": ("quarter", {"rule": "fan"}),
    "quarter-symmetric": ("quarter", {"rule": "symmetric"}),
    "taylor": ("taylor", {}),
    "dark": ("dark", {}),
    "dark_udp": ("dark_udp", {}),
    "softargmax": ("softargmax", {}),
    "local_mean": ("local_mean", {}),
}
_SIMCC = ("argmax", "dark", "expectation")


def config_of(detector: Measurable) -> DetectorConfig | None:
    """What the detector's file says; None for one that comes without."""
    config = getattr(detector, "config", None)
    return config if isinstance(config, DetectorConfig) else None


def configs(detector: Measurable) -> dict[str, DetectorConfig]:
    """The detector's config with each decoder its outputs could go through, its ``own`` first; else empty."""
    config = config_of(detector)
    if config is None:
        return {}
    decode = config.decode
    if isinstance(decode, HeatmapDecode):
        others = {
            name: replace(
                config, decode=replace(decode, method=method, options={**options, "threshold": _ALL})
            )
            for name, (method, options) in _HEATMAP.items()
        }
        return {OWN: config, **others}
    if isinstance(decode, SimccDecode):
        return {
            OWN: config,
            **{name: replace(config, decode=replace(decode, method=name)) for name in _SIMCC},
        }
    return {}


def other_decoders(detector: Measurable) -> dict[str, Callable[[Any], NDArray[np.float32]]]:
    """Name → raw outputs to landmarks in crop pixels, translated as the detector's own are."""
    translation = getattr(detector, "translation", None)

    def bound(config: DetectorConfig) -> Callable[[Any], NDArray[np.float32]]:
        if translation is None:
            return lambda raw: decode_outputs(config, raw)[0]
        return lambda raw: translation.points(decode_outputs(config, raw)[0])

    return {name: bound(config) for name, config in configs(detector).items()}


def no_decoders(detector: Measurable) -> str | None:
    """Why a detector's outputs have no other decoder; None where they do."""
    config = config_of(detector)
    if config is None:
        return "this detector does not say how it decodes"
    if isinstance(config.decode, (HeatmapDecode, SimccDecode)):
        return None
    if config.decode.kind == "coordinates":
        return "the network gives coordinates: there is nothing to decode otherwise"
    return "the offsets beside the heat maps were trained for this decoder alone"
