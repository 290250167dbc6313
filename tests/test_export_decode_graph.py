"""The decoders inside an exported graph mean what flmcore's own decoders mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from flmcore.detectors.config import parse_config
from flmcore.detectors.decode import decode_outputs
from flmcore.detectors.schema import DetectorConfig
from flmcore.errors import ExportError
from flmcore.export.decode_choice import choose_method, decode_facts, make_decoder

torch = pytest.importorskip("torch")

LANDMARKS = 7
# float32 sums of a map's cells, in another order than the core's: some 1e-6 of coordinates to 100.
SUMS = 2e-4


def config_of(decode: dict[str, Any], *, size: tuple[int, int] = (64, 48), **more: Any) -> DetectorConfig:
    return parse_config(
        {
            "name": "seven",
            "scheme": "seven",
            "landmarks": LANDMARKS,
            "licence": "none",
            "model": {"backend": "torch"},
            "crop": {"size": list(size)},
            "decode": decode,
            **more,
        }
    )


def decoded(
    config: DetectorConfig, decode: str, *raw: NDArray[np.float32], beta: float | None = None
) -> list[NDArray[np.float32]]:
    shapes = [(1, *array.shape[1:]) for array in raw]
    made = make_decoder(config, choose_method(config, decode), shapes, beta)
    assert made is not None
    with torch.no_grad():
        return [value.numpy() for value in made(tuple(map(torch.from_numpy, raw)))]


def maps(rng: np.random.Generator, *, height: int = 12, width: int = 16) -> NDArray[np.float32]:
    """Bells with noise, some with their peak on a border or a corner, all above 0 somewhere."""
    rows, columns = np.mgrid[0:height, 0:width]
    places = rng.uniform(0, 1, (3, LANDMARKS, 2)) * [width - 1, height - 1]
    places[0, :4] = [[0, 0], [width - 1, height - 1], [0, 5], [6, height - 1]]
    places[1, :3] = [[1, 1], [width - 2, height - 2], [1, height - 1]]
    squares = (columns - places[..., 0, None, None]) ** 2 + (rows - places[..., 1, None, None]) ** 2
    made: NDArray[np.float32] = np.exp(-squares / 3, dtype=np.float64).astype(np.float32)
    return made + rng.normal(0, 0.02, made.shape).astype(np.float32)


@pytest.mark.parametrize("origin", ["edge", "centre", "corners", "cell"])
def test_argmax_is_the_cores_to_the_bit(origin: str) -> None:
    config = config_of({"kind": "heatmap", "origin": origin})
    heat = maps(np.random.default_rng(1))
    points, scores = decoded(config, "argmax", heat)
    expected, values = decode_outputs(config, (heat,))
    np.testing.assert_allclose(points, expected, rtol=2e-7, atol=1e-6)
    np.testing.assert_array_equal(scores, values)


@pytest.mark.parametrize("rule", ["mmpose", "fan", "symmetric"])
def test_quarter_by_every_rule(rule: str) -> None:
    config = config_of({"kind": "heatmap", "method": "quarter", "options": {"rule": rule}})
    heat = maps(np.random.default_rng(2))
    heat[2, 0] = 0.0
    heat[2, 0, 4, 5] = 1.0  # both neighbours equal: it stays
    points, scores = decoded(config, "config", heat)
    expected, values = decode_outputs(config, (heat,))
    np.testing.assert_allclose(points, expected, atol=1e-5)
    np.testing.assert_array_equal(scores, values)


def test_ties_go_to_the_first_in_row_major_order() -> None:
    """Rounded to float16 or saturated, maps have equal maxima; column and row must be of one cell."""
    config = config_of({"kind": "heatmap"})
    rng = np.random.default_rng(3)
    heat = rng.integers(0, 3, (20, LANDMARKS, 12, 16)).astype(np.float32) + 1
    points, _ = decoded(config, "argmax", heat)
    np.testing.assert_allclose(points, decode_outputs(config, (heat,))[0], atol=1e-6)
    two = np.zeros((1, LANDMARKS, 12, 16), np.float32)
    two[..., 3, 9] = two[..., 8, 2] = 1
    np.testing.assert_allclose(decoded(config, "argmax", two)[0][0, 0], [37.5, 13.5])


@pytest.mark.parametrize("options", [{}, {"radius": 0.3}, {"radius": 5.0}, {"gamma": 2.0}])
def test_expectation_of_heat_maps_is_the_local_mean(options: dict[str, float]) -> None:
    config = config_of({"kind": "heatmap", "method": "local_mean", "options": options})
    heat = maps(np.random.default_rng(4))
    points, scores = decoded(config, "expectation", heat)
    expected, values = decode_outputs(config, (heat,))
    np.testing.assert_allclose(points, expected, atol=SUMS)
    np.testing.assert_array_equal(scores, values)


@pytest.mark.parametrize("beta", [1.0, 20.0])
def test_softargmax(beta: float) -> None:
    decode = {"kind": "heatmap", "method": "softargmax", "options": {"beta": beta}}
    config = config_of(decode)
    heat = maps(np.random.default_rng(5)) * 3 - 1
    points, _ = decoded(config, "expectation", heat)
    np.testing.assert_allclose(points, decode_outputs(config, (heat,))[0], atol=SUMS)
    asked = config_of({**decode, "options": {"beta": 7.0}})
    np.testing.assert_array_equal(decoded(asked, "expectation", heat, beta=beta)[0], points)


@pytest.mark.parametrize("origin", ["centre", "edge"])
@pytest.mark.parametrize(("method", "beta"), [("argmax", None), ("expectation", 1.0), ("expectation", 10.0)])
def test_simcc(origin: str, method: str, beta: float | None) -> None:
    import flmcore

    config = config_of({"kind": "simcc", "method": method, "split_ratio": 2, "origin": origin})
    rng = np.random.default_rng(6)
    x, y = (rng.normal(0, 1, (4, LANDMARKS, bins)).astype(np.float32) for bins in (128, 96))
    x[0, 0, [5, 90]] = y[0, 0, [7, 11]] = 9.0  # the first of equal bins
    points, scores = decoded(config, method, x, y, beta=beta)
    options = {} if beta is None else {"beta": beta}
    expected, values = flmcore.decode_simcc(x, y, split_ratio=2, method=method, **options)
    np.testing.assert_allclose(points, expected - (0.25 if origin == "edge" else 0), atol=SUMS)
    np.testing.assert_array_equal(scores, values)


COORDINATES = [
    {"units": "normalized", "origin": "edge"},
    {"units": "normalized", "origin": "corners"},
    {"units": "signed", "origin": "centre"},
    {"units": "signed", "origin": "corners", "order": "planar"},
    {"units": "pixels", "origin": "edge", "stride": 3},
    {"units": "pixels", "origin": "centre", "order": "planar", "stride": 4},
]


@pytest.mark.parametrize("decode", COORDINATES, ids=lambda d: "-".join(map(str, d.values())))
def test_coordinates_of_every_unit_order_and_stride(decode: dict[str, Any]) -> None:
    config = config_of({"kind": "coordinates", **decode})
    width = decode.get("stride", 2)
    raw = np.random.default_rng(7).uniform(-0.2, 1.2, (3, LANDMARKS * width)).astype(np.float32)
    (points,) = decoded(config, "config", raw)
    np.testing.assert_allclose(points, decode_outputs(config, (raw,))[0], atol=2e-5)


@pytest.mark.parametrize(("given", "column"), [(1, None), (LANDMARKS, None), (2, 1)])
@pytest.mark.parametrize("activation", ["none", "sigmoid"])
def test_scores_beside_coordinates(given: int, column: int | None, activation: str) -> None:
    output = {"scores": 1, "score_activation": activation}
    output |= {} if column is None else {"score_column": column}
    config = config_of({"kind": "coordinates"}, output=output)
    rng = np.random.default_rng(8)
    raw = rng.random((3, LANDMARKS * 2), np.float32), rng.normal(0, 3, (3, given, 1, 1)).astype(np.float32)
    points, scores = decoded(config, "config", *raw)
    expected, values = decode_outputs(config, raw)
    np.testing.assert_allclose(points, expected, atol=1e-5)
    np.testing.assert_allclose(scores, values, atol=1e-6)
    assert scores.shape == (3, LANDMARKS)


@pytest.mark.parametrize("offsets", ["yx", "xy"])
def test_cells_with_offsets(offsets: str) -> None:
    config = config_of({"kind": "heatmap-offset", "offsets": offsets})
    rng = np.random.default_rng(9)
    shares = rng.uniform(0, 1, (3, 2 * LANDMARKS, 12, 16)).astype(np.float32)
    raw = np.concatenate([maps(rng), shares], axis=1)
    points, scores = decoded(config, "config", raw)
    expected, values = decode_outputs(config, (raw,))
    np.testing.assert_allclose(points, expected, atol=1e-4)
    np.testing.assert_array_equal(scores, values)


def test_below_the_threshold_the_score_tells_what_is_undefined() -> None:
    """flmcore answers NaN where the graph gives numbers; its metadata hold the threshold that decides."""
    config = config_of({"kind": "heatmap"})
    heat = maps(np.random.default_rng(10))
    heat[:, 3] = -np.abs(heat[:, 3])
    points, scores = decoded(config, "argmax", heat)
    expected, _ = decode_outputs(config, (heat,))
    threshold = decode_facts(config, "argmax", "none")["app"]["threshold"]
    assert np.isfinite(points).all()
    assert np.isnan(expected[:, 3]).all()
    np.testing.assert_array_equal(scores > threshold, np.isfinite(expected[..., 0]))
    assert np.isfinite(decoded(config, "expectation", heat)[0]).all()
    low = config_of({"kind": "heatmap", "options": {"threshold": -1e30}})
    assert decode_facts(low, "argmax", "none")["app"] == {"threshold": -1e30}


REFUSED = [
    (
        {"kind": "coordinates"},
        "expectation",
        r"^decode: expected none or config for seven, got 'expectation': the network gives",
    ),
    ({"kind": "heatmap-offset"}, "argmax", "the network gives cells with offsets"),
    ({"kind": "heatmap", "method": "dark"}, "config", "method dark is not written as a graph, only argmax"),
    ({"kind": "simcc", "method": "dark"}, "config", "expected none, argmax or expectation"),
    (
        {"kind": "simcc"},
        "argmx",
        r"^decode: expected one of none, argmax, .*, got 'argmx'; did you mean 'argmax'",
    ),
]


@pytest.mark.parametrize(
    ("decode", "asked", "message"), REFUSED, ids=lambda v: v if isinstance(v, str) else ""
)
def test_what_cannot_be_in_a_graph_is_refused_with_the_reason(
    decode: dict[str, Any], asked: str, message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        choose_method(config_of(decode), asked)
