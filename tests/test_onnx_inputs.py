"""ONNX models as exporters leave them: types, layouts, batches, free sizes; what makes no sense is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import flmcore
import tiny_models as tiny
from flmcore.errors import MissingExtraError, WeightsError

SPOTS = [(30, 20), (41, 33), (36, 27)]
IMAGE = tiny.spots_image(SPOTS)
BOX = [24.0, 15.0, 48.0, 39.0]  # the crop's side: one crop pixel is one image pixel
POINTS = '[output]\nlandmarks = "points"\n' + tiny.CENTROID


@pytest.fixture(autouse=True)
def _needs_onnxruntime() -> None:
    pytest.importorskip("onnxruntime")


def config(folder: Path, *, layout: str = "nchw", std: int = 255) -> Path:
    file = tiny.write_config(folder, "onnx", "m.onnx", POINTS, layout=layout)
    file.write_text(file.read_text().replace("std = 255", f"std = {std}"))
    return file


@pytest.mark.parametrize("batch", ["batch", 1, 4])
@pytest.mark.parametrize(
    ("takes", "gives", "layout"),
    [
        ("FLOAT16", "FLOAT16", "nchw"),
        ("FLOAT16", "FLOAT", "nhwc"),
        ("DOUBLE", "DOUBLE", "nchw"),
        ("FLOAT", "INT64", "nchw"),
        ("FLOAT", "INT32", "nhwc"),
    ],
)
def test_number_types_are_brought_to_the_models(
    tmp_path: Path, takes: str, gives: str, layout: str, batch: int | str
) -> None:
    tiny.centroid_onnx(tmp_path / "m.onnx", takes=takes, gives=gives, layout=layout, batch=batch)
    detector = flmcore.load_detector(config(tmp_path, layout=layout))
    found = detector(IMAGE, [BOX] * 7)
    assert found.points.dtype == np.float32
    # Half precision has steps of 1/64 between 16 and 32, the crop's far half.
    assert_allclose(found.points, np.broadcast_to(SPOTS, (7, 3, 2)), atol=0.01 if "16" in gives else 1e-4)


@pytest.mark.parametrize("layout", ["nchw", "nhwc", "nwhc"])
def test_model_of_bytes_gets_the_crop_as_bytes(tmp_path: Path, layout: str) -> None:
    tiny.centroid_onnx(tmp_path / "m.onnx", takes="UINT8", layout=layout)
    detector = flmcore.load_detector(config(tmp_path, layout=layout, std=1))
    inputs = detector.crop(IMAGE, detector.windows(BOX))
    assert inputs.dtype == np.uint8
    assert_allclose(detector(IMAGE, [BOX] * 20).points, np.broadcast_to(SPOTS, (20, 3, 2)), atol=1e-4)
    with pytest.raises(
        WeightsError, match=r"expected input\.mean = 0 and input\.std = 1, as the model takes bytes"
    ):
        flmcore.load_detector(config(tmp_path, layout=layout, std=255))


def test_bytes_are_those_of_the_float_crop_rounded(tmp_path: Path) -> None:
    tiny.centroid_onnx(tmp_path / "m.onnx", takes="UINT8")
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    in_bytes = flmcore.load_detector(config(tmp_path, std=1))
    tiny.centroid_onnx(tmp_path / "m.onnx")
    in_floats = flmcore.load_detector(config(tmp_path, std=1))
    windows = in_bytes.windows([30.3, 10.1, 61.9, 48.2])
    exact = in_floats.crop(image, windows)[0].transpose(1, 2, 0)
    # Either may round a half up or down.
    assert np.abs(in_bytes.crop(image, windows)[0] - exact).max() <= 0.5 + 1e-4


def test_bytes_are_mirrored_across_and_not_in_their_colours(tmp_path: Path) -> None:
    from flmcore.detectors.flip import mirrored

    tiny.centroid_onnx(tmp_path / "m.onnx", takes="UINT8")
    detector = flmcore.load_detector(config(tmp_path, std=1))
    inputs = detector.crop(IMAGE, detector.windows(BOX))
    plain, _ = detector.decode(detector.infer(inputs))
    mirror, _ = detector.decode(detector.infer(mirrored(inputs)))
    assert_allclose(mirror, [tiny.SIDE - 1, 0] + plain * [-1, 1], atol=1e-4)


@pytest.mark.parametrize("batch", ["n", 2])
def test_free_height_and_width_take_the_configs(tmp_path: Path, batch: int | str) -> None:
    tiny.centroid_onnx(tmp_path / "m.onnx", side="side", batch=batch)
    detector = flmcore.load_detector(config(tmp_path))
    assert_allclose(detector(IMAGE, [BOX] * 3).points, np.broadcast_to(SPOTS, (3, 3, 2)), atol=1e-4)


def test_fixed_batch_gives_what_a_free_one_gives(tmp_path: Path) -> None:
    boxes = [[24.0 + shift, 15.0, 48.0 + shift, 39.0] for shift in (0.0, 1.5, -2.25, 3.0, 0.125)]
    tiny.centroid_onnx(tmp_path / "m.onnx")
    free = flmcore.load_detector(config(tmp_path))(IMAGE, boxes).points
    for batch in (1, 2, 5, 8):
        tiny.centroid_onnx(tmp_path / "m.onnx", batch=batch)
        assert_array_equal(flmcore.load_detector(config(tmp_path))(IMAGE, boxes).points, free)


@pytest.mark.parametrize(
    ("options", "got"),
    [
        (
            {"more": ("mask",)},
            r"got image \('batch', 3, 24, 24\) of tensor\(float\), mask \(1,\) of tensor\(float\)",
        ),
        ({"takes": "INT64"}, r"got image \('batch', 3, 24, 24\) of tensor\(int64\)"),
        ({"takes": "INT8"}, r"of tensor\(int8\)"),
        ({"layout": "nhwc"}, r"got image \('batch', 24, 24, 3\)"),
    ],
)
def test_input_that_does_not_fit_is_told_in_one_line(
    tmp_path: Path, options: dict[str, object], got: str
) -> None:
    tiny.centroid_onnx(tmp_path / "m.onnx", **options)  # type: ignore[arg-type]
    with pytest.raises(
        WeightsError, match=r"m\.onnx: expected one float input \(N, 3, 24, 24\), from the config.*" + got
    ) as caught:
        flmcore.load_detector(config(tmp_path))
    assert "\n" not in str(caught.value)


def test_output_that_is_no_numbers_is_refused(tmp_path: Path) -> None:
    tiny.centroid_onnx(tmp_path / "m.onnx", gives="BOOL")
    with pytest.raises(WeightsError, match=r"expected numbers as output points, got tensor\(bool\)"):
        flmcore.load_detector(config(tmp_path))


@pytest.mark.parametrize("backend", ["onnx", "openvino", "torch"])
def test_cuda_where_there_is_none_is_one_line(tmp_path: Path, backend: str) -> None:
    torch = pytest.importorskip("torch") if backend == "torch" else None
    if torch is not None and torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    ort = pytest.importorskip("onnxruntime")
    if backend == "onnx" and "CUDAExecutionProvider" in ort.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    if backend == "openvino":
        pytest.importorskip("openvino")
    tiny.centroid_onnx(tmp_path / "m.onnx")
    file = tiny.write_config(tmp_path, backend, "m.onnx", POINTS)
    options = {"module": tiny.centroid_module()} if torch is not None else {}
    with pytest.raises(ValueError, match=r"device: expected .*, got 'cuda'") as caught:
        flmcore.load_detector(file, device="cuda", **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["dlib-68", "mediapipe-468"])
def test_backends_of_the_processor_alone_say_so(name: str) -> None:
    try:
        flmcore.load_detector(name, threads=1)
    except (MissingExtraError, WeightsError) as error:
        pytest.skip(str(error))
    with pytest.raises(ValueError, match=r"device: expected cpu with backend \w+, got 'cuda'"):
        flmcore.load_detector(name, device="cuda")
