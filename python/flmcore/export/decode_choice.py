"""Which decoder goes into a detector's graph, or why none can; and what that leaves to the app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flmcore.detectors.decode import map_to_crop
from flmcore.detectors.schema import (
    CoordinatesDecode,
    DetectorConfig,
    HeatmapDecode,
    HeatmapOffsetDecode,
    SimccDecode,
)
from flmcore.errors import ExportError
from flmcore.nearest import nearest

if TYPE_CHECKING:
    from torch import nn

__all__ = ["DECODES", "choose_method", "decode_facts", "make_decoder"]

DECODES = ("none", "argmax", "expectation", "config")
_HEATMAP = ("argmax", "quarter", "softargmax", "local_mean")
_SIMCC = ("argmax", "expectation")


def choose_method(config: DetectorConfig, decode: str) -> str:
    """The decoder's method, ``none`` where decoding stays outside; ``config`` resolved to what the config says.

    ``expectation`` is ``softargmax`` where the config's own method is, and ``local_mean`` for all other heat maps: their
    values are shares of a bell about the landmark, and a softmax over 4096 cells would pull them all to the middle.

    Raises:
        ExportError: no such choice, or none that this network's outputs or a graph without data-fed loops can have.
    """
    own = config.decode
    if decode not in DECODES:
        msg = f"decode: expected one of {', '.join(DECODES)}, got {decode!r}{nearest(decode, DECODES)}"
        raise ExportError(msg)
    if decode == "none":
        return "none"
    if isinstance(own, (CoordinatesDecode, HeatmapOffsetDecode)):
        if decode != "config":
            gives = "coordinates" if isinstance(own, CoordinatesDecode) else "cells with offsets"
            raise _refusal(config, decode, "none or config", f"the network gives {gives}, no maps to look in")
        return own.kind
    method = {"config": own.method, "argmax": "argmax"}.get(decode)
    if method is None:
        soft = isinstance(own, SimccDecode)
        method = "expectation" if soft else "softargmax" if own.method == "softargmax" else "local_mean"
    known = _SIMCC if isinstance(own, SimccDecode) else _HEATMAP
    if method not in known:
        why = f"the config's method {method} is not written as a graph, only {', '.join(known)} are"
        raise _refusal(config, decode, "none, argmax or expectation", why)
    return method


def make_decoder(
    config: DetectorConfig, method: str, shapes: Sequence[tuple[int, ...]], beta: float | None
) -> nn.Module | None:
    """The module for a method of :func:`choose_method`, for outputs of these shapes; None for ``none``."""
    if method == "none":
        return None
    from flmcore.export import decode_graph as graph

    own, landmarks, size = config.decode, config.landmarks, config.crop.size
    made: nn.Module
    if isinstance(own, SimccDecode):
        bins = shapes[0][-1], shapes[1][-1]
        made = graph.SimccDecoder(method, bins, own, 1.0 if beta is None else beta)
    elif isinstance(own, CoordinatesDecode):
        made = graph.CoordinatesDecoder(own, landmarks, size)
    else:
        shift = map_to_crop(config, np.zeros(2), shapes[0], own.origin)
        to_crop = map_to_crop(config, np.ones(2), shapes[0], own.origin) - shift, shift
        if isinstance(own, HeatmapOffsetDecode):
            made = graph.OffsetDecoder(shapes[0][2:], to_crop, own, landmarks, size)
        else:
            options = _options(own, method, beta)
            made = graph.HeatmapDecoder(method, shapes[0], to_crop, options)
    output = config.output
    if output.scores is None:
        return made
    given = int(np.prod(shapes[-1][1:]))
    return graph.ScoreReader(made, landmarks, given, output.score_column, output.score_activation)


def decode_facts(config: DetectorConfig, method: str, flip: str, beta: float | None = None) -> dict[str, Any]:
    """What is inside the graph and what is left to the app, as plain values for a file's metadata."""
    own = config.decode
    inside: dict[str, Any] = {"method": method, "flip": flip}
    left: dict[str, Any] = {}
    if method in ("softargmax", "expectation", "local_mean") and not isinstance(own, CoordinatesDecode):
        inside |= {"beta": 1.0 if beta is None else beta} if isinstance(own, SimccDecode) else {}
        inside |= _options(own, method, beta) if isinstance(own, HeatmapDecode) else {}
    if method == "none":
        left["decode"] = config.to_dict()["decode"] | {"flip": "none" if flip != "none" else _flip(own)}
    elif (threshold := undefined_below(config, method)) is not None:
        left["threshold"] = threshold  # a landmark whose score is not above it is undefined
    if isinstance(own, HeatmapDecode) and (own.image_offset or own.image_rounding != "none"):
        left |= {"image_offset": own.image_offset, "image_rounding": own.image_rounding}
    return {"inside": inside, "app": left}


def undefined_below(config: DetectorConfig, method: str) -> float | None:
    """The score above which flmcore's own decoder answers; None where it always does."""
    own = config.decode
    if isinstance(own, (CoordinatesDecode, SimccDecode)):
        return 0.0 if method == "argmax" else None
    given = own.options.get("threshold") if isinstance(own, HeatmapDecode) else None
    default = None if method == "softargmax" else 0.0
    return default if given is None else float(given)


def _options(own: HeatmapDecode, method: str, beta: float | None) -> dict[str, Any]:
    """The method's own options: the config's, where they are of this method, and their defaults."""
    defaults: dict[str, dict[str, Any]] = {
        "quarter": {"rule": "mmpose"},
        "softargmax": {"beta": 1.0},
        "local_mean": {"gamma": 1.0, "radius": 0.1},
    }
    known = defaults.get(method, {})
    chosen = {key: own.options.get(key, value) for key, value in known.items()}
    return chosen if beta is None or "beta" not in chosen else {**chosen, "beta": beta}


def _flip(own: Any) -> str:
    return getattr(own, "flip", "none")


def _refusal(config: DetectorConfig, decode: str, expected: str, why: str) -> ExportError:
    return ExportError(f"decode: expected {expected} for {config.name}, got {decode!r}: {why}")
