"""Backends on real tiny models: the whole way from an image to landmarks, and each way to be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import flmcore
import tiny_models as tiny
from flmcore.detectors import backends
from flmcore.errors import ConfigError, DetectorError, MissingExtraError, WeightsError

SPOTS = [(30, 20), (41, 33), (36, 27)]
IMAGE = tiny.spots_image(SPOTS)
BOX = [24.0, 15.0, 48.0, 39.0]  # the crop's side: one crop pixel is one image pixel
SECOND = "[output]\nlandmarks = 1\n"
NAMED = '[output]\nlandmarks = "points"\n'


@pytest.mark.parametrize("layout", ["nchw", "nhwc", "nwhc"])
@pytest.mark.parametrize("batch", ["batch", 1, 4])
def test_onnx_finds_the_spots(tmp_path: Path, layout: str, batch: int | str) -> None:
    pytest.importorskip("onnxruntime")
    tiny.centroid_onnx(tmp_path / "m.onnx", batch=batch, layout=layout)
    detector = flmcore.load_detector(
        tiny.write_config(tmp_path, "onnx", "m.onnx", NAMED + tiny.CENTROID, layout=layout)
    )
    found = detector(IMAGE, BOX)
    assert found.points.shape == (1, 3, 2)
    assert found.points.dtype == found.scores.dtype == np.float32
    assert_allclose(found.points[0], SPOTS, atol=1e-4)
    many = detector(IMAGE, [BOX] * 7)  # more than a fixed batch, and not a multiple of it
    assert_allclose(many.points, np.broadcast_to(SPOTS, (7, 3, 2)), atol=1e-4)
    assert detector(IMAGE, np.empty((0, 4))).points.shape == (0, 3, 2)


def test_subpixel_windows_move_through_the_crop(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    tiny.centroid_onnx(tmp_path / "m.onnx")
    detector = flmcore.load_detector(tiny.write_config(tmp_path, "onnx", "m.onnx", SECOND + tiny.CENTROID))
    shifts = np.stack([np.linspace(-0.1, 0.1, 40), np.linspace(0.08, -0.12, 40)], axis=1)
    windows = detector.windows(BOX, shift=shifts, scale=np.linspace(1, 1, 40))
    assert windows.shape == (40, 2, 3)
    # Bilinear interpolation keeps a spot's centroid exactly: a perfect detector, which holds still.
    assert_allclose(detector.detect(IMAGE, windows).points, np.broadcast_to(SPOTS, (40, 3, 2)), atol=1e-3)


def test_stages_make_up_the_whole(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    tiny.centroid_onnx(tmp_path / "m.onnx")
    detector = flmcore.load_detector(
        tiny.write_config(tmp_path, "onnx", "m.onnx", SECOND + tiny.CENTROID), threads=1
    )
    windows = detector.windows([BOX, BOX], scale=[1.0, 1.2])
    out = np.empty((2, 3, tiny.SIDE, tiny.SIDE), np.float32)
    inputs = detector.crop(IMAGE, windows, out=out)
    assert inputs is out
    points, scores = detector.decode(detector.infer(inputs))
    moved = flmcore.transform_points(points, flmcore.invert_affine(windows))
    whole = detector.detect(IMAGE, windows)
    assert_array_equal(whole.points, moved)
    assert_array_equal(whole.scores, scores)


def test_describe_says_what_ran(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    path = tiny.centroid_onnx(tmp_path / "m.onnx")
    detector = flmcore.load_detector(
        tiny.write_config(tmp_path, "onnx", "m.onnx", SECOND + tiny.CENTROID), threads=2
    )
    said = detector.describe()
    assert said["weights_sha256"] == __import__("hashlib").sha256(path.read_bytes()).hexdigest()
    assert said["backend"]["package"] == "onnxruntime"
    assert said["backend"]["threads"] == 2
    assert said["config"]["crop"]["size"] == [tiny.SIDE, tiny.SIDE]
    assert detector.grid is None
    assert "tiny" in repr(detector)


def test_nan_from_the_network_is_nan_landmarks(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    tiny.centroid_onnx(tmp_path / "m.onnx", nan=True)
    detector = flmcore.load_detector(tiny.write_config(tmp_path, "onnx", "m.onnx", SECOND + tiny.CENTROID))
    found = detector(IMAGE, BOX)
    assert found.points.shape == (1, 3, 2)
    assert np.isnan(found.points).all()


@pytest.mark.parametrize("box", [[0, 0, np.nan, 9], [5, 5, 5, 9], [9, 0, 5, 5]])
def test_box_without_area_is_refused(tmp_path: Path, box: list[float]) -> None:
    pytest.importorskip("onnxruntime")
    tiny.centroid_onnx(tmp_path / "m.onnx")
    detector = flmcore.load_detector(tiny.write_config(tmp_path, "onnx", "m.onnx", SECOND + tiny.CENTROID))
    with pytest.raises(ValueError, match="boxes: expected finite"):
        detector(IMAGE, box)
    away = detector(IMAGE, [500.0, 500.0, 524.0, 524.0])  # beside the image: a black crop, not an error
    assert away.points.shape == (1, 3, 2)


def test_onnx_of_another_shape_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    tiny.centroid_onnx(tmp_path / "m.onnx")
    config = tiny.write_config(tmp_path, "onnx", "m.onnx", SECOND + tiny.CENTROID, layout="nhwc")
    with pytest.raises(
        WeightsError, match=r"expected one float input \(N, 24, 24, 3\), from .* got image .*3, 24, 24"
    ):
        flmcore.load_detector(config)
    config = tiny.write_config(tmp_path, "onnx", "m.onnx", tiny.CENTROID)  # the first output is another thing
    with pytest.raises(
        WeightsError, match=r"expected a model that fits the config.*expected shape \(N, 6\).*got \(1, 3\)"
    ):
        flmcore.load_detector(config)
    config = tiny.write_config(tmp_path, "onnx", "m.onnx", '[output]\nlandmarks = "dots"\n' + tiny.CENTROID)
    with pytest.raises(
        WeightsError, match="expected an output 'dots' as the config names it, got total, points"
    ):
        flmcore.load_detector(config)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(b"no model at all")
    (tmp_path / "empty.bin").write_bytes(b"")
    for backend, package in (("onnx", "onnxruntime"), ("torchscript", "torch"), ("tflite", "ai_edge_litert")):
        pytest.importorskip(package)
        for name in ("m.bin", "empty.bin"):
            with pytest.raises(WeightsError, match=rf"{name}: expected") as caught:
                flmcore.load_detector(tiny.write_config(tmp_path, backend, name, tiny.CENTROID))
            assert "\n" not in str(caught.value)


def test_torch_state_dict_module_and_script_agree(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    module = tiny.centroid_module()
    torch.save({"model": {"weights": module.state_dict()}, "epoch": 3}, tmp_path / "m.pth")
    config = tiny.write_config(
        tmp_path, "torch", "m.pth", SECOND + tiny.CENTROID, more='state = "model.weights"'
    )
    from_caller = flmcore.load_detector(config, module=module)
    assert_allclose(from_caller(IMAGE, BOX).points[0], SPOTS, atol=1e-4)
    emptied = tiny.centroid_module()
    for parameter in emptied.parameters():
        torch.nn.init.zeros_(parameter)
    filled = flmcore.load_detector(config, module=emptied, weights=tmp_path / "m.pth", threads=1)
    assert_array_equal(filled(IMAGE, [BOX] * 40).points, from_caller(IMAGE, [BOX] * 40).points)
    assert filled.describe()["weights_sha256"]
    assert from_caller.describe()["weights_sha256"] is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
def test_torchscript_finds_the_spots(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.jit.trace(tiny.centroid_module(), torch.rand(1, 3, tiny.SIDE, tiny.SIDE)).save(
        str(tmp_path / "m.pt")
    )
    detector = flmcore.load_detector(
        tiny.write_config(tmp_path, "torchscript", "m.pt", SECOND + tiny.CENTROID)
    )
    assert_allclose(detector(IMAGE, BOX).points[0], SPOTS, atol=1e-4)


def test_torch_module_that_gives_a_dict_or_one_tensor(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")

    class Named(torch.nn.Module):
        def forward(self, image: object) -> dict[str, object]:
            total, points = tiny.centroid_module()(image)
            return {"total": total, "points": points}

    config = tiny.write_config(tmp_path, "torch", "none.pth", NAMED + tiny.CENTROID)
    assert_allclose(flmcore.load_detector(config, module=Named())(IMAGE, BOX).points[0], SPOTS, atol=1e-4)
    config = tiny.write_config(tmp_path, "torch", "none.pth", tiny.IDENTITY)
    found = flmcore.load_detector(config, module=torch.nn.Identity())(IMAGE, BOX)
    assert_allclose(found.points[0], SPOTS, atol=1e-4)
    assert_allclose(found.scores, 1.0)
    config = tiny.write_config(
        tmp_path, "torch", "none.pth", '[output]\nlandmarks = "dots"\n' + tiny.CENTROID
    )
    with pytest.raises(DetectorError, match=r"expected a tensor as output 'dots'.*got names total, points"):
        flmcore.load_detector(config, module=Named())


def test_torch_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"x": torch.zeros(3, 3), "y": torch.zeros(tiny.SIDE, tiny.SIDE)}, tmp_path / "m.pth")
    config = tiny.write_config(tmp_path, "torch", "m.pth", SECOND + tiny.CENTROID)
    with pytest.raises(
        WeightsError,
        match=r"m\.pth: expected the tensors of Centroid, got others: 1 of another shape \(x: expected \(24, 24\), got \(3, 3\)\)",
    ):
        flmcore.load_detector(config, module=tiny.centroid_module(), weights=tmp_path / "m.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match=r"list\.pth: expected a state dict, got list"):
        flmcore.load_detector(config, module=tiny.centroid_module(), weights=tmp_path / "list.pth")
    config = tiny.write_config(tmp_path, "torch", "m.pth", SECOND + tiny.CENTROID, more='state = "model"')
    with pytest.raises(
        WeightsError, match="expected the state dict under 'model' as the config says, got x, y"
    ):
        flmcore.load_detector(config, module=tiny.centroid_module(), weights=tmp_path / "m.pth")
    config = tiny.write_config(tmp_path, "torch", "m.pth", SECOND + tiny.CENTROID)
    with pytest.raises(
        ConfigError, match=r"model\.network: expected a network's name, or module= in load_detector"
    ):
        flmcore.load_detector(config)
    config = tiny.write_config(tmp_path, "torch", "m.pth", tiny.CENTROID, more='network = "facemash"')
    with pytest.raises(
        ConfigError, match=r"expected one of facemesh.*got 'facemash'; did you mean 'facemesh'"
    ):
        flmcore.load_detector(config)


def test_torch_never_runs_pickled_code(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "ran",))  # type: ignore[return-value]

    torch.save({"x": Trap()}, tmp_path / "m.pth")
    config = tiny.write_config(tmp_path, "torch", "m.pth", SECOND + tiny.CENTROID)
    with pytest.raises(
        WeightsError, match=r"m\.pth: expected tensors and nothing else, got a file that calls .*not run"
    ):
        flmcore.load_detector(config, module=tiny.centroid_module(), weights=tmp_path / "m.pth")
    assert not (tmp_path / "ran").exists()


def test_module_and_device_are_checked(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnxruntime")
    config = tiny.write_config(tmp_path, "torch", "m.pth", SECOND + tiny.CENTROID)
    with pytest.raises(TypeError, match=r"module: expected a torch\.nn\.Module, got int"):
        flmcore.load_detector(config, module=3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="device: expected one that torch has, got 'tpu'"):
        flmcore.load_detector(config, module=tiny.centroid_module(), device="tpu")
    tiny.centroid_onnx(tmp_path / "m.onnx")
    config = tiny.write_config(tmp_path, "onnx", "m.onnx", SECOND + tiny.CENTROID)
    with pytest.raises(ValueError, match="device: expected cpu, or cuda where onnxruntime has it, got 'tpu'"):
        flmcore.load_detector(config, device="tpu")
    with pytest.raises(ValueError, match="threads: expected a whole number"):
        flmcore.load_detector(config, threads=0)


def test_network_that_fails_is_one_line(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    config = tiny.write_config(tmp_path, "torch", "m.pth", tiny.CENTROID)
    with pytest.raises(
        DetectorError, match="tiny: inference: expected outputs, got RuntimeError: "
    ) as caught:
        flmcore.load_detector(config, module=torch.nn.Conv2d(5, 1, 3))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("backend", ["onnx", "torch", "torchscript", "dlib", "tflite", "openvino"])
def test_missing_extra_is_named(tmp_path: Path, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package = {"onnx": "onnxruntime", "torchscript": "torch", "tflite": "ai_edge_litert"}.get(
        backend, backend
    )
    monkeypatch.setitem(__import__("sys").modules, package, None)
    config = tiny.write_config(tmp_path, backend, "none.bin", tiny.CENTROID)
    if backend == "dlib":
        text = config.read_text().split("[input]")[0].replace("[crop]", "rectangle = [1, 1, 9, 9]\n[crop]")
        config.write_text(text)
    extra = {"torchscript": "torch"}.get(backend, backend)
    with pytest.raises(
        MissingExtraError, match=rf"backend {backend} needs .* pip install 'flmcore\[{extra}\]'"
    ):
        flmcore.load_detector(config)
    assert f"flmcore[{extra}]" in (backends.missing_package(backend) or "")


def test_unknown_option_of_a_decoder_is_the_configs_fault(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    config = tiny.write_config(tmp_path, "torch", "m.pth", tiny.IDENTITY + "\noptions = { bets = 3 }")
    with pytest.raises(ConfigError, match=r"tiny\.toml: decode: .*bets"):
        flmcore.load_detector(config, module=torch.nn.Identity())
