"""From raw outputs to crop pixels: every kind, origin and order, on values worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from flmcore.detectors.config import parse_config
from flmcore.detectors.decode import decode_outputs, wanted_outputs
from flmcore.detectors.schema import DetectorConfig
from flmcore.errors import DetectorError


def config(
    decode: dict[str, Any], output: dict[str, Any] | None = None, landmarks: int = 2
) -> DetectorConfig:
    return parse_config(
        {
            "name": "hand",
            "scheme": "none-of-ours",
            "landmarks": landmarks,
            "licence": "none",
            "model": {"backend": "onnx", "weights": "none.onnx"},
            "crop": {"size": [40, 20]},
            "output": output or {},
            "decode": decode,
        }
    )


@pytest.mark.parametrize(
    ("units", "origin", "given", "expected"),
    [
        ("normalized", "edge", [0.0, 1.0], [-0.5, 19.5]),  # 0 and 1 are the crop's edges
        ("normalized", "centre", [0.0, 0.5], [0.0, 10.0]),
        ("normalized", "corners", [0.0, 1.0], [0.0, 19.0]),  # 0 and 1 are the outer pixels' centres
        ("signed", "edge", [-1.0, 1.0], [-0.5, 19.5]),
        ("signed", "centre", [-1.0, 0.0], [0.0, 10.0]),
        ("signed", "corners", [-1.0, 1.0], [0.0, 19.0]),
        ("pixels", "edge", [0.5, 20.0], [0.0, 19.5]),
        ("pixels", "centre", [3.0, 4.0], [3.0, 4.0]),
    ],
)
def test_coordinates(units: str, origin: str, given: list[float], expected: list[float]) -> None:
    made = config({"kind": "coordinates", "units": units, "origin": origin}, landmarks=1)
    points, scores = decode_outputs(made, (np.array([given], np.float32),))
    assert_allclose(points, [[expected]], atol=1e-6)
    assert points.dtype == scores.dtype == np.float32
    assert np.isnan(scores).all()  # the network gives none


def test_order_and_stride_pick_x_and_y() -> None:
    pixels = {"kind": "coordinates", "units": "pixels", "origin": "centre"}
    raw = np.arange(12, dtype=np.float32).reshape(2, 1, 1, 6)  # two faces; odd shapes are flattened
    points, _ = decode_outputs(config({**pixels, "stride": 3}), (raw,))
    assert_array_equal(points, [[[0, 1], [3, 4]], [[6, 7], [9, 10]]])
    points, _ = decode_outputs(config({**pixels, "stride": 3, "order": "planar"}), (raw,))
    assert_array_equal(points, [[[0, 2], [1, 3]], [[6, 8], [7, 9]]])


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int64])
def test_any_number_type_is_taken(dtype: type) -> None:
    points, _ = decode_outputs(
        config({"kind": "coordinates", "units": "pixels"}), (np.array([[1, 2, 3, 4]], dtype),)
    )
    assert points.dtype == np.float32
    assert_allclose(points, [[[0.5, 1.5], [2.5, 3.5]]])


def test_not_finite_becomes_nan_for_both_coordinates() -> None:
    raw = np.array([[np.nan, 0.5, 0.5, np.inf], [0.1, 0.2, 0.3, 0.4]], np.float32)
    points, _ = decode_outputs(config({"kind": "coordinates"}), (raw,))
    assert np.isnan(points[0]).all()
    assert np.isfinite(points[1]).all()


@pytest.mark.parametrize(
    ("origin", "expected"),
    [("edge", [17.0, 9.5]), ("centre", [15.0, 8.0]), ("corners", [3 * 39 / 7, 2 * 19 / 4])],
)
def test_heatmap_to_crop(origin: str, expected: list[float]) -> None:
    maps = np.zeros((1, 1, 5, 8), np.float32)
    maps[0, 0, 2, 3] = 0.75
    points, scores = decode_outputs(config({"kind": "heatmap", "origin": origin}, landmarks=1), (maps,))
    assert_allclose(points, [[expected]], rtol=1e-6)
    assert_allclose(scores, [[0.75]])


def test_heatmap_options_reach_the_core() -> None:
    maps = np.zeros((1, 1, 5, 8), np.float32)
    maps[0, 0, 2, 3:5] = [1.0, 0.5]
    made = config(
        {"kind": "heatmap", "method": "softargmax", "origin": "centre", "options": {"beta": 1000.0}},
        landmarks=1,
    )
    assert_allclose(
        decode_outputs(made, (maps,))[0], [[[15.0, 8.0]]], atol=1e-4
    )  # beta is that steep: the peak alone


@pytest.mark.parametrize(("origin", "shift"), [("centre", 0.0), ("edge", -0.25)])
def test_simcc_to_crop(origin: str, shift: float) -> None:
    x, y = np.zeros((1, 2, 80), np.float32), np.zeros((1, 2, 40), np.float32)
    x[0, 0, 30], x[0, 1, 61], y[0, 0, 8], y[0, 1, 39] = 0.5, 0.25, 0.75, 0.2
    made = config({"kind": "simcc", "split_ratio": 2.0, "origin": origin})
    assert wanted_outputs(made) == [0, 1]
    points, scores = decode_outputs(made, (x, y))
    assert_allclose(points, np.array([[[15, 4], [30.5, 19.5]]]) + shift)
    assert_allclose(scores, [[0.5, 0.2]])


@pytest.mark.parametrize("offsets", ["yx", "xy"])
def test_heatmap_offset_adds_logits(offsets: str) -> None:
    maps = np.full((1, 3, 5, 8), 0.5, np.float32)  # one landmark; a share of 0.5 moves nothing
    maps[0, 0] = 0.1
    maps[0, 0, 2, 3] = 0.9
    maps[0, 1 if offsets == "yx" else 2, 2, 3] = 1 / (1 + np.exp(-0.8))  # logit 0.8 of y
    made = config({"kind": "heatmap-offset", "offsets": offsets, "logit_divisor": 10.0}, landmarks=1)
    points, scores = decode_outputs(made, (maps,))
    assert_allclose(points, [[[3 * 39 / 7, 2 * 19 / 4 + 19 * 0.8 / 10]]], rtol=1e-5)
    assert_allclose(scores, [[0.9]])


def test_heatmap_with_nan_gives_nan_there_alone() -> None:
    maps = np.random.default_rng(0).random((1, 2, 5, 8), dtype=np.float32)
    maps[0, 1, 0, 0] = np.nan
    points, _ = decode_outputs(config({"kind": "heatmap"}), (maps,))
    assert np.isfinite(points[0, 0]).all()
    assert np.isnan(points[0, 1]).all()
    offset, _ = decode_outputs(
        config({"kind": "heatmap-offset"}), (np.concatenate([maps, maps, maps], axis=1),)
    )
    assert np.isnan(offset[0, 1]).all()


@pytest.mark.parametrize(
    "scores", [np.float32([[2.0], [-100.0]]), np.float32([2.0, -100.0]).reshape(2, 1, 1, 1)]
)
def test_score_of_a_face_is_that_of_its_landmarks(scores: Any) -> None:
    output = {"scores": "score", "score_activation": "sigmoid"}
    made = config({"kind": "coordinates"}, output)
    assert wanted_outputs(made) == [0, "score"]
    _, given = decode_outputs(made, (np.zeros((2, 4), np.float32), scores))
    assert_allclose(given, np.repeat([[1 / (1 + np.exp(-2.0))], [0.0]], 2, axis=1), atol=1e-7)


def test_score_column_and_scores_per_landmark() -> None:
    raw = np.zeros((2, 4), np.float32)
    made = config({"kind": "coordinates"}, {"scores": 1, "score_column": 1})
    assert_allclose(
        decode_outputs(made, (raw, np.float32([[0.1, 0.9], [0.8, 0.2]])))[1],
        [[0.9, 0.9], [0.2, 0.2]],
        rtol=1e-6,
    )
    made = config({"kind": "coordinates"}, {"scores": 1})
    assert_allclose(
        decode_outputs(made, (raw, np.float32([[0.1, 0.9], [0.8, 0.2]])))[1],
        [[0.1, 0.9], [0.8, 0.2]],
        rtol=1e-6,
    )


@pytest.mark.parametrize(
    ("decode", "raw", "message"),
    [
        (
            {"kind": "coordinates"},
            ((3, 5),),
            r"hand: landmarks: expected shape \(N, 4\), 2 for each landmark, got \(3, 5\)",
        ),
        ({"kind": "coordinates"}, ((),), r"got \(\)"),
        (
            {"kind": "heatmap"},
            ((1, 3, 4, 4),),
            r"heat maps: expected shape \(N, 2, H, W\), got \(1, 3, 4, 4\)",
        ),
        ({"kind": "heatmap"}, ((1, 2, 4),), r"got \(1, 2, 4\)"),
        ({"kind": "heatmap-offset"}, ((1, 2, 4, 4),), r"expected shape \(N, 6, H, W\), got \(1, 2, 4, 4\)"),
        (
            {"kind": "simcc"},
            ((1, 2, 8), (1, 3, 8)),
            r"SimCC y: expected shape \(N, 2, bins\), got \(1, 3, 8\)",
        ),
    ],
)
def test_other_shapes_are_refused(
    decode: dict[str, Any], raw: tuple[tuple[int, ...], ...], message: str
) -> None:
    with pytest.raises(DetectorError, match=message):
        decode_outputs(config(decode), tuple(np.zeros(shape, np.float32) for shape in raw))


def test_scores_of_another_shape_are_refused() -> None:
    made = config({"kind": "coordinates"}, {"scores": 1})
    with pytest.raises(DetectorError, match=r"scores: expected shape \(N, 1\) or \(N, 2\), got \(1, 3\)"):
        decode_outputs(made, (np.zeros((1, 4), np.float32), np.zeros((1, 3), np.float32)))
