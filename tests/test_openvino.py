"""The OpenVINO backend: IR and ONNX files, fixed and free batches, and nothing that leaves the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import flmcore
import tiny_models as tiny
from flmcore.detectors.weights import sha256_of
from flmcore.errors import ConfigError, WeightsError

SPOTS = [(30, 20), (41, 33), (36, 27)]
IMAGE = tiny.spots_image(SPOTS)
BOX = [24.0, 15.0, 48.0, 39.0]
POINTS = '[output]\nlandmarks = "points"\n' + tiny.CENTROID


@pytest.fixture(autouse=True)
def _needs_openvino() -> None:
    pytest.importorskip("openvino")


def write_ir(folder: Path, **options: object) -> Path:
    """``m.xml`` and ``m.bin`` of the tiny model."""
    import openvino

    source = tiny.centroid_onnx(folder / "source.onnx", **options)  # type: ignore[arg-type]
    openvino.save_model(
        openvino.Core().read_model(str(source)), str(folder / "m.xml"), compress_to_fp16=False
    )
    return folder / "m.xml"


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("batch", ["batch", 1, 4])
def test_spots_are_found_through_ir(tmp_path: Path, layout: str, batch: int | str) -> None:
    write_ir(tmp_path, layout=layout, batch=batch)
    detector = flmcore.load_detector(tiny.write_config(tmp_path, "openvino", "m.xml", POINTS, layout=layout))
    assert_allclose(detector(IMAGE, [BOX] * 7).points, np.broadcast_to(SPOTS, (7, 3, 2)), atol=1e-4)
    said = detector.describe()
    assert said["weights_sha256"] == sha256_of(tmp_path / "m.xml")
    assert said["backend"]["data_sha256"] == sha256_of(tmp_path / "m.bin")


def test_onnx_file_gives_what_onnxruntime_gives(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    tiny.centroid_onnx(tmp_path / "m.onnx")
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    boxes = [[20.0 + shift, 10, 60 + shift, 50] for shift in (0.0, 0.3, 4.7)]
    found = [
        flmcore.load_detector(tiny.write_config(tmp_path, backend, "m.onnx", POINTS))(image, boxes).points
        for backend in ("openvino", "onnx")
    ]
    assert_allclose(found[0], found[1], atol=1e-4)


def test_results_of_one_run_do_not_change_with_the_next(tmp_path: Path) -> None:
    write_ir(tmp_path)
    detector = flmcore.load_detector(tiny.write_config(tmp_path, "openvino", "m.xml", POINTS))
    first = detector.infer(detector.crop(IMAGE, detector.windows(BOX)))[0]
    kept = first.copy()
    detector.infer(detector.crop(IMAGE, detector.windows([20.0, 10, 70, 60])))
    np.testing.assert_array_equal(first, kept)


def test_file_of_numbers_must_lie_beside(tmp_path: Path) -> None:
    weights = write_ir(tmp_path)
    (tmp_path / "m.bin").unlink()
    config = tiny.write_config(tmp_path, "openvino", "m.xml", POINTS)
    for given in (None, weights, tmp_path):
        with pytest.raises(
            WeightsError, match=r"m\.xml: expected its numbers beside it in m\.bin, got no such file"
        ):
            flmcore.load_detector(config, weights=given)


def test_sums_of_both_files_are_checked(tmp_path: Path) -> None:
    weights = write_ir(tmp_path)
    sums = f'sha256 = "{sha256_of(weights)}"\ndata_sha256 = "{sha256_of(tmp_path / "m.bin")}"'
    config = tiny.write_config(tmp_path, "openvino", "m.xml", POINTS, more=sums)
    flmcore.load_detector(config)
    with (tmp_path / "m.bin").open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(WeightsError, match=r"expected .*m\.bin with SHA-256"):
        flmcore.load_detector(config)
    flmcore.load_detector(config, weights=weights)  # given by hand, it stands for itself
    config = tiny.write_config(tmp_path, "tflite", "m.tflite", POINTS, more=f'data_sha256 = "{"0" * 64}"')
    with pytest.raises(
        ConfigError, match=r"model\.data_sha256: expected no such key without backend openvino"
    ):
        flmcore.load_detector(config)


def test_other_models_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "m.xml").write_text("<net>")
    (tmp_path / "m.bin").write_bytes(b"")
    config = tiny.write_config(tmp_path, "openvino", "m.xml", POINTS)
    with pytest.raises(
        WeightsError, match=r"m\.xml: expected an OpenVINO model \(\.xml\) or an ONNX file"
    ) as caught:
        flmcore.load_detector(config)
    assert "\n" not in str(caught.value)
    write_ir(tmp_path, layout="nhwc")
    with pytest.raises(WeightsError, match=r"expected one float input \(N, 3, 24, 24\).*got image .*24,24,3"):
        flmcore.load_detector(config)
    write_ir(tmp_path, more=("mask",))
    with pytest.raises(WeightsError, match=r"got image .* of f32, mask .* of f32"):
        flmcore.load_detector(config)
    write_ir(tmp_path)
    named = '[output]\nlandmarks = "dots"\n' + tiny.CENTROID
    config = tiny.write_config(tmp_path, "openvino", "m.xml", named)
    with pytest.raises(WeightsError, match="expected an output 'dots' as the config names it, got"):
        flmcore.load_detector(config)


def test_nothing_is_sent_or_written_home(tmp_path: Path) -> None:
    """OpenVINO's package brings a reporter to Intel; a run of ours does not even import it."""
    config = tiny.write_config(tmp_path, "openvino", "m.xml", POINTS)
    write_ir(tmp_path)
    (tmp_path / "home").mkdir()
    program = f"""
import json, socket, sys
tried = []
def refuse(*arguments, **options):
    tried.append(str(arguments))
    raise OSError("no network here")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import numpy, flmcore
detector = flmcore.load_detector({str(config)!r}, threads=1)
detector(numpy.zeros((60, 80, 3), numpy.uint8), {BOX})
detector.cost()
print(json.dumps([tried, sorted(name for name in sys.modules if "openvino_telemetry" in name)]))
"""
    environment = os.environ | {"HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert json.loads(done.stdout) == [[], []]
    assert list((tmp_path / "home").iterdir()) == []
