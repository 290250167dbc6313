"""Shares of causes that are known: additive ones, ones that hide each other, boxes that shake."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import flmcore
from evaluated import BOX, KnownDetector, noise_image
from flmcore.detectors.base import Detector
from flmcore.detectors.finders import Finder
from flmcore.detectors.schema import CropConfig, HeatmapDecode
from flmcore.evaluation.moving_views import FRAMES, moving_views
from flmcore.evaluation.shapley import shapley_shares
from flmcore.evaluation.sweep import make_sweep
from test_decoder_floor import Still
from test_decoder_floor import detector as map_detector

# In the middles of the cells of a 64 × 64 map of the box's window: a box that holds still meets no cell's edge.
PLACES = np.array([[80.5, 76.5], [110.5, 90.5], [96.5, 118.5]])


def subsets(names: str) -> list[frozenset[str]]:
    return [frozenset(some) for size in range(len(names) + 1) for some in combinations(names, size)]


def test_causes_that_add_up_have_their_own() -> None:
    parts = {"a": 5.0, "b": 2.0, "c": -1.0}
    left = {gone: 10.0 - sum(parts[name] for name in gone) for gone in subsets("abc")}
    assert shapley_shares("abc", left) == pytest.approx(parts)


def test_causes_that_hide_each_other_share_alike() -> None:
    left = {gone: 0.0 if {"a", "b"} <= gone else 6.0 for gone in subsets("abc")}
    assert shapley_shares("abc", left) == pytest.approx({"a": 3.0, "b": 3.0, "c": 0.0})


def test_shares_and_what_is_left_are_the_whole() -> None:
    drawn = np.random.default_rng(0).uniform(0, 1, 8)
    left = dict(zip(subsets("abc"), drawn.tolist(), strict=True))
    parts = shapley_shares("abc", left)
    assert sum(parts.values()) + left[frozenset("abc")] == pytest.approx(left[frozenset()])


class ShakingFinder(Finder):
    """Finds the face where the brightest pixels are, with boxes that shake by ``shake`` pixels; none in some frames."""

    kind, threshold, name = "landmarks", 0.0, "shaking"

    def __init__(self, shake: float, *, blind: tuple[int, ...] = ()) -> None:
        self._shake, self._blind, self._calls = shake, blind, 0
        self._rng = np.random.default_rng(4)

    def _search(self, pixels: np.ndarray[Any, Any]) -> tuple[Any, Any]:
        self._calls += 1
        if self._calls - 1 in self._blind:
            return np.empty((0, 4)), np.empty(0)
        # The weighted middle of the face's light, to a fraction of a pixel; the box hangs on it.
        weight = pixels.astype(np.float64).sum(axis=2)
        rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
        x, y = (weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()
        x, y = (
            np.array([x, y]) - (PLACES.mean(axis=0) - np.array(BOX[:2])) + self._rng.normal(0, self._shake, 2)
        )
        side = BOX[2] - BOX[0]
        return np.array([[x, y, x + side, y + side]]), np.ones(1)

    def _about(self) -> dict[str, Any]:
        return {"shake": self._shake}


def spots() -> np.ndarray[Any, np.dtype[np.uint8]]:
    rows, columns = np.mgrid[0:180, 0:200]
    away = (columns[..., None] - PLACES[:, 0]) ** 2 + (rows[..., None] - PLACES[:, 1]) ** 2
    return np.round(255 * np.exp(-away / (2 * 3.5**2))).astype(np.uint8)


def attributed(method: str, shake: float, **crop: Any) -> dict[str, Any]:
    detector = map_detector(HeatmapDecode(method=method), landmarks=3, size=64, scale=1.6)
    if crop:
        config = replace(detector.config, crop=replace(detector.config.crop, **crop))
        detector = Detector(config, Still())  # type: ignore[arg-type]
    results = flmcore.evaluate(
        [spots()],
        detector,
        boxes=[[BOX]],
        speed=False,
        interocular={"array-0": [40.0]},
        attribute=ShakingFinder(shake),
    )
    assert "Shares of the jitter" in results.table()
    assert results.protocol["attribution"]["finder"]["shake"] == shake
    assert set(results.causes["attribution"][0]) >= {"boxes", "resampling", "decoder", "network", "frames"}
    return dict(results.units[0]["attribution"])


def test_views_carry_the_face_and_the_box() -> None:
    views = moving_views(spots(), BOX, make_sweep(), ShakingFinder(0.0))
    assert len(views.frames) == FRAMES
    assert views.missed == 0
    np.testing.assert_allclose(views.found, views.true, atol=0.2)  # grey levels are whole
    for t in (0, 17, 63):
        at = flmcore.transform_points(PLACES, views.to_view[t])
        x, y = np.round(at[0]).astype(int)
        assert views.frames[t][y, x, 0] > 240


def test_boxes_that_shake_before_a_grid_share_with_the_decoder() -> None:
    """With still boxes the grid is met at the same places; with a fine decoder the boxes do not matter: each is half."""
    found = attributed("argmax", 1.5)
    assert found["network"] < 5
    assert found["boxes"] == pytest.approx(50, abs=5)
    assert found["decoder"] == pytest.approx(50, abs=5)
    assert sum(found[part] for part in ("boxes", "resampling", "decoder", "network")) == pytest.approx(
        100, abs=1e-3
    )
    assert found["best_decoder"] != "argmax"


def test_antialiased_crop_has_no_resampling_to_better() -> None:
    found = attributed("argmax", 1.5, antialias=True)
    assert found["resampling"] is None
    assert found["missing"] == {"resampling": "the crop is antialiased already"}
    assert CropConfig(size=(8, 8)).antialias is False


def test_noise_of_its_own_is_the_networks() -> None:
    """A detector that rides with its window, whose boxes follow the face: what moves is its noise."""
    detector = KnownDetector(sigma=0.5, hold=0.0)
    results = flmcore.evaluate([spots()], detector, boxes=[[BOX]], speed=False, attribute=ShakingFinder(0.0))
    found = results.units[0]["attribution"]
    assert found["network"] == pytest.approx(100, abs=5)
    assert set(found["missing"]) == {"resampling", "decoder"}
    # Steps of noise σ in both coordinates: mean square 4σ².
    assert found["rms_step"] == pytest.approx(100 / results.units[0]["normaliser_px"] * 2 * 0.5, rel=0.05)


def test_boxes_that_shake_are_the_boxes() -> None:
    """The same detector without noise rides with boxes that shake by σ: steps of mean square 4σ², all theirs."""
    detector = KnownDetector(hold=0.0)
    results = flmcore.evaluate([spots()], detector, boxes=[[BOX]], speed=False, attribute=ShakingFinder(0.8))
    found = results.units[0]["attribution"]
    assert found["boxes"] == pytest.approx(100, abs=0.1)
    # 63 steps of two coordinates, neighbours sharing a draw: within 4 · √(3/63)/2.
    assert found["rms_step"] == pytest.approx(100 / results.units[0]["normaliser_px"] * 2 * 0.8, rel=0.4)


def test_frames_without_a_find_keep_the_box_before() -> None:
    views = moving_views(spots(), BOX, make_sweep(), ShakingFinder(0.0, blind=(0, 5)))
    assert views.missed == 2
    assert np.array_equal(views.found[0], views.true[0])
    assert np.array_equal(views.found[5], views.found[4])


def test_attribution_is_asked_for_sensibly() -> None:
    options: dict[str, Any] = {"boxes": [[BOX]], "speed": False, "frames": 8}
    with pytest.raises(
        ValueError, match=r"attribute: expected one of dlib, .*got 'dlip'; did you mean 'dlib'"
    ):
        flmcore.evaluate([noise_image(0)], KnownDetector(), attribute="dlip", **options)
    with pytest.raises(ValueError, match="attribute: expected sweep shift or all"):
        flmcore.evaluate([noise_image(0)], KnownDetector(), attribute="dlib", sweep="noise", **options)
