"""Dlib's shape predictors with any number of points: one trained here, and the published ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flmcore
from flmcore import schemes
from flmcore.data.images import read_image
from flmcore.errors import WeightsError

dlib = pytest.importorskip("dlib")

# Seven spots on a face of 1×1, in no scheme that flmcore knows.
PLACES = np.array([[0.2, 0.3], [0.4, 0.3], [0.6, 0.3], [0.8, 0.3], [0.5, 0.55], [0.3, 0.8], [0.7, 0.8]])
CONFIG = """
name = "spots"
scheme = "{scheme}"
{landmarks}
licence = "none: trained by this test"
[model]
backend = "dlib"
weights = "spots.dat"
rectangle = [20, 20, 100, 100]
[crop]
size = 120
scale = 1.5
"""


def spots(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A 120×120 image of grey noise with a bright disc at each of seven moved places, and these."""
    image = rng.integers(0, 60, (120, 120, 3), dtype=np.uint8)
    turn, size = rng.uniform(-0.1, 0.1), rng.uniform(0.9, 1.1)
    matrix = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = 60 + 80 * (PLACES - 0.5) @ matrix.T + rng.uniform(-4, 4, 2)
    yy, xx = np.mgrid[:120, :120]
    for x, y in points:
        image[np.hypot(xx - x, yy - y) < 6] = 230
    return image, points


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a predictor of seven points."""
    folder = tmp_path_factory.mktemp("dlib")
    rng = np.random.default_rng(2)
    images, objects = [], []
    for _ in range(60):
        image, points = spots(rng)
        parts = [dlib.point(round(x), round(y)) for x, y in points]
        images.append(image)
        objects.append([dlib.full_object_detection(dlib.rectangle(20, 20, 99, 99), parts)])
    options = dlib.shape_predictor_training_options()
    options.cascade_depth, options.tree_depth, options.oversampling_amount = 8, 3, 10
    options.num_trees_per_cascade_level, options.feature_pool_size, options.num_test_splits = 40, 200, 20
    options.num_threads, options.random_seed, options.be_verbose = 1, "3", False
    dlib.train_shape_predictor(images, objects, options).save(str(folder / "spots.dat"))
    return folder


def write(folder: Path, scheme: str, landmarks: str = "") -> Path:
    path = folder / f"{scheme}.toml"
    path.write_text(CONFIG.format(scheme=scheme, landmarks=landmarks))
    return path


def test_a_predictor_of_seven_points_finds_them(trained: Path) -> None:
    detector = flmcore.load_detector(write(trained, "spots-7", "landmarks = 7"))
    assert detector.landmark_count == 7
    rng = np.random.default_rng(9)  # other images than it was trained on
    errors, spread = [], []
    for _ in range(20):
        image, points = spots(rng)
        found = detector(image, [20.0, 20.0, 100.0, 100.0])
        assert found.points.shape == (1, 7, 2)
        assert np.isnan(found.scores).all()
        errors.append(np.linalg.norm(found.points[0] - points, axis=1).mean())
        spread.append(np.linalg.norm(60 + 80 * (PLACES - 0.5) - points, axis=1).mean())
    assert np.mean(errors) < 0.5 * np.mean(spread)  # it follows the spots, not only their mean place
    assert np.mean(errors) < 2


@pytest.mark.parametrize(
    ("scheme", "landmarks", "count"),
    [("300w-68", "", 68), ("dlib-5", "", 5), ("spots-8", "landmarks = 8", 8)],
)
def test_a_predictor_of_another_number_of_points_is_refused(
    trained: Path, scheme: str, landmarks: str, count: int
) -> None:
    expected = (
        rf"spots\.dat: expected a shape predictor of {count} points, as scheme {scheme} has, got one of 7"
    )
    with pytest.raises(WeightsError, match=expected):
        flmcore.load_detector(write(trained, scheme, landmarks))


def test_five_points_are_in_the_order_of_their_scheme(shared: Path) -> None:
    """On faces that people annotated; any other order of eyes or corners would be 15 % and more away."""
    try:
        detector = flmcore.load_detector("dlib-5")
    except WeightsError as error:
        pytest.skip(str(error))
    assert detector.scheme == "dlib-5"
    scheme = schemes.get("dlib-5")
    errors = []
    for row in json.loads((shared / "faces" / "faces.json").read_text()):
        if row["truth"] != "human" or row["scheme"] not in ("300w-68", "wflw-98", "lapa-106"):
            continue
        if (
            row["bbox_tight"][2] - row["bbox_tight"][0] < 60
        ):  # too small for Dlib, which trains on larger ones
            continue
        truth = flmcore.remap(np.array(row["landmarks"], np.float32)[None], row["scheme"], "dlib-5")[0]
        found = detector(read_image(shared / "faces" / row["image"]), row["bbox_tight"]).points[0]
        eyes = np.linalg.norm(np.subtract(*truth[list(scheme.eye_outer or ())]))
        errors.append(np.linalg.norm(found - truth, axis=1) / eyes)
    assert len(errors) == 5
    assert np.mean(errors) < 0.05
    assert np.mean(errors, axis=0).max() < 0.08  # each point of the five
