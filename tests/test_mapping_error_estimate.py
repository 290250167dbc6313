"""The estimate of a mapping's errors against known answers: chosen offset, sliding and noise of the models."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flmcore import schemes
from flmcore.report.scheme_shape import shape_of

# Not before tests/, which has a module of the same name as one in bench/.
sys.path.append(str(Path(__file__).parent.parent / "bench"))

from mapping_error_estimate import Estimate, estimate

SCHEME = schemes.get("300w-68")
GRADES = schemes.mapping("wflw-98", "300w-68", variant="nearest").grades
APPROXIMATE = [i for i, grade in enumerate(GRADES) if grade == "approximate"]
OFFSET = np.array(
    [2.0, -1.5]
)  # % right and down, of the face's left side; the right side's is its mirror image


def simulated(
    noise: float,
    *,
    models: int = 1,
    faces: int = 300,
    slide: float = 0.0,
    shift: float = 4.0,
    shared: tuple[float, float] = (0.0, 0.0),
    seed: int = 0,
) -> Estimate:
    """Estimated errors where approximate points are OFFSET off, slide with the face by ``slide`` (standard deviation, in %
    both ways), models err by ``noise`` (% of the eyes' distance, each coordinate) and shift the whole face,
    those of the source by ``shared`` each time."""
    rng = np.random.default_rng(seed)
    shape = 100 * shape_of("300w-68")
    left = np.array([shape[i, 0] < shape[SCHEME.flip[i], 0] for i in range(68)])
    away = np.zeros((faces, 68, 2))
    away[:, APPROXIMATE] = OFFSET * np.where(left[APPROXIMATE], 1, -1)[:, None] ** [1, 0]
    away[:, APPROXIMATE] += rng.normal(0, slide, (faces, len(APPROXIMATE), 2))
    turn, size = rng.uniform(-0.6, 0.6, faces), rng.uniform(0.5, 3, faces)  # of 100 pixels between the eyes
    cos, sin = size * np.cos(turn), size * np.sin(turn)
    to_image = np.stack([np.stack([cos, -sin], axis=-1), np.stack([sin, cos], axis=-1)], axis=1)

    def seen(points: Any) -> Any:
        found = points + rng.normal(0, noise, (faces, 68, 2)) + rng.normal(0, shift, (faces, 1, 2))
        return np.einsum("nij,nkj->nki", to_image, found) + 500

    corners = np.einsum("ij,nkj->nki", np.eye(2), np.einsum("nij,kj->nki", to_image, shape[[36, 45]])) + 500
    found = estimate(
        [seen(shape + away + shared) for _ in range(models)],
        [seen(np.broadcast_to(shape, away.shape)) for _ in range(models)],
        corners,
        [f"{i // 2}.png" for i in range(faces)],
        GRADES,
        SCHEME,
    )
    assert found is not None
    return found


@pytest.mark.parametrize("noise", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("models", [1, 3])
def test_a_known_offset_is_recovered_from_noisy_models(noise: float, models: int) -> None:
    found = simulated(noise, models=models, shift=1.0)
    true = float(np.hypot(*OFFSET))
    within = 4 * found.standard_error[APPROXIMATE] + 1e-9
    assert (np.abs(found.error[APPROXIMATE] - true) < within).all()
    assert found.standard_error[APPROXIMATE].max() < 0.35
    for i in APPROXIMATE:
        assert np.abs(found.offset[i]) == pytest.approx(np.abs(OFFSET), abs=0.4)
    # What is found without further ado has the models in it: offset, noise of two landmarks and of two shifts.
    expected = math.sqrt(true**2 + 4 * (noise**2 + 1.0))
    assert found.distance[APPROXIMATE].mean() == pytest.approx(expected, rel=0.06)


def test_a_shift_that_all_models_of_a_scheme_share_is_not_the_mappings() -> None:
    found = simulated(1.0, shift=1.0, shared=(1.5, -2.0))
    true = float(np.hypot(*OFFSET))
    assert found.error[APPROXIMATE].mean() == pytest.approx(true, rel=0.05)
    assert np.abs(found.offset[APPROXIMATE]).mean(axis=0) == pytest.approx(np.abs(OFFSET), abs=0.1)
    assert found.distance[APPROXIMATE].mean() > 1.2 * true


def test_a_mapping_that_slides_has_more_error_than_its_offset() -> None:
    found = simulated(1.0, slide=2.0, shift=0.5)
    true = math.sqrt(float(OFFSET @ OFFSET) + 2 * 2.0**2)
    assert found.error[APPROXIMATE].mean() == pytest.approx(true, rel=0.05)


def test_exact_points_of_noisy_models_have_next_to_none() -> None:
    found = simulated(2.0, shift=1.0)
    exact = [i for i, grade in enumerate(GRADES) if grade == "exact"]
    assert np.median(found.error[exact]) < 0.5
    assert found.distance[exact].min() > 2.5


def test_faces_that_a_model_missed_or_that_are_small_are_left_out() -> None:
    found = simulated(0.5, faces=40, shift=1.0)
    assert (found.faces, found.images) == (40, 20)
    rng, shape = np.random.default_rng(1), 100 * shape_of("300w-68") + 200
    ours = np.stack([shape] * 12) + rng.normal(0, 0.2, (12, 68, 2))
    ours[3] += 30  # missed
    ours[5] *= 0.2  # 20 pixels between the eyes
    theirs = np.stack([shape] * 12)
    theirs[5] *= 0.2
    eyes = theirs[:, [36, 45]]
    names = [f"{i}.png" for i in range(12)]
    found_now = estimate([ours], [theirs], eyes, names, GRADES, SCHEME)
    assert found_now is not None
    assert found_now.faces == 10
    assert found_now.error[APPROXIMATE].max() < 0.5
    assert estimate([ours + 30], [theirs], eyes, names, GRADES, SCHEME) is None
    few = estimate([ours[:3]], [theirs[:3]], eyes[:3], names[:3], GRADES, SCHEME)
    assert few is not None
    assert np.isnan(few.error).all()
    assert np.isfinite(few.distance).all()
