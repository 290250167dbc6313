"""Clips under known motion: what a perfect detector scores, and what one with known noise scores."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
from clips import (
    CENTRE,
    STILL,
    Motion,
    SeeingDetector,
    cropped,
    drawn,
    eye_distance,
    moved,
    rotated,
    tight,
    turned,
    write_frames,
    zoomed,
)

COUNT, RATE, SIGMA = 50, 25, 0.8
NOISES = {"still": moved((0, 0)), "move": moved((0.83, -0.47)), "zoom": zoomed(0.004), "turn": rotated(0.9)}


def measured(folder: Path, frames: list[Any], motion: Motion, **options: Any) -> dict[str, dict[str, Any]]:
    """Units by detector: one that is right, and one with noise of SIGMA pixels."""
    detectors = [
        SeeingDetector(frames, motion, name="right"),
        SeeingDetector(frames, motion, name="noisy", sigma=SIGMA),
    ]
    boxes = {f"f{t}.png": [tight(points)] for t, points in enumerate(detectors[0].truth)}
    clip = write_frames(folder, frames)
    results = flmcore.evaluate_video(clip, detectors, fps=RATE, boxes=boxes, **options)
    assert not [row for row in results.problems if not row["note"]]
    return {unit["detector"]: unit for unit in results.data["video"]["units"]}


@pytest.fixture(scope="module", params=list(NOISES))
def known(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    motion = NOISES[request.param]
    frames = drawn(motion, COUNT)
    units = measured(tmp_path_factory.mktemp(request.param), frames, motion)
    distance = float(np.mean([eye_distance(SeeingDetector(frames, motion).truth[t]) for t in range(COUNT)]))
    return request.param, motion, units, distance


def test_the_flow_jitter_of_a_perfect_detector_is_near_0(known: Any) -> None:
    _, _, units, _ = known
    assert units["right"]["flow_jitter"] < 0.1  # per cent of 40 px: 0.04 px, what optical flow is good for
    assert units["right"]["left_out_flow"] == 0
    assert units["right"]["gaps"] == 0


def test_the_flow_jitter_of_noise_is_the_noise(known: Any) -> None:
    """Steps of independent noise are N(0, 2σ²) an axis: their mean length is √2 σ · √(π/2) = √π σ."""
    _, _, units, distance = known
    expected = 100 / distance * SIGMA * math.sqrt(math.pi)
    assert units["noisy"]["flow_jitter"] == pytest.approx(expected, rel=0.03)


def test_acceleration_is_that_of_the_motion_and_of_the_noise(known: Any) -> None:
    """Noise: second differences are N(0, 6σ²) an axis, of mean length √(3π) σ; a turn by ω a frame: 2r(1 − cos ω)."""
    name, _motion, units, _ = known
    distance = units["right"]["normaliser_px"]
    radius = np.hypot(*(STILL - CENTRE).T)
    turn = 2 * radius.mean() * (1 - math.cos(math.radians(0.9))) if name == "turn" else 0.0
    assert units["right"]["acceleration"] == pytest.approx(100 / distance * turn, abs=1e-9, rel=1e-6)
    noise = 100 / units["noisy"]["normaliser_px"] * SIGMA * math.sqrt(3 * math.pi)
    assert units["noisy"]["acceleration"] == pytest.approx(noise, rel=0.03)


def test_the_high_frequency_share_of_white_noise_is_its_bands(known: Any) -> None:
    """White noise up to 12.5 Hz has 1 − 5/12.5 of its energy above 5 Hz; steady motion is taken off."""
    name, _, units, _ = known
    if name == "turn":
        assert units["right"]["high_frequency"] < 0.01  # a slow curve
        return
    assert units["noisy"]["high_frequency"] == pytest.approx(1 - 10 / RATE, abs=0.03)


def test_the_normaliser_is_the_mean_eye_distance(known: Any) -> None:
    _, _, units, distance = known
    assert units["right"]["normaliser"] == "interocular"
    assert units["right"]["normaliser_px"] == pytest.approx(distance, rel=1e-9)


def test_truth_gives_the_known_nme_nmf_and_nad(tmp_path: Path) -> None:
    """Error N(0, σ²) an axis: NME √(π/2) σ, NAD(m) √π σ over d for every m; NMF 2σ over the face's side."""
    motion = zoomed(0.004)
    frames = drawn(motion, COUNT)
    truth = [(f"f{t}.png", points) for t, points in enumerate(SeeingDetector(frames, motion).truth)]
    units = measured(tmp_path / "clip", frames, motion, truth=truth, truth_scheme="300w-68")
    right, noisy = units["right"]["truth"], units["noisy"]["truth"]
    assert right["frames"] == noisy["frames"] == COUNT
    assert right["nme"] == pytest.approx(0, abs=1e-9)
    assert right["nmf"] == pytest.approx(0, abs=1e-9)
    inverse = np.mean([1 / eye_distance(points) for _, points in truth])
    assert noisy["nme"] == pytest.approx(100 * SIGMA * math.sqrt(math.pi / 2) * inverse, rel=0.03)
    for m in ("1", "5", "10"):
        assert noisy["nad"][m] == pytest.approx(100 * SIGMA * math.sqrt(math.pi) * inverse, rel=0.03)
    sides = [math.sqrt(float(np.prod(np.ptp(points, axis=0)))) for _, points in truth]
    square = np.mean([1 / side**2 for side in sides])
    assert noisy["nmf"] == pytest.approx(100 * 2 * SIGMA * math.sqrt(square), rel=0.03)
    assert units["noisy"]["normaliser"] == "interocular, true"


def test_a_steady_error_is_no_flicker(tmp_path: Path) -> None:
    motion = moved((0.5, 0.25))
    frames = drawn(motion, 20)
    detector = SeeingDetector(frames, motion)
    truth = [(f"f{t}.png", points - [3.0, 4.0]) for t, points in enumerate(detector.truth)]
    clip = write_frames(tmp_path / "clip", frames)
    results = flmcore.evaluate_video(
        clip, detector, fps=RATE, boxes="truth", truth=truth, truth_scheme="300w-68"
    )
    (unit,) = results.data["video"]["units"]
    assert unit["truth"]["nme"] == pytest.approx(100 * 5 / eye_distance(STILL), rel=1e-9)
    assert unit["truth"]["nmf"] == pytest.approx(0, abs=1e-6)
    assert unit["truth"]["nad"]["10"] == pytest.approx(0, abs=1e-6)


def test_a_photograph_through_the_core_s_crop(shared: Path, tmp_path: Path) -> None:
    """Resampled skin has less texture and more resampling error than drawn waves: still, noise is the noise."""
    from flmcore.data.images import read_image

    image = read_image(shared / "faces" / "facemesh_test.jpg")
    side = min(image.shape[:2])
    still = np.ascontiguousarray(flmcore.crop(image, np.array([[[200 / side, 0, 0], [0, 200 / side, 0]]]), 200,
                                              dtype="uint8", antialias=True)[0])  # fmt: skip

    def motion(t: int) -> Any:
        return turned(0.2 * t, 1 + 0.002 * t, (0.4 * t, -0.3 * t))

    frames = cropped(still, motion, 30)
    units = measured(tmp_path / "clip", frames, motion)
    expected = 100 / units["noisy"]["normaliser_px"] * SIGMA * math.sqrt(math.pi)
    print(f"photograph: right {units['right']['flow_jitter']:.3f} %, noisy {units['noisy']['flow_jitter']:.3f} of "
          f"{expected:.3f} %, left out {units['right']['left_out_flow']}")  # fmt: skip
    assert units["right"]["flow_jitter"] < 0.1 * expected
    assert units["noisy"]["flow_jitter"] == pytest.approx(expected, rel=0.05)
