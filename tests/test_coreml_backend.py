"""Backend coreml: macOS predicts; what is around the prediction is tried on any system, with a real package."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
import tiny_models as tiny
from coreml_here import conversion, coremltools, module_of
from flmcore.detectors import backends
from flmcore.detectors.backends.coreml import Ports, model_inputs, picked, read_ports
from flmcore.detectors.config import read_config
from flmcore.detectors.schema import DetectorConfig
from flmcore.detectors.weights import find_weights, sha256_of
from flmcore.errors import ConfigError, WeightsError
from flmcore.export.coreml_convert import ImageInput, convert_module
from flmcore.export.package_folder import copy_package

elsewhere = pytest.mark.skipif(sys.platform == "darwin", reason="macOS predicts")


@pytest.fixture(scope="module", params=["image", "array"])
def tiny_package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network that finds the bright spots, as a package, with its detector file."""
    ct, folder = coremltools(), tmp_path_factory.mktemp(request.param)
    import torch

    network = torch.nn.Sequential(tiny.centroid_module(), module_of(lambda outputs: outputs[1]))
    network.eval().requires_grad_(False)
    image = ImageInput() if request.param == "image" else None
    model, _ = convert_module(ct, network, conversion(side=tiny.SIDE, image=image, precision="float32"))
    specification = model.get_spec().SerializeToString(deterministic=True)
    copy_package(Path(model.package_path), specification, folder / "tiny.mlpackage")
    tiny.write_config(folder, "coreml", "tiny.mlpackage", tiny.CENTROID)
    return folder / "tiny.mlpackage"


def config_of(package: Path) -> DetectorConfig:
    return read_config(package.with_name("tiny.toml"))


@elsewhere
def test_another_system_is_told_at_once(tmp_path: Path) -> None:
    config = tiny.write_config(tmp_path, "coreml", "not-there.mlpackage", tiny.CENTROID)
    with pytest.raises(
        ConfigError, match=r"^backend coreml needs macOS, whose Core ML runs the package; this is \w+$"
    ):
        flmcore.load_detector(config)
    assert "needs macOS" in (backends.missing_package("coreml") or "")


def test_config_must_name_its_package(tmp_path: Path) -> None:
    config = tiny.write_config(tmp_path, "coreml", "m.mlpackage", tiny.CENTROID)
    config.write_text(config.read_text().replace('weights = "m.mlpackage"', ""))
    with pytest.raises(ConfigError, match=r"model\.weights: expected to be there, got nothing"):
        read_config(config)


def test_package_is_found_and_its_sum_is_checked(tmp_path: Path) -> None:
    package = tmp_path / "tiny.mlpackage"
    package.mkdir()
    (package / "Manifest.json").write_text("{}")
    path = tiny.write_config(tmp_path, "coreml", "tiny.mlpackage", tiny.CENTROID)
    assert find_weights(read_config(path)) == package
    assert find_weights(read_config(path), weights=package) == package
    assert find_weights(read_config(path), weights=tmp_path) == package
    right, wrong = sha256_of(package), "0" * 64
    for digest in (right, wrong):
        tiny.write_config(tmp_path, "coreml", "tiny.mlpackage", tiny.CENTROID, more=f'sha256 = "{digest}"')
        if digest == right:
            assert find_weights(read_config(path)) == package
    with pytest.raises(WeightsError, match=rf"with SHA-256 {wrong}, got {right}"):
        find_weights(read_config(path))


def test_input_and_outputs_are_read_from_the_package(tiny_package: Path) -> None:
    ports = read_ports(coremltools(), tiny_package, config_of(tiny_package))
    assert (ports.name, ports.outputs) == ("image", ("landmarks",))
    assert ports.image == (tiny_package.parent.name.startswith("image"))


def test_package_of_another_size_is_refused(tiny_package: Path, tmp_path: Path) -> None:
    config = tiny.write_config(tmp_path, "coreml", "tiny.mlpackage", tiny.CENTROID)
    config.write_text(config.read_text().replace("size = 24", "size = 32"))
    with pytest.raises(
        WeightsError, match=r"expected one float input \(N, 3, 32, 32\).*got image: (image|array) \("
    ):
        read_ports(coremltools(), tiny_package, read_config(config))


def test_folder_that_is_no_package_is_refused(tmp_path: Path) -> None:
    ct = coremltools()
    config = read_config(tiny.write_config(tmp_path, "coreml", "tiny.mlpackage", tiny.CENTROID))
    (tmp_path / "tiny.mlpackage").mkdir()
    with pytest.raises(WeightsError, match=r"tiny\.mlpackage: expected a Core ML package, got "):
        read_ports(ct, tmp_path / "tiny.mlpackage", config)


def test_pictures_are_the_crops() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (3, 24, 20, 3), dtype=np.uint8)
    given = model_inputs(Ports("face", image=True, outputs=["landmarks"]), crops)
    assert [list(one) for one in given] == [["face"]] * 3
    for one, crop in zip(given, crops, strict=True):
        assert (one["face"].mode, one["face"].size) == ("RGB", (20, 24))
        np.testing.assert_array_equal(np.asarray(one["face"]), crop)


def test_arrays_are_batches_of_one() -> None:
    crops = np.random.default_rng(0).random((3, 3, 24, 20), dtype=np.float32)
    given = model_inputs(Ports("face", image=False, outputs=["landmarks"]), crops)
    assert all(one["face"].shape == (1, 3, 24, 20) and one["face"].flags.c_contiguous for one in given)
    np.testing.assert_array_equal(np.concatenate([one["face"] for one in given]), crops)


def test_outputs_are_joined_in_the_order_asked_for() -> None:
    rng = np.random.default_rng(0)
    predictions: list[dict[str, Any]] = [
        {"scores": rng.random((1, 5)).astype(np.float16), "landmarks": rng.random((1, 5, 2))}
        for _ in range(3)
    ]
    landmarks, scores = picked(predictions, ["landmarks", "scores"])
    assert (landmarks.shape, scores.shape, scores.dtype) == ((3, 5, 2), (3, 5), np.float32)
    np.testing.assert_array_equal(scores[1], predictions[1]["scores"][0])


@pytest.mark.skipif(sys.platform != "darwin", reason="Core ML predicts on macOS alone")
@pytest.mark.parametrize("device", ["cpu", "all", "cpu_and_ne", "cpu_and_gpu"])
def test_macos_predicts(tiny_package: Path, device: str) -> None:
    detector = flmcore.load_detector(tiny_package.with_name("tiny.toml"), device=device)
    spots = [(30, 25), (45, 30), (38, 40)]
    found = detector(tiny.spots_image(spots), [26.0, 21.0, 50.0, 45.0])
    np.testing.assert_allclose(found.points[0], spots, atol=0.05)


@elsewhere
def test_units_are_named_where_a_device_is_none(tiny_package: Path) -> None:
    from flmcore.detectors.backends.coreml import CoremlBackend
    from flmcore.detectors.backends.opening import Opening

    with pytest.raises(
        ValueError, match="device: expected one of cpu, all, cpu_and_ne, cpu_and_gpu with backend coreml"
    ):
        CoremlBackend(Opening(config_of(tiny_package), tiny_package, "cuda", 1))
