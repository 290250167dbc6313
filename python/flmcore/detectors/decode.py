"""From a network's raw outputs to landmarks in crop pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import flmcore
from flmcore.detectors.schema import (
    CoordinatesDecode,
    DetectorConfig,
    HeatmapDecode,
    HeatmapOffsetDecode,
    SimccDecode,
)
from flmcore.errors import DetectorError

__all__ = ["decode_outputs", "map_to_crop", "wanted_outputs"]

Raw = tuple[NDArray[Any], ...]
Decoded = tuple[NDArray[np.float32], NDArray[np.float32]]


def wanted_outputs(config: DetectorConfig) -> list[int | str]:
    """The outputs that decoding needs, in the order in which :func:`decode_outputs` takes them."""
    output = config.output
    maps = [output.x, output.y] if isinstance(config.decode, SimccDecode) else [output.landmarks]
    return maps if output.scores is None else [*maps, output.scores]


def decode_outputs(config: DetectorConfig, raw: Raw) -> Decoded:
    """Landmarks (N, K, 2) float32 in crop pixels (pixel centres are whole numbers) and scores (N, K) float32.

    Not finite becomes NaN, for both coordinates; scores are NaN where the network gives none.

    Raises:
        DetectorError: the outputs are not what the config says; names the shapes.
    """
    decode = config.decode
    if isinstance(decode, CoordinatesDecode):
        points, scores = _coordinates(config, decode, raw)
    elif isinstance(decode, HeatmapDecode):
        points, scores = _heatmaps(config, decode, raw)
    elif isinstance(decode, SimccDecode):
        points, scores = _simcc(config, decode, raw)
    else:
        points, scores = _heatmap_offsets(config, decode, raw)
    if config.output.scores is not None:
        scores = _scores(config, raw[-1], len(points))
    finite = np.isfinite(points)
    if not finite.all():  # rare, and looking costs a fifth of replacing
        points = np.where(finite.all(axis=-1, keepdims=True), points, np.nan)
    return np.ascontiguousarray(points, dtype=np.float32), np.ascontiguousarray(scores, dtype=np.float32)


def _coordinates(
    config: DetectorConfig, decode: CoordinatesDecode, raw: Raw
) -> tuple[NDArray[Any], NDArray[Any]]:
    landmarks, width = config.landmarks, decode.stride
    n = raw[0].shape[0] if raw[0].ndim else 0
    if raw[0].ndim < 2 or raw[0].size != n * landmarks * width:
        raise _shape_error(
            config, "landmarks", f"(N, {landmarks * width}), {width} for each landmark", raw[0]
        )
    values = raw[0].astype(np.float64)
    if decode.order == "planar":
        xy = values.reshape(n, width, landmarks)[:, :2].transpose(0, 2, 1)
    else:
        xy = values.reshape(n, landmarks, width)[..., :2]
    if decode.units == "signed":
        xy = (xy + 1) / 2
    if decode.units != "pixels":
        xy = xy * (np.array(config.crop.size) - (1 if decode.origin == "corners" else 0))
    return xy - (0.5 if decode.origin == "edge" else 0.0), np.full((n, landmarks), np.nan)


def _heatmaps(config: DetectorConfig, decode: HeatmapDecode, raw: Raw) -> tuple[NDArray[Any], NDArray[Any]]:
    maps = raw[0]
    if maps.ndim != 4 or maps.shape[1] != config.landmarks or 0 in maps.shape[2:]:
        raise _shape_error(config, "heat maps", f"(N, {config.landmarks}, H, W)", maps)
    xy, scores = flmcore.decode_heatmaps(maps, method=decode.method, **decode.options)
    return map_to_crop(config, xy, maps.shape, decode.origin), scores


def map_to_crop(
    config: DetectorConfig, xy: NDArray[Any], shape: tuple[int, ...], origin: str
) -> NDArray[np.float64]:
    """Cells of maps of ``shape`` (N, K, H, W) → crop pixels."""
    crop, cells = (
        np.array(config.crop.size, dtype=np.float64),
        np.array([shape[3], shape[2]], dtype=np.float64),
    )
    if origin == "corners":  # the outer cells' centres on the outer pixels' centres
        return np.asarray(xy * ((crop - 1) / np.maximum(cells - 1, 1)))
    if origin == "cell":  # the cell's middle, zero at the crop's edge: for affines that count from edges
        return (xy + 0.5) * (crop / cells)
    if origin == "centre":  # the first cell's centre on the first pixel's centre
        return xy * (crop / cells)
    return (xy + 0.5) * (crop / cells) - 0.5


def _simcc(config: DetectorConfig, decode: SimccDecode, raw: Raw) -> tuple[NDArray[Any], NDArray[Any]]:
    for name, vectors in (("x", raw[0]), ("y", raw[1])):
        if vectors.ndim != 3 or vectors.shape[1] != config.landmarks or vectors.shape[2] == 0:
            raise _shape_error(config, f"SimCC {name}", f"(N, {config.landmarks}, bins)", vectors)
    xy, scores = flmcore.decode_simcc(raw[0], raw[1], split_ratio=decode.split_ratio, method=decode.method)
    shift = 0.5 / decode.split_ratio - 0.5 if decode.origin == "edge" else 0.0
    return xy.astype(np.float64) + shift, scores


def _heatmap_offsets(
    config: DetectorConfig, decode: HeatmapOffsetDecode, raw: Raw
) -> tuple[NDArray[Any], NDArray[Any]]:
    """OpenSeeFace's decoder: the peak's cell, moved by the logit of the offset maps' value there."""
    maps, landmarks = raw[0], config.landmarks
    if maps.ndim != 4 or maps.shape[1] != 3 * landmarks or 0 in maps.shape[2:]:
        raise _shape_error(config, "heat maps and offsets", f"(N, {3 * landmarks}, H, W)", maps)
    n, _, height, width = maps.shape
    peaks, scores = flmcore.decode_heatmaps(maps[:, :landmarks], method="argmax")
    cells = np.where(np.isfinite(peaks), peaks, 0).astype(np.intp)
    at_peak = (cells[..., 1] * width + cells[..., 0])[..., None]
    first, second = (
        np.take_along_axis(group.reshape(n, landmarks, height * width), at_peak, axis=2)[..., 0].astype(
            np.float64
        )
        for group in (maps[:, landmarks : 2 * landmarks], maps[:, 2 * landmarks :])
    )
    shares = np.stack((second, first) if decode.offsets == "yx" else (first, second), axis=-1)
    shares = np.clip(shares, 1e-7, 1 - 1e-7)
    reach = (np.array(config.crop.size) - 1) / decode.logit_divisor
    xy = map_to_crop(config, peaks, maps.shape, decode.origin) + reach * np.log(shares / (1 - shares))
    return xy, scores


def _scores(config: DetectorConfig, raw: NDArray[Any], n: int) -> NDArray[np.float32]:
    """Scores per landmark; one per face is repeated."""
    output, landmarks = config.output, config.landmarks
    flat = (
        raw.reshape(raw.shape[0], -1).astype(np.float32) if raw.ndim else raw.reshape(1, 1).astype(np.float32)
    )
    if output.score_column is not None and output.score_column < flat.shape[1]:
        flat = flat[:, output.score_column : output.score_column + 1]
    if flat.shape not in ((n, 1), (n, landmarks)):
        raise _shape_error(config, "scores", f"(N, 1) or (N, {landmarks})", raw)
    if output.score_activation == "sigmoid":
        flat = 0.5 + 0.5 * np.tanh(0.5 * flat)  # the logistic function, without overflow
    return np.broadcast_to(flat, (n, landmarks))


def _shape_error(config: DetectorConfig, what: str, expected: str, got: NDArray[Any]) -> DetectorError:
    return DetectorError(f"{config.name}: {what}: expected shape {expected}, got {got.shape}")
