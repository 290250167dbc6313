"""What a decoder's grid costs: perfect maps decoded, against rounding by hand and against a network that gives them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import flmcore
from evaluated import BOX, KnownDetector, noise_image
from flmcore.detectors.base import Detector
from flmcore.detectors.decode import decode_outputs
from flmcore.detectors.schema import (
    CoordinatesDecode,
    CropConfig,
    DetectorConfig,
    HeatmapDecode,
    InputConfig,
    ModelConfig,
    OutputConfig,
    SimccDecode,
)
from flmcore.evaluation.decoder_floor import HEATMAP_SIGMA, decoder_floor, ideal_outputs
from flmcore.evaluation.sweep import make_sweep

SIZE, CELLS = 128, 64
SHAPE = np.random.default_rng(1).uniform(75, 125, (5, 2))


class Still:
    """A backend that gives back its inputs: the picture is the heat map."""

    grid: float | None = None
    pixel_type = "float32"

    def run(self, inputs: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], ...]:
        return (inputs,)

    def describe(self) -> dict[str, Any]:
        return {"package": "none"}


def detector(decode: Any, *, landmarks: int = 5, size: int = SIZE, scale: float = 1.25) -> Detector:
    config = DetectorConfig(
        name="maps",
        scheme=f"spots-{landmarks}",
        licence="none",
        landmarks=landmarks,
        model=ModelConfig("onnx"),
        crop=CropConfig(size=(size, size), scale=scale),
        input=InputConfig(std=(255.0, 255.0, 255.0)),
        output=OutputConfig(),
        decode=decode,
    )
    return Detector(config, Still())  # type: ignore[arg-type]


def floors(decode: Any, shapes: list[tuple[int, ...]], normaliser: float = 40.0) -> dict[str, Any]:
    maps = detector(decode)
    windows = maps.windows([BOX], shift=make_sweep().path.shift)
    return decoder_floor(maps, shapes, SHAPE, windows, normaliser)


def by_hand(step: float, shift: float, origin: float) -> float:
    """Jitter of landmarks rounded to ``step`` crop pixels; ``shift`` of a step towards the true place is put back."""
    windows = detector(HeatmapDecode()).windows([BOX], shift=make_sweep().path.shift)
    places = (flmcore.transform_points(np.broadcast_to(SHAPE, (128, 5, 2)).copy(), windows) - origin) / step
    near = np.round(places)
    seen = (near + shift * np.sign(places - near)) * step + origin
    back = flmcore.transform_points(seen, flmcore.invert_affine(windows))
    return float(100 / 40 * np.hypot(*np.diff(back, axis=0).transpose(2, 0, 1)).mean())


MAPS = [(32, 5, CELLS, CELLS)]


def test_grid_decoders_have_the_jitter_of_rounding() -> None:
    found = floors(HeatmapDecode(method="argmax"), MAPS)
    cell, first = SIZE / CELLS, 0.5 * SIZE / CELLS - 0.5
    assert found["own"] == found["by_decoder"]["argmax"]
    assert found["own"] == pytest.approx(by_hand(cell, 0.0, first), rel=1e-5)
    for name in ("quarter", "quarter-fan", "quarter-symmetric"):
        assert found["by_decoder"][name] == pytest.approx(by_hand(cell, 0.25, first), rel=1e-5)


def test_decoders_below_the_cell_have_almost_none() -> None:
    found = floors(HeatmapDecode(method="argmax"), MAPS)["by_decoder"]
    assert found["quarter"] < found["argmax"]
    # A logarithm's quadratic is a Gaussian's own: nothing remains but blurring's ends and float32.
    for name in ("dark", "dark_udp", "softargmax", "local_mean"):
        assert found[name] < 0.05 * found["argmax"], name
    assert found["taylor"] < 0.5 * found["argmax"]


def test_simcc_bins_are_half_pixels() -> None:
    found = floors(SimccDecode(), [(32, 5, 2 * SIZE), (32, 5, 2 * SIZE)])
    assert found["own"] == pytest.approx(by_hand(0.5, 0.0, 0.0), rel=1e-5)
    assert found["by_decoder"]["dark"] < 0.05 * found["own"]
    assert found["by_decoder"]["expectation"] < 0.01 * found["own"]
    assert set(found["by_decoder"]) == {"argmax", "dark", "expectation"}


@pytest.mark.parametrize("origin", ["edge", "centre", "corners", "cell"])
def test_ideal_maps_are_decoded_to_where_they_were_drawn(origin: str) -> None:
    config = detector(HeatmapDecode(method="dark_udp", origin=origin)).config
    points = np.random.default_rng(0).uniform(30, 90, (4, 5, 2))
    decoded, _ = decode_outputs(config, ideal_outputs(config, points, MAPS))
    np.testing.assert_allclose(decoded, points, atol=0.02)


@pytest.mark.parametrize("origin", ["centre", "edge"])
@pytest.mark.parametrize("ratio", [2.0, 3.0])
def test_ideal_vectors_are_decoded_to_where_they_were_drawn(origin: str, ratio: float) -> None:
    config = detector(SimccDecode(method="expectation", split_ratio=ratio, origin=origin)).config
    points = np.random.default_rng(0).uniform(30, 90, (4, 5, 2))
    shapes = [(4, 5, int(ratio * SIZE))] * 2
    decoded, _ = decode_outputs(config, ideal_outputs(config, points, shapes))
    np.testing.assert_allclose(decoded, points, atol=1e-3)


@pytest.mark.parametrize("method", ["argmax", "quarter"])
def test_floor_is_what_a_network_of_perfect_maps_jitters(method: str) -> None:
    """A picture of three Gaussians, a network that shows the picture: measured jitter and floor are the same thing."""
    places = np.array([[80.3, 75.6], [110.8, 90.1], [95.5, 118.2]])
    rows, columns = np.mgrid[0:180, 0:200]
    cell = 80 * 1.6 / CELLS  # image pixels
    away = (columns[..., None] - places[:, 0]) ** 2 + (rows[..., None] - places[:, 1]) ** 2
    image = np.round(255 * np.exp(-away / (2 * (HEATMAP_SIGMA * cell) ** 2))).astype(np.uint8)
    maps = detector(HeatmapDecode(method=method), landmarks=3, size=CELLS, scale=1.6)
    results = flmcore.evaluate(
        [image], maps, boxes=[[BOX]], speed=False, interocular={"array-0": [40.0]}, redecode=True
    )
    unit = results.units[0]
    # The mean landmarks stand for the true ones, and grey levels are whole: the two meet windows a little otherwise.
    assert unit["decoder_floor"]["own"] == pytest.approx(unit["jitter"], rel=0.12)
    assert unit["jitter"] > 1
    decoders = {row["decoder"]: row for row in results.causes["redecode"]}
    assert decoders["own"]["jitter"] == results.summary[0]["jitter"] | {
        "mean": pytest.approx(unit["jitter"], rel=1e-5)
    }
    assert decoders[method]["jitter"]["mean"] == decoders["own"]["jitter"]["mean"]
    assert decoders["dark"]["jitter"]["mean"] < 0.2 * unit["jitter"]
    assert decoders["dark"]["moved"]["mean"] < 1
    assert abs(decoders["dark"]["gain"]["mean"]) < 0.05
    other = flmcore.evaluate(
        [image],
        Detector(replace(maps.config, decode=HeatmapDecode(method="taylor")), Still()),  # type: ignore[arg-type]
        boxes=[[BOX]],
        speed=False,
        interocular={"array-0": [40.0]},
    )
    assert decoders["taylor"]["jitter"]["mean"] == pytest.approx(other.summary[0]["jitter"]["mean"], rel=1e-5)
    table = results.table(160)
    assert "Decoder floor" in table
    assert "The same outputs through every decoder" in table
    assert max(map(len, results.table(60).splitlines())) <= 60


def test_floor_of_whole_pixels_is_that_of_rounding() -> None:
    results = flmcore.evaluate([noise_image(0)], KnownDetector(grid=2.0), boxes=[[BOX]], speed=False)
    assert results.summary[0]["decoder_floor"]["mean"] == pytest.approx(
        results.summary[0]["rounding_jitter"]["mean"], rel=1e-3
    )


def test_floor_that_does_not_exist_has_a_reason() -> None:
    coordinates = floors(CoordinatesDecode(), [(32, 10)])
    assert coordinates["own"] is None
    assert "gives coordinates" in coordinates["reason"]
    results = flmcore.evaluate(
        [noise_image(0)], KnownDetector(sigma=0.1), boxes=[[BOX]], speed=False, frames=8, redecode=True
    )
    (row,) = results.causes["redecode"]
    assert row["decoder"] is None
    assert "does not say how it decodes" in row["reason"]
    assert results.summary[0]["decoder_floor"] is None


def test_landmarks_outside_the_crop_are_left_out() -> None:
    maps = detector(HeatmapDecode())
    windows = maps.windows([BOX], shift=make_sweep().path.shift)
    shape = np.concatenate([SHAPE[:4], [[10.0, 10.0]]])
    found = decoder_floor(maps, MAPS, shape, windows, 40.0)
    assert found["own"] > 0
    assert "no landmark" in decoder_floor(maps, MAPS, SHAPE + 500, windows, 40.0)["reason"]
