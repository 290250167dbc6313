"""SLPT from its config file: the published pipeline end to end, and the mean face wherever it may lie."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import flmcore
import weight_fill
from flmcore.data.images import read_image
from flmcore.detectors.base import Detector
from flmcore.detectors.config import ZOO, read_config
from flmcore.detectors.load import available_detectors
from flmcore.detectors.mean_face import pack_mean_face
from flmcore.detectors.weights import locate_mean_face
from flmcore.errors import ConfigError, WeightsError
from reference import slpt_pipeline

MEAN = 0.1 + 0.8 * np.random.Generator(np.random.Philox(key=98)).random((98, 2))
OVERRIDES = {"out_layer.bias": {"add": 0.5}, "out_layer.weight": {"mul": 0.5}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config over that of the zoo, weights filled by name, a mean face of noise."""
    torch = pytest.importorskip("torch")
    from flmcore.detectors.nets.slpt import SLPT

    place = tmp_path_factory.mktemp("slpt")
    shapes = {name: tuple(tensor.shape) for name, tensor in SLPT(98, 2, MEAN).state_dict().items()}
    arrays = weight_fill.fill(shapes, overrides=OVERRIDES)
    torch.save({name: torch.from_numpy(array) for name, array in arrays.items()}, place / "filled.pth")
    (place / "mean.npz").write_bytes(pack_mean_face(MEAN, "wflw-98"))
    model = '[model]\noptions = { layers = 2 }\nweights = "filled.pth"\nmean_face = "mean.npz"\n'
    (place / "mine.toml").write_text(f'extends = "slpt-6"\nname = "mine"\n{model}')
    return place


@pytest.fixture(scope="module")
def detector(folder: Path) -> Detector:
    return flmcore.load_detector(folder / "mine.toml", threads=1)


def smooth_image() -> NDArray[np.uint8]:
    """A picture without hard edges, at which OpenCV's rounded weights would show."""
    rows, columns = np.mgrid[0:300, 0:400]
    waves = [
        np.sin(rows / a + c) + np.cos(columns / b) for a, b, c in ((30, 50, 0), (40, 25, 1), (60, 35, 2))
    ]
    return np.asarray(np.stack(waves, axis=-1) * 60 + 128, np.uint8)


def run_published(detector: Detector, image: NDArray[np.uint8], box: NDArray[np.float64]) -> tuple[Any, Any]:
    """The published pipeline around our network: its input, and landmarks in the image."""
    affine = slpt_pipeline.matrix(box)
    inputs = slpt_pipeline.network_input(slpt_pipeline.crop(image, affine))
    return inputs, slpt_pipeline.to_image(detector.infer(inputs)[0][0].astype(np.float64), affine)


def compare(detector: Detector, image: NDArray[np.uint8], box: NDArray[np.float64]) -> tuple[Any, Any]:
    """Differences of the inputs in grey levels, and of the landmarks in pixels of the crop."""
    edges = np.concatenate([box[:2], box[:2] + box[2:]])
    published, expected = run_published(detector, image, box)
    ours = detector.crop(image, detector.windows(edges))
    grey = np.abs(ours - published) * np.array(detector.config.input.std).reshape(3, 1, 1)
    side = 1.2 * box[2:].max()
    return grey, np.linalg.norm(detector(image, edges).points[0] - expected, axis=1) * 256 / side


def test_smooth_image_goes_the_published_way(detector: Detector) -> None:
    pytest.importorskip("cv2")
    for box in ([80.25, 60.5, 150.0, 120.75], [300.5, 180.0, 90.0, 140.0]):  # the second leaves the image
        grey, pixels = compare(detector, smooth_image(), np.array(box))
        # OpenCV 5 rounds to whole grey levels, and no more is seen (0.5); OpenCV 4 also rounds weights to 1/32 pixel,
        # which shows where the image ends in black.
        assert grey.mean() < 0.5
        assert np.quantile(grey, 0.99) < 1.6
        assert pixels.max() < 0.5  # reached: 0.2, under weights of noise


def test_real_faces_go_the_published_way(shared: Path, detector: Detector) -> None:
    cv2 = pytest.importorskip("cv2")
    rows = json.loads((shared / "faces" / "faces.json").read_text())
    faces = [row for row in rows if row["scheme"] == "wflw-98"]
    assert len(faces) == 3
    for row in faces:
        box = slpt_pipeline.tight_box(np.array(row["landmarks"]))
        grey, pixels = compare(detector, read_image(shared / "faces" / row["image"]), box)
        assert grey.mean() < 0.5  # reached: 0.25, and 0.504 at most with OpenCV 5
        assert grey.max() < (1 if int(cv2.__version__.split(".")[0]) >= 5 else 8)
        assert pixels.max() < 0.5  # reached: 0.21


def test_published_crop_gives_the_published_landmarks(detector: Detector) -> None:
    """From the same input on, decoding and the way back are equal to float32's rounding."""
    pytest.importorskip("cv2")
    box = np.array([80.25, 60.5, 150.0, 120.75])
    inputs, expected = run_published(detector, smooth_image(), box)
    points, scores = detector.decode(detector.infer(inputs))
    windows = detector.windows([80.25, 60.5, 230.25, 181.25])
    assert_allclose(windows[0], slpt_pipeline.matrix(box), rtol=0, atol=1e-4)  # its points are float32
    found = flmcore.transform_points(points, flmcore.invert_affine(windows))
    assert_allclose(found[0], expected, rtol=0, atol=1e-3)
    assert np.isnan(scores).all()


def test_mean_face_is_part_of_what_ran(detector: Detector, folder: Path, tmp_path: Path) -> None:
    for name in ("mine.toml", "filled.pth"):
        shutil.copy(folder / name, tmp_path)
    (tmp_path / "mean.npz").write_bytes(pack_mean_face(MEAN * 0.9 + 0.05, "wflw-98"))
    other = flmcore.load_detector(tmp_path / "mine.toml", threads=1)
    said, also = (d.describe()["backend"]["mean_face_sha256"] for d in (detector, other))
    assert len(said) == 64
    assert said != also
    box = [80.0, 60.0, 230.0, 180.0]
    assert np.abs(other(smooth_image(), box).points - detector(smooth_image(), box).points).max() > 0.1


def test_mean_face_is_searched_for_in_order(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [tmp_path / name for name in ("weights", "config", "listed")]
    for place in places:
        place.mkdir()
        (place / "mean.npz").write_bytes((folder / "mean.npz").read_bytes())
    monkeypatch.setenv("FLMCORE_WEIGHTS", str(places[2]))
    shutil.copy(folder / "mine.toml", places[1])
    config = read_config(places[1] / "mine.toml")
    for place in places:
        assert locate_mean_face(config, places[0] / "filled.pth") == place / "mean.npz"
        (place / "mean.npz").unlink()
    with pytest.raises(WeightsError, match=r"^mine: mean face: expected the file 'mean\.npz' in ") as caught:
        locate_mean_face(config, places[0] / "filled.pth")
    for text in (*map(str, places), "init_98.npz of SLPT's code (GPL-2.0)", "flmcore schemes mean-shape"):
        assert text in str(caught.value)


def test_loading_without_a_mean_face_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    for name in ("mine.toml", "filled.pth"):
        shutil.copy(folder / name, tmp_path)
    with pytest.raises(WeightsError, match=r"expected the file 'mean\.npz' in .*flmcore schemes mean-shape"):
        flmcore.load_detector(tmp_path / "mine.toml")
    bare = (ZOO / "slpt-6.toml").read_text().replace("WFLW_6_layer.pth", "filled.pth")
    lines = [line for line in bare.splitlines() if not line.startswith("mean_face")]
    (tmp_path / "bare.toml").write_text("\n".join(lines))
    with pytest.raises(ConfigError, match=r"bare\.toml: model: mean_face: expected \(98, 2\) .*, got none"):
        flmcore.load_detector(tmp_path / "bare.toml")


def test_mean_face_beside_weights_given_by_hand_is_found(folder: Path, tmp_path: Path) -> None:
    """A config elsewhere, weights and mean face in one folder: given as a folder, or as a file."""
    shutil.copy(folder / "mine.toml", tmp_path)
    for weights in (folder, folder / "filled.pth"):
        found = flmcore.load_detector(tmp_path / "mine.toml", weights=weights, threads=1)
        assert found.landmark_count == 98


def test_mean_face_of_another_count_or_damage_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("mine.toml", "filled.pth"):
        shutil.copy(folder / name, tmp_path)
    file = tmp_path / "mean.npz"
    file.write_bytes(pack_mean_face(MEAN[:68], "300w-68"))
    with pytest.raises(WeightsError, match=r"mean\.npz: init_face: expected 98 landmarks.*\(68, 2\)"):
        flmcore.load_detector(tmp_path / "mine.toml")
    file.write_bytes((folder / "mean.npz").read_bytes()[:300])
    with pytest.raises(WeightsError, match=r"mean\.npz: expected a mean face .* cannot be read"):
        flmcore.load_detector(tmp_path / "mine.toml")


def test_list_names_the_missing_mean_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLMCORE_WEIGHTS", str(tmp_path))
    (tmp_path / "WFLW_6_layer.pth").touch()
    entry = {e.name: e for e in available_detectors()}["slpt-6"]
    assert entry.weights == tmp_path / "WFLW_6_layer.pth"
    assert [reason for reason in entry.reasons if "mean face: expected the file 'init_98.npz'" in reason]
    (tmp_path / "init_98.npz").touch()
    entry = {e.name: e for e in available_detectors()}["slpt-6"]
    assert not [reason for reason in entry.reasons if "mean face" in reason]
