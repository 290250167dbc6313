"""Sweeps of the pixels: what they do to an image, and that they do it the same way every time."""

from __future__ import annotations

import hashlib
import math
from statistics import NormalDist

import numpy as np
import pytest

import flmcore
from evaluated import BOX, KnownDetector, noise_image
from flmcore.evaluation.pixels import brighten, jpeg, pixel_views, sensor_noise
from flmcore.evaluation.sweep import PIXEL_SWEEPS, SWEEPS, make_sweep, make_sweeps


def grey(level: int, side: int = 200) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((side, side, 3), level, np.uint8)


@pytest.mark.parametrize("level", [40, 128, 220])
def test_noise_has_the_deviation_of_its_model(level: int) -> None:
    """In linear light the variance is 0.9 · light / mid-grey's + 0.1, times that of 4 levels at mid-grey."""
    seen = sensor_noise(grey(level), 4.0, [1]).astype(float)
    light, middle = (level / 255) ** 2.2, (128 / 255) ** 2.2
    one_level = 2.2 * (128 / 255) ** 1.2 / 255  # of linear light, at mid-grey
    deviation = 4 * one_level * math.sqrt(0.9 * light / middle + 0.1)
    draws = np.array([NormalDist().inv_cdf((i + 0.5) / 4000) for i in range(4000)])
    model = np.round(255 * np.clip(light + deviation * draws, 0, 1) ** (1 / 2.2))
    assert seen.std() == pytest.approx(model.std(), rel=4 / math.sqrt(2 * seen.size) + 2e-3)
    assert seen.mean() == pytest.approx(model.mean(), abs=4 * model.std() / math.sqrt(seen.size) + 2e-3)
    if level == 128:
        assert seen.std() == pytest.approx(4.0, rel=0.02)


def test_noise_of_strength_zero_is_none_and_channels_differ() -> None:
    image = noise_image(0)
    assert np.array_equal(sensor_noise(image, 0.0, [0]), image)
    seen = sensor_noise(grey(128), 4.0, [0]).astype(float) - 128
    rows = np.stack([seen[..., 0].ravel(), seen[..., 1].ravel(), np.roll(seen[..., 0], 1, axis=1).ravel()])
    assert np.abs(np.corrcoef(rows) - np.eye(3)).max() < 4 / math.sqrt(rows.shape[1])


def test_light_follows_its_formula() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(1, -1, 1).repeat(3, axis=2)
    assert np.array_equal(brighten(ramp, 0.0, 0.0), ramp)
    assert np.array_equal(brighten(ramp, 1.0, 0.0)[0, :, 0], np.minimum(2 * np.arange(256), 255))
    assert brighten(ramp, 0.0, 1.0)[0, 128, 0] == round(255 * (128 / 255) ** 2)
    assert brighten(ramp, -0.5, 0.25)[0, 100, 0] == round(255 * (100 / 255 / math.sqrt(2)) ** (2**0.25))


def test_jpeg_of_less_quality_is_further_from_the_image() -> None:
    image = noise_image(1)
    away = [np.abs(jpeg(image, quality).astype(int) - image).mean() for quality in (90, 60, 30)]
    assert 0 < away[0] < away[1] < away[2]


def test_region_about_the_face_is_as_in_the_whole_image() -> None:
    """Cut along JPEG's blocks: away from the cut the pixels are those of the whole image's JPEG."""
    image = np.kron(noise_image(2, 80, 70), np.ones((8, 8, 1), np.uint8))  # 640 × 560
    box = [300.0, 250.0, 340.0, 290.0]
    sweep = make_sweep("jpeg", frames=8)
    views = pixel_views(image, box, sweep)
    assert views is not None
    view = views[3]
    whole = jpeg(image, int(60 + sweep.path.offset[3, 0]))
    assert np.array_equal(view[230:310, 280:360], whole[230:310, 280:360])
    assert np.array_equal(view[:150], image[:150])  # beyond three sides nothing changes


def test_default_noise_and_light_never_change() -> None:
    """As for the windows: figures compare only while these bytes stay. (JPEG's are Pillow's.)"""
    image = noise_image(0)
    digest = hashlib.sha256()
    for name in ("noise", "brightness"):
        views = pixel_views(image, BOX, make_sweep(name, frames=8))
        assert views is not None
        for t in range(16):
            digest.update(views[t].tobytes())
    assert digest.hexdigest() == "57dad6867bbe60a7837df7497cd1ea2a4df51081c0d79246c45a5b71b5a5acf4"


@pytest.mark.parametrize("name", PIXEL_SWEEPS)
def test_offsets_are_the_definition(name: str) -> None:
    sweep = make_sweep(name, frames=600)
    for part in (sweep.path, sweep.random):
        assert (part.shift == 0).all()
        assert (part.scale == 1).all()
        assert (part.rotation == 0).all()
    reach = {"noise": 4.0, "jpeg": 30.0, "brightness": 0.5}[name]
    assert 0.8 * reach < np.abs(sweep.random.offset).max() <= reach
    assert np.abs(sweep.path.offset).max() == pytest.approx(reach, rel=1e-3)
    if name == "noise":
        assert (sweep.path.offset == 4).all()
        assert sweep.random.offset.min() >= 0
    if name == "jpeg":
        assert np.array_equal(sweep.random.offset, np.round(sweep.random.offset))


def test_bins_hold_every_view_once_in_order() -> None:
    part = make_sweep("shift", frames=30).random
    rows = np.concatenate(part.bins())
    assert np.array_equal(np.sort(rows), np.arange(30))
    assert (np.diff(part.size[rows]) >= 0).all()


def test_light_that_moves_landmarks_is_measured() -> None:
    """A detector that goes ``dims`` pixels to the right per doubling of light: gain on a flat image is doubling itself."""
    flat = np.full((180, 200, 3), 60, np.uint8)
    results = flmcore.evaluate(
        [flat], KnownDetector(dims=2.0), sweep="brightness", boxes=[[BOX]], speed=False
    )
    path = make_sweep("brightness").path.offset
    light = np.log2(np.floor(255 * (2 ** path[:, 0] * 60 / 255) ** (2 ** path[:, 1]) + 0.5))
    expected = 100 / 40 * 2.0 * np.abs(np.diff(light)).mean()
    assert results.summary[0]["jitter"]["mean"] == pytest.approx(expected, rel=1e-6)
    assert results.summary[0]["gain"] is None


def test_noise_is_seen_by_a_detector_and_repeats() -> None:
    def run(seed: int = 0, batch: int = 32) -> object:
        # frames below a batch, so that this detector's own noise sees the same crops together
        return flmcore.evaluate(
            [noise_image(0)],
            KnownDetector(dims=5.0),
            sweep="noise",
            boxes=[[BOX]],
            speed=False,
            frames=8,
            seed=seed,
            batch=batch,
        ).units

    assert run() == run(batch=3)
    assert run() != run(seed=1)


def test_all_sweeps_have_their_rows() -> None:
    images, boxes = [noise_image(i) for i in range(2)], [[BOX]] * 2
    detectors = [KnownDetector("a", sigma=0.2), KnownDetector("b", sigma=0.4, scheme="five-5")]
    options = {"boxes": boxes, "speed": False, "frames": 8}
    results = flmcore.evaluate(images, detectors, sweep="all", **options)
    rows = {(row["detector"], row["sweep"]): row for row in results.causes["sweeps"]}
    assert set(rows) == {(name, sweep) for name in "ab" for sweep in SWEEPS}
    assert [s["name"] for s in results.protocol["sweeps"]] == list(SWEEPS)
    assert "Pillow" in results.protocol["jpeg"]
    assert all(len(row["by_offset"]) == 8 for row in rows.values())
    assert rows["a", "shift"]["jitter"] == results.summary[0]["jitter"]
    alone = flmcore.evaluate(images, detectors, sweep="rotate", **options)
    assert rows["a", "rotate"]["spread"]["mean"] == pytest.approx(
        alone.summary[0]["spread"]["mean"], rel=0.05
    )
    assert rows["b", "noise"]["jitter_common"] == rows["b", "noise"]["jitter"]
    for name in ("shift", "jpeg"):
        assert f"{name}" in results.table()


def test_error_grows_with_the_offset_of_a_detector_that_rides_with_the_window() -> None:
    results = flmcore.evaluate([noise_image(0)], KnownDetector(hold=0.5), boxes=[[BOX]], speed=False)
    curve = [row["mean"] for row in results.causes["sweeps"][0]["by_offset"]]
    sizes = results.protocol["sweep"]["bins"]
    assert curve == sorted(curve)
    # Half of the window's movement of 80 px sides, in % of 40 px: 100 per unit; less the mean of the offsets.
    assert curve[-1] == pytest.approx(100 * sizes[-1], rel=0.1)


def test_path_of_every_sweep_is_named_and_all_is_no_single_sweep() -> None:
    assert [sweep.name for sweep in make_sweeps("all", frames=8)] == list(SWEEPS)
    with pytest.raises(ValueError, match="sweep: expected one of shift, scale"):
        make_sweep("all")
    with pytest.raises(ValueError, match=r"brightness, all, got 'brigthness'; did you mean 'brightness'"):
        make_sweeps("brigthness")
