"""The network that ships, on photographs: broken weights, another crop or another order of landmarks would show."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import flmcore
from flmcore import demo
from flmcore.data.images import read_image
from flmcore.detectors.base import Detector
from flmcore.detectors.config import ZOO, read_config
from flmcore.errors import ExportError, MissingExtraError
from flmcore.train.config import read_train_config

# Not before tests/, which has a module of the same name as one in bench/.
sys.path.append(str(Path(__file__).parent.parent / "bench"))

import judged_faces

NAMES = ("simulated-s", "simulated-s-torch")
MODELS = Path(__file__).parent.parent / "docs" / "models"

# What a person sees on the photograph of Grace Hopper, marked by eye on an enlargement, to two pixels: the mean of
# which landmarks, and where. Her outer eye corners are 112 pixels apart.
SEEN = (
    (range(36, 42), (223.0, 188.5)),
    (range(42, 48), (306.5, 186.0)),
    ((33,), (266.8, 251.6)),
    ((48,), (231.6, 280.0)),
    ((54,), (304.0, 276.3)),
    ((8,), (270.5, 332.0)),
)
APART = 112.0
HOPPER = [178.0, 155.0, 359.0, 331.0]  # the tight box of Dlib's landmarks
COLLINS = [179.0, 87.0, 272.0, 178.0]


def shipped(name: str) -> Detector:
    try:
        return flmcore.load_detector(name, threads=1)
    except MissingExtraError as error:
        pytest.skip(str(error))


def photograph(name: str) -> NDArray[np.uint8]:
    try:
        paths = {path.name: path for path in demo.find_photographs()}
    except MissingExtraError as error:
        pytest.skip(str(error))
    if name not in paths:
        pytest.skip(f"no package here has {name}")
    return read_image(paths[name])


def away_from_seen(points: NDArray[np.float32]) -> list[float]:
    """Of each mark, in % of the distance of the outer eye corners."""
    return [
        100 * float(np.linalg.norm(points[list(rows)].mean(axis=0) - place)) / APART for rows, place in SEEN
    ]


@pytest.mark.parametrize("name", NAMES)
def test_landmarks_are_where_a_person_sees_them(name: str) -> None:
    detector, image = shipped(name), photograph("grace_hopper.jpg")
    assert detector.scheme == "300w-68"
    found = away_from_seen(detector(image, HOPPER).points[0])
    assert max(found) < 10, found
    # Mirrored, the same face again: left and right are told by what is where.
    width = image.shape[1]
    box = [width - 1 - HOPPER[2], HOPPER[1], width - 1 - HOPPER[0], HOPPER[3]]
    mirrored = detector(np.ascontiguousarray(image[:, ::-1]), box).points[0]
    back = mirrored[list(flmcore.schemes.get("300w-68").flip)] * [-1, 1] + [width - 1, 0]
    assert max(away_from_seen(back)) < 10


def test_weights_that_know_nothing_are_noticed() -> None:
    """What the bound above is worth."""
    pytest.importorskip("torch")
    from flmcore.export.untrained import untrained_detector

    detector = untrained_detector(shipped("simulated-s-torch").config)
    assert np.mean(away_from_seen(detector(photograph("grace_hopper.jpg"), HOPPER).points[0])) > 20


@pytest.mark.parametrize(("name", "box"), [("grace_hopper.jpg", HOPPER), ("astronaut.png", COLLINS)])
def test_landmarks_are_near_dlibs(name: str, box: list[float]) -> None:
    detector, image = shipped("simulated-s"), photograph(name)
    try:
        dlib = flmcore.load_detector("dlib-68", threads=1)(image, box).points[0]
    except (MissingExtraError, flmcore.WeightsError) as error:
        pytest.skip(str(error))
    away = np.linalg.norm(detector(image, box).points[0] - dlib, axis=1) / np.linalg.norm(dlib[36] - dlib[45])
    assert 100 * away.mean() < 7
    assert 100 * away[17:].mean() < 6  # all but the contour


def test_error_on_human_landmarks_is_below_what_it_had_to_reach(shared: Path) -> None:
    detector = shipped("simulated-s")
    faces = [face for face in judged_faces.judged_faces(shared / "faces") if face.main]
    errors = [
        judged_faces.errors_of(judged_faces.landmarks_of(detector, face, face.box), detector.scheme, face)[
            "all"
        ]
        for face in faces
    ]
    assert len(errors) == 5
    assert np.mean(errors) < 10, errors
    assert max(errors) < 15, errors


def test_export_names_the_one_in_pytorch() -> None:
    pytest.importorskip("torch")
    from flmcore.export.deployed import deploy

    with pytest.raises(ExportError, match="simulated-s-torch is the same network in PyTorch"):
        deploy(shipped("simulated-s"))


def test_the_recipe_trains_on_drawn_faces_alone() -> None:
    recipe = read_train_config(MODELS / "simulated-s.toml")
    assert (recipe.name, recipe.scheme) == ("simulated-s", "300w-68")
    assert recipe.licence.startswith("Apache-2.0")
    assert [source.path for source in recipe.data] == ["../../faces"]
    assert recipe.model.weights is None
    assert recipe.model.backbone is None  # nobody's ImageNet


def test_the_recipe_is_of_what_ships() -> None:
    """docs/models has the config it was trained by, and a card of these very weights."""
    recipe = read_train_config(MODELS / "simulated-s.toml")
    config = read_config(ZOO / "simulated-s-torch.toml")
    assert recipe.model.network == config.model.network
    assert recipe.model.options.items() <= config.model.options.items()
    assert (recipe.crop, recipe.input) == (config.crop, config.input)
    card = (MODELS / "simulated-s.md").read_text(encoding="utf-8")
    data = read_config(ZOO / "simulated-s.toml").model.data_sha256
    assert data == config.model.sha256
    assert f"`{data}`" in card
