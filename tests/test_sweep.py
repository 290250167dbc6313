"""The sweep's windows are the design's, on any machine."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest

from flmcore.evaluation.sweep import make_sweep


def test_shift_path_is_the_definition() -> None:
    sweep = make_sweep("shift", frames=128)
    t = np.arange(128)
    expected = np.stack(
        [0.05 * np.sin(2 * np.pi * 3 * t / 128), 0.05 * np.sin(2 * np.pi * 2 * t / 128 + np.pi / 4)], axis=1
    )
    np.testing.assert_allclose(
        sweep.path.shift, expected, rtol=0, atol=5.1e-13
    )  # half of the rounding step, and libm
    assert np.array_equal(np.round(sweep.path.shift, 12), sweep.path.shift)
    assert (sweep.path.scale == 1).all()
    assert (sweep.path.rotation == 0).all()


def test_random_part_has_the_cut_normal_distribution() -> None:
    offsets = make_sweep("shift", frames=20_000, seed=5).random.shift
    cut = 2.5
    density = math.exp(-cut * cut / 2) / math.sqrt(2 * math.pi)
    sigma = 0.03 * math.sqrt(1 - 2 * cut * density / math.erf(cut / math.sqrt(2)))
    assert np.abs(offsets).max() <= 0.03 * cut
    # Means and deviations of 20,000 draws: 4 standard errors.
    np.testing.assert_allclose(offsets.mean(axis=0), 0, atol=4 * sigma / math.sqrt(20_000))
    np.testing.assert_allclose(offsets.std(axis=0), sigma, rtol=4 / math.sqrt(2 * 20_000))
    assert abs(np.corrcoef(offsets.T)[0, 1]) < 4 / math.sqrt(20_000)
    assert abs(np.corrcoef(offsets[1:, 0], offsets[:-1, 0])[0, 1]) < 4 / math.sqrt(20_000)


def test_default_sweep_never_changes() -> None:
    """Figures compare across papers only while these bytes stay; a change needs a new sweep name."""
    sweep = make_sweep()
    digest = hashlib.sha256(sweep.path.shift.tobytes() + sweep.random.shift.tobytes()).hexdigest()
    assert digest == "2a463c2414e2a44507e502b734090e23f5a8c7de04ad36f815b88d30c4b21e4b"


def test_same_seed_same_windows_other_seed_others() -> None:
    assert np.array_equal(make_sweep(seed=1).random.shift, make_sweep(seed=1).random.shift)
    assert not np.array_equal(make_sweep(seed=1).random.shift, make_sweep(seed=2).random.shift)
    assert np.array_equal(make_sweep(seed=1).path.shift, make_sweep(seed=2).path.shift)


@pytest.mark.parametrize(("name", "reach"), [("scale", 0.10), ("rotate", 10.0)])
def test_scale_and_rotate_move_only_that(name: str, reach: float) -> None:
    sweep = make_sweep(name, frames=600)
    for part in (sweep.path, sweep.random):
        assert (part.shift == 0).all()
        offset = part.scale - 1 if name == "scale" else part.rotation
        other = part.rotation if name == "scale" else part.scale - 1
        assert (other == 0).all()
        assert 0.8 * reach < np.abs(offset).max() <= reach + 1e-12
    assert sweep.describe()["name"] == name


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"name": "shfit"},
            "sweep: expected one of shift, scale, rotate, noise, jpeg, brightness, got 'shfit'; did you",
        ),
        ({"frames": 7}, "frames: expected a whole number from 8"),
        ({"frames": 12.5}, "frames: expected a whole number"),
        ({"frames": True}, "frames: expected a whole number"),
        ({"seed": -1}, "seed: expected a whole number from 0"),
    ],
)
def test_bad_input_is_named(arguments: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make_sweep(**arguments)  # type: ignore[arg-type]
