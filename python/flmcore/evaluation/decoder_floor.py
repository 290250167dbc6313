"""The jitter that a decoder's grid alone causes: perfect maps of a perfectly still face."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.detectors.decode import decode_outputs, map_to_crop
from flmcore.detectors.schema import DetectorConfig, HeatmapDecode, SimccDecode
from flmcore.evaluation.decoders import OWN, config_of, configs, no_decoders
from flmcore.ops.affine import transform_points
from flmcore.ops.stability import stability

if TYPE_CHECKING:
    from flmcore.evaluation.measure import Measurable

__all__ = ["HEATMAP_SIGMA", "SIMCC_SIGMA", "decoder_floor", "ideal_outputs"]

HEATMAP_SIGMA = 1.75  # cells: the 7×7 patch of 0.25 · 7 that face-alignment draws for training at sigma 1
SIMCC_SIGMA = 5.66  # bins: MMPose's labels for 256 pixels
LANDMARKS = 24  # of a detector's, spread evenly: the floor is a mean, and more would only cost time
_CHUNK = 32  # windows whose maps are held at once
_LOGITS = ("softargmax", "expectation")  # decoders that take the logarithm of what the others take


def decoder_floor(
    detector: Measurable,
    shapes: list[tuple[int, ...]],
    shape: NDArray[np.float64],
    windows: NDArray[np.float64],
    normaliser: float,
) -> dict[str, Any]:
    """Jitter in per cent of the still ``shape`` once encoded in each window, decoded, and brought back.

    Args:
        detector: whose crop and decoder count.
        shapes: of its raw outputs, the batch in front.
        shape: (K, 2), where the landmarks are taken to be in the image.
        windows: (T, 2, 3) of the sweep's path.
        normaliser: pixels of 100 %.

    Returns:
        ``own``: of the detector's decoder; ``by_decoder``: of each that fits its outputs; ``reason`` where there is
        none. Dlib's is that of rounding to whole pixels.
    """
    still = np.asarray(transform_points(shape, windows), dtype=np.float64)
    config = config_of(detector)
    if detector.grid is not None:
        rounded = np.floor(still / detector.grid + 0.5) * detector.grid
        return {"own": _jitter(detector, rounded, windows, normaliser), "by_decoder": {}, "reason": None}
    decoders = configs(detector)
    if config is None or not decoders:
        return {"own": None, "by_decoder": {}, "reason": no_decoders(detector)}
    chosen = _chosen(still, config)
    if len(chosen) == 0:
        return {"own": None, "by_decoder": {}, "reason": "no landmark lies inside the crop in every window"}
    # Configs of as many landmarks as are drawn; scores that a network gives beside its maps do not move them.
    small = {
        name: replace(c, landmarks=len(chosen), output=replace(c.output, scores=None))
        for name, c in decoders.items()
    }
    decoded = _decoded(small, still[:, chosen], shapes)
    floors = {name: _jitter(detector, points, windows, normaliser) for name, points in decoded.items()}
    return {"own": floors.pop(OWN), "by_decoder": floors, "reason": None}


def ideal_outputs(
    config: DetectorConfig, points: NDArray[np.float64], shapes: list[tuple[int, ...]]
) -> tuple[NDArray[np.float32], ...]:
    """Outputs of a network without error for landmarks at ``points`` (N, K, 2) in crop pixels.

    Heat maps: Gaussians of ``HEATMAP_SIGMA`` cells and height 1. SimCC: of ``SIMCC_SIGMA`` bins. Decoders that begin
    with softmax get their logarithm, of which softmax makes the Gaussian.
    """
    decode = config.decode
    if isinstance(decode, SimccDecode):
        shift = 0.5 / decode.split_ratio - 0.5 if decode.origin == "edge" else 0.0
        bins = (points - shift) * decode.split_ratio
        x, y = (
            _exponent(bins[..., axis], shapes[axis][-1], SIMCC_SIGMA * decode.split_ratio / 2)
            for axis in (0, 1)
        )
        logs = [x, y]
    else:
        assert isinstance(decode, HeatmapDecode)
        whole = (1, 1, *shapes[0][-2:])
        first, second = (map_to_crop(config, np.full(2, v), whole, decode.origin) for v in (0.0, 1.0))
        cells = (points - first) / (second - first)
        x = _exponent(cells[..., 0], whole[3], HEATMAP_SIGMA)
        y = _exponent(cells[..., 1], whole[2], HEATMAP_SIGMA)
        if decode.method in _LOGITS:
            return ((y[..., :, None] + x[..., None, :]).astype(np.float32),)
        return ((np.exp(y)[..., :, None] * np.exp(x)[..., None, :]).astype(np.float32),)
    return tuple((log if decode.method in _LOGITS else np.exp(log)).astype(np.float32) for log in logs)


def _exponent(centres: NDArray[np.float64], size: int, sigma: float) -> NDArray[np.float64]:
    away = np.arange(size) - centres[..., None]
    return np.asarray(-(away * away) / (2 * sigma * sigma))


def _chosen(still: NDArray[np.float64], config: DetectorConfig) -> NDArray[np.intp]:
    """Landmarks that are inside the crop in every window; one at its edge tells of the edge, not of the grid."""
    edge = np.array(config.crop.size) - 0.5
    inside = np.flatnonzero(((still > -0.5) & (still < edge)).all(axis=(0, 2)))
    if len(inside) <= LANDMARKS:
        return inside
    return inside[np.linspace(0, len(inside) - 1, LANDMARKS).round().astype(np.intp)]


def _decoded(
    decoders: dict[str, DetectorConfig], still: NDArray[np.float64], shapes: list[tuple[int, ...]]
) -> dict[str, NDArray[np.float64]]:
    """Name → (T, K, 2) crop pixels; maps are drawn once for the decoders that take the same."""
    found: dict[str, NDArray[np.float64]] = {name: np.empty_like(still) for name in decoders}
    for start in range(0, len(still), _CHUNK):
        rows = slice(start, start + _CHUNK)
        drawn: dict[bool, tuple[NDArray[np.float32], ...]] = {}
        for name, config in decoders.items():
            logits = getattr(config.decode, "method", None) in _LOGITS
            if logits not in drawn:
                drawn[logits] = ideal_outputs(config, still[rows], shapes)
            found[name][rows] = decode_outputs(config, drawn[logits])[0]
    return found


def _jitter(
    detector: Measurable, points: NDArray[Any], windows: NDArray[np.float64], normaliser: float
) -> float:
    seen = detector.to_image(points, windows)
    return float(f"{stability(seen, windows, normaliser=normaliser).jitter:.6g}")
