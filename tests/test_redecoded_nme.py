"""Accuracy by decoder: five coloured spots whose places are known, a network that shows one map for each."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
from evaluated import BOX, KnownDetector, noise_image
from flmcore.detectors.base import Detector
from flmcore.detectors.schema import HeatmapDecode
from flmcore.evaluation.decoder_floor import HEATMAP_SIGMA
from test_decoder_floor import CELLS, Still
from test_decoder_floor import detector as map_detector

COLOURS = np.array([[255, 0, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255], [0, 255, 0]])
PLACES = np.array([[80.3, 75.6], [120.8, 77.1], [98.5, 97.2], [82.7, 120.4], [117.1, 122.9]])
IMAGES = 6


class Colours(Still):
    """Red, blue, yellow, cyan and green light, which are the maps of five landmarks."""

    def run(self, inputs: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], ...]:
        r, g, b = inputs.transpose(1, 0, 2, 3)
        maps = [r - np.minimum(r, g), b - np.minimum(b, g), np.minimum(r, g), np.minimum(g, b), g - r - b]
        return (np.maximum(np.stack(maps, axis=1), 0).astype(np.float32),)


def places(number: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return PLACES + np.random.default_rng(number).uniform(-2, 2, PLACES.shape)


def picture(number: int, *, weakest: float = 1.0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The first spot has the share ``weakest`` of the others' light."""
    rows, columns = np.mgrid[0:180, 0:200]
    where = places(number)
    away = (columns[..., None] - where[:, 0]) ** 2 + (rows[..., None] - where[:, 1]) ** 2
    light = np.exp(-away / (2 * (HEATMAP_SIGMA * 80 * 1.6 / CELLS) ** 2))
    light[..., 0] *= weakest
    return np.round((light @ COLOURS).clip(0, 255)).astype(np.uint8)


def spots_detector(method: str, **options: Any) -> Detector:
    decode = HeatmapDecode(method=method, options=options)
    config = map_detector(decode, landmarks=5, size=CELLS, scale=1.6).config
    return Detector(replace(config, scheme="five-5"), Colours())  # type: ignore[arg-type]


class FixedBox(Detector):
    """Sees every face through the window of one box: a truth's tight box would be another for each."""

    def windows(self, boxes: Any, **options: Any) -> Any:
        return super().windows([BOX] * len(np.atleast_2d(boxes)), **options)


def run(detector: Detector, count: int = IMAGES, *, truth: bool = True, **options: Any) -> flmcore.Results:
    images = [picture(number, weakest=options.get("weakest", 1.0)) for number in range(count)]
    options.pop("weakest", None)
    fixed = FixedBox(detector.config, detector.backend)
    given: dict[str, Any] = {"boxes": [[BOX]] * count}
    if truth:
        rows = [(f"array-{number}", places(number)) for number in range(count)]
        given = {"boxes": "truth", "truth": rows, "truth_scheme": "five-5"}
    return flmcore.evaluate(images, fixed, speed=False, frames=8, **given, **options)


@pytest.fixture(scope="module")
def redecoded() -> flmcore.Results:
    return run(spots_detector("argmax"), redecode=True)


def rows_of(results: flmcore.Results) -> dict[str, dict[str, Any]]:
    return {row["decoder"]: row for row in results.causes["redecode"]}


def test_own_decoder_has_the_nme_of_the_run(redecoded: flmcore.Results) -> None:
    rows, summary = rows_of(redecoded), redecoded.summary[0]
    assert rows["own"]["nme"] == rows["argmax"]["nme"] == summary["nme"]
    assert rows["own"]["nme_common"] == summary["nme_common"]
    assert rows["own"]["nme_change"]["mean"] == rows["argmax"]["nme_change"]["high"] == 0


@pytest.mark.parametrize("method", ["dark", "taylor"])
def test_other_decoder_has_the_nme_of_a_run_with_it(redecoded: flmcore.Results, method: str) -> None:
    other = run(spots_detector(method)).summary[0]
    row = rows_of(redecoded)[method]
    assert row["nme"] == other["nme"]
    change = row["nme_change"]
    assert change["mean"] == pytest.approx(other["nme"]["mean"] - redecoded.summary[0]["nme"]["mean"])
    assert change["images"] == IMAGES


def test_grid_costs_accuracy_and_the_interval_says_so(redecoded: flmcore.Results) -> None:
    """Rounding to cells of 2 px: a mean error of about 0.77 px on 40 px between the eyes, by Monte Carlo of a square."""
    rows = rows_of(redecoded)
    cell = 80 * 1.6 / CELLS
    inside = np.random.default_rng(0).uniform(-cell / 2, cell / 2, (20000, 2))
    eyes = np.mean([np.hypot(*(places(n)[1] - places(n)[0])) for n in range(IMAGES)])
    expected = 100 * np.hypot(*inside.T).mean() / eyes
    assert rows["argmax"]["nme"]["mean"] == pytest.approx(expected, rel=0.3)
    assert rows["dark"]["nme"]["mean"] < 0.1 * rows["argmax"]["nme"]["mean"]
    assert rows["dark"]["nme_change"]["high"] < 0
    assert rows["quarter"]["nme_change"]["high"] < 0


def test_table_shows_accuracy_beside_jitter(redecoded: flmcore.Results) -> None:
    table = redecoded.table(160)
    assert "beside own" in table
    mean = rows_of(redecoded)["dark"]["nme_change"]["mean"]
    assert f"{mean:+.3f} [" in next(line for line in table.splitlines() if " dark " in line and "[" in line)
    assert max(map(len, redecoded.table(60).splitlines())) <= 60


def test_change_is_over_the_landmarks_that_both_define() -> None:
    """The own decoder drops the weak first spot; others keep it, and are not blamed for it."""
    results = run(spots_detector("argmax", threshold=0.7), count=1, weakest=0.5, redecode=True)
    unit = results.units[0]
    errors = unit["accuracy"]["sets"]["five-5"]["error_px"]
    assert errors[0] is None
    assert None not in errors[1:]
    same = unit["redecode"]["argmax"]
    assert same["nme_change"] == 0
    assert same["nme"] != unit["accuracy"]["nme"] == unit["redecode"]["own"]["nme"]


def test_without_truth_there_is_no_nme() -> None:
    results = run(spots_detector("argmax"), count=1, truth=False, redecode=True)
    assert "nme" not in rows_of(results)["own"]
    assert "beside own" not in results.table(160)


def test_detector_without_maps_has_its_reason_beside_truth() -> None:
    truth = [("array-0", np.random.default_rng(0).uniform(60, 130, (68, 2)))]
    results = flmcore.evaluate(
        [noise_image(0)],
        KnownDetector(),
        boxes="truth",
        truth=truth,
        truth_scheme="300w-68",
        speed=False,
        frames=8,
        redecode=True,
    )
    assert set(results.units[0]["redecode"]) == {"reason"}
    assert results.units[0]["accuracy"]["nme"] is not None


def test_resumed_run_has_the_same_bytes(redecoded: flmcore.Results, tmp_path: Path) -> None:
    def stop(progress: Any) -> None:
        if progress.done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(spots_detector("argmax"), redecode=True, out=tmp_path, progress=stop)
    again = run(spots_detector("argmax"), redecode=True, out=tmp_path, resume=True)
    both = [json.dumps({k: v for k, v in r.data.items() if k != "timing"}) for r in (redecoded, again)]
    assert both[0] == both[1]
    assert flmcore.Results.from_json(tmp_path / "results.json").table() == redecoded.table()
