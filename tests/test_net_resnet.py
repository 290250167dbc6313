"""ResNet, timm and PFLD-lite regressors against independent computations: eager, traced, exported to ONNX; and the zoo."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import flmcore
from flmcore.detectors import nets
from flmcore.errors import ConfigError, MissingExtraError, WeightsError

torch = pytest.importorskip("torch")

from flmcore.detectors.checkpoint import read_checkpoint
from flmcore.detectors.checkpoint_fit import fit, load_backbone
from flmcore.detectors.nets.pfld_lite import PFLDLite
from flmcore.detectors.nets.resnet import ResNet, identify
from reference.resnet import resnet as reference_resnet

DEPTHS = (18, 34, 50, 101)
# torchvision's and timm's parameter counts for ImageNet's 1000 classes.
PUBLISHED_PARAMETERS = {18: 11_689_512, 34: 21_797_672, 50: 25_557_032, 101: 44_549_160}


def lively(network: Any, seed: int = 5) -> Any:
    """Normalisation whose statistics are not the identity, as after training, and that keeps numbers near one."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.8, 1.2)
            torch.nn.init.uniform_(module.weight, 0.3, 0.6)
            torch.nn.init.normal_(module.bias, 0, 0.1)
    return network.eval()


def run(network: Any, images: Any) -> NDArray[np.float32]:
    with torch.inference_mode():
        output: NDArray[np.float32] = network(images).numpy()
    return output


def shapes(state: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def traced(network: Any, example: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch announces the end of torch.jit
        return torch.jit.trace(network, example)


def run_as_onnx(network: Any, images: Any, path: Path, *, dynamo: bool) -> NDArray[np.float32]:
    """Exported by one of torch's exporters, for any batch, and run by onnxruntime."""
    pytest.importorskip("onnxscript" if dynamo else "onnx")
    ort = pytest.importorskip("onnxruntime")
    if dynamo:
        more = {"dynamic_shapes": ({0: torch.export.Dim("batch")},), "external_data": False, "verbose": False}
    else:
        more = {"dynamic_axes": {"image": {0: "batch"}}, "opset_version": 17}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one exporter is announced to end, the other uses what is
        torch.onnx.export(network, (images,), path, input_names=["image"], dynamo=dynamo, **more)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    output: NDArray[np.float32] = session.run(None, {"image": images.numpy()})[0]
    return output


@functools.cache
def case(depth: int) -> SimpleNamespace:
    network = lively(ResNet(7, depth))
    images = torch.randn(2, 3, 96, 64)
    return SimpleNamespace(network=network, images=images, output=run(network, images))


@pytest.mark.parametrize("depth", DEPTHS)
def test_output_is_the_references(depth: int) -> None:
    made = case(depth)
    expected = reference_resnet(made.network.state_dict(), made.images).numpy()
    assert made.output.shape == (2, 14)
    assert made.output.dtype == np.float32
    assert np.ptp(expected) > 0.05
    # float32 against float64: the error of a hundred layers stays at some parts in a million of the values' spread.
    assert_allclose(made.output, expected, rtol=0, atol=1e-5 * np.ptp(expected))


@pytest.mark.parametrize("depth", [18, 50])  # one of each kind of block: the others have more of the same
def test_traced_and_exported_is_eager(depth: int, tmp_path: Path) -> None:
    made = case(depth)
    module = traced(made.network, made.images)
    assert_allclose(run(module, made.images), made.output, rtol=0, atol=1e-6 * np.ptp(made.output))
    one = torch.randn(1, 3, 64, 64)  # traced with another batch and size
    assert_allclose(run(module, one), run(made.network, one), rtol=0, atol=1e-5 * np.ptp(made.output))
    found = run_as_onnx(made.network, made.images, tmp_path / "m.onnx", dynamo=False)
    assert_allclose(found, made.output, rtol=0, atol=1e-5 * np.ptp(made.output))


def test_torchs_current_exporter(tmp_path: Path) -> None:
    network, images = lively(ResNet(7, 18)), torch.rand(2, 3, 64, 64)
    expected = run(network, images)
    found = run_as_onnx(network, images, tmp_path / "m.onnx", dynamo=True)
    assert_allclose(found, expected, rtol=0, atol=1e-5 * np.ptp(expected))


@pytest.mark.parametrize("depth", DEPTHS)
def test_parameters_and_names_are_the_published_ones(depth: int) -> None:
    with torch.device("meta"):
        network = ResNet(500, depth)
    assert sum(parameter.numel() for parameter in network.parameters()) == PUBLISHED_PARAMETERS[depth]
    state = network.state_dict()
    assert list(state)[:2] == ["conv1.weight", "bn1.weight"]
    assert list(state)[-2:] == ["fc.weight", "fc.bias"]
    assert ("layer1.0.downsample.0.weight" in state) == (depth >= 50)
    assert "layer4.0.downsample.1.running_var" in state
    assert identify(shapes(state)) == f"ResNet-{depth} with 1000 outputs (ImageNet's classes)"


def test_identify_names_both_readings_and_nothing_else() -> None:
    with torch.device("meta"):
        assert identify(shapes(ResNet(68, 34, values=3).state_dict())) == (
            "ResNet-34 with 204 outputs (102 landmarks or 68 landmarks)"
        )
        state = shapes(ResNet(68, 50).state_dict())
        del state["layer3.5.conv1.weight"]
        assert identify(state) is not None  # one tensor is missing, the block is there
        assert identify({name: shape for name, shape in state.items() if "layer3.5." not in name}) is None
        assert identify(shapes(PFLDLite(68).state_dict())) is None
        assert identify({}) is None


def test_third_value_is_a_log_sigma(tmp_path: Path) -> None:
    network = lively(ResNet(4, 18, values=3))
    torch.save(network.state_dict(), tmp_path / "m.pth")
    (tmp_path / "m.toml").write_text(
        'extends = "simulated-r18"\nname = "m"\nscheme = "four-4"\nlandmarks = 4\n'
        '[model]\nweights = "m.pth"\noptions = { depth = 18, values = 3 }\n'
        '[decode]\nkind = "coordinates"\nstride = 3\n'
    )
    detector = flmcore.load_detector(tmp_path / "m.toml", threads=1)
    images = np.random.default_rng(0).standard_normal((2, 3, 256, 256), dtype=np.float32)
    expected = run(network, torch.from_numpy(images)).reshape(2, 4, 3)[..., :2] * 256 - 0.5
    assert_allclose(detector.decode(detector.infer(images))[0], expected, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"depth": 20}, "depth: expected one of 10, 18, 34, 50, 101, got 20"),
        ({"depth": "18"}, "depth: expected one of 10, 18, 34, 50, 101, got '18'"),
        ({"values": 4}, "values: expected 2 for x and y, or 3 with a log-sigma, got 4"),
        (
            {"dept": 18},
            "expected one of depth, values, width, grid, got an unknown option 'dept'; did you mean 'depth'",
        ),
    ],
)
def test_options_are_checked(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        nets.build("resnet", options, landmarks=68)


@pytest.fixture(scope="module")
def timm() -> Any:
    """The package, where it imports: it needs torchvision, which on Linux is built for torch with CUDA. Beside torch
    without CUDA it imports once the two operators that it describes at once have names."""
    try:
        import torchvision  # noqa: F401
    except ImportError as error:
        pytest.skip(f"timm needs torchvision: {error}")
    except RuntimeError:
        for name in ("nms", "qnms"):
            torch.library.define(f"torchvision::{name}", "(Tensor a, Tensor b, float c) -> Tensor")
    try:
        import timm as package
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"timm does not import: {error}")
    return package


@pytest.mark.parametrize("depth", DEPTHS)
def test_timms_resnets_are_ours(timm: Any, depth: int) -> None:
    theirs = lively(timm.create_model(f"resnet{depth}", num_classes=14))
    ours = ResNet(7, depth).eval()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    fit(ours, theirs.state_dict(), "timm")
    images = torch.randn(2, 3, 96, 64)
    expected = run(theirs, images)
    assert_allclose(run(ours, images), expected, rtol=0, atol=1e-6 * np.ptp(expected))


def test_any_network_of_timm(timm: Any, tmp_path: Path) -> None:
    torch.save(timm.create_model("mobilenetv3_small_050").state_dict(), tmp_path / "m.pth")  # 1000 classes
    network = nets.build("timm", {"backbone": "mobilenetv3_small_050"}, landmarks=7).eval()
    loaded = load_backbone(network, tmp_path / "m.pth")
    assert loaded.left == loaded.unused == ("classifier.weight", "classifier.bias")
    images = torch.randn(2, 3, 64, 64)
    expected = run(network, images)
    assert expected.shape == (2, 14)
    assert_allclose(run(traced(network, images), images), expected, atol=1e-6)
    found = run_as_onnx(network, images, tmp_path / "m.onnx", dynamo=False)
    assert_allclose(found, expected, rtol=0, atol=1e-5 * np.ptp(expected))
    # As PyTorch Lightning saves it: a trainer's attribute before each name, and its own objects beside.
    state = {f"backbone.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"state_dict": state, "pytorch-lightning_version": "1.4"}, tmp_path / "m.ckpt")
    again = nets.build("timm", {"backbone": "mobilenetv3_small_050"}, landmarks=7).eval()
    fit(again, read_checkpoint(tmp_path / "m.ckpt"), "m.ckpt")
    assert_allclose(run(again, images), expected, rtol=0, atol=0)
    with pytest.raises(
        ConfigError, match="expected a network of timm, got 'resnet18x'; did you mean 'resnet18"
    ):
        nets.build("timm", {"backbone": "resnet18x"}, landmarks=7)


def test_timm_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("timm", "torchvision"):
        monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingExtraError, match=r"network timm needs timm.* pip install 'flmcore\[timm\]'"):
        nets.build("timm", {"backbone": "resnet18"}, landmarks=7)


def test_simulated_landmarks_end_to_end(tmp_path: Path) -> None:
    """A given file of weights, an image and a box: the landmarks that the network gives for the crop, in the image."""
    save_file = pytest.importorskip("safetensors.torch").save_file
    network = lively(ResNet(68, 18))
    save_file(network.state_dict(), tmp_path / "simulated_resnet18.safetensors")
    image = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    detector = flmcore.load_detector("simulated-r18", weights=tmp_path, threads=1)
    box = [100.0, 50.0, 260.0, 250.0]  # 160×200, so the window's side is 250 about (180, 150)
    inputs = flmcore.crop(
        image,
        flmcore.box_affine([55.0, 25.0, 305.0, 275.0], 256),
        256,
        mean=np.array([0.485, 0.456, 0.406]) * 255,
        std=np.array([0.229, 0.224, 0.225]) * 255,
        antialias=True,
    )
    shares = run(network, torch.from_numpy(inputs)).reshape(68, 2)
    expected = np.array([55.0, 25.0]) + shares * 250 - 0.5
    found = detector(image, box)
    assert detector.scheme == "300w-68"
    assert_allclose(found.points[0], expected, atol=1e-3)
    assert np.ptp(expected) > 10
    assert np.isnan(found.scores).all()
    save_file(lively(ResNet(98, 18)).state_dict(), tmp_path / "wflw.safetensors")
    with pytest.raises(
        WeightsError, match=r"136 outputs \(68 landmarks\), .*this looks like .* \(98 landmarks\)"
    ):
        flmcore.load_detector("simulated-r18", weights=tmp_path / "wflw.safetensors")


@pytest.fixture(scope="module")
def pfld(shared: Path) -> Any:
    network = PFLDLite(106).eval()
    fit(
        network, read_checkpoint(shared / "weights" / "pfld106_lite.pth", "plfd_backbone"), "pfld106_lite.pth"
    )
    return network


def test_pfld_is_its_onnx_twin(shared: Path, pfld: Any) -> None:
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    twin = ort.InferenceSession(str(shared / "weights" / "pfld106_lite.onnx"), options)
    for seed in range(3):
        image = np.random.default_rng(seed).random((1, 3, 112, 112), dtype=np.float32)
        expected = twin.run(["output"], {"input": image})[0]
        assert_allclose(run(pfld, torch.from_numpy(image)), expected, rtol=0, atol=2e-6)


def test_pfld_traced_and_exported(pfld: Any, tmp_path: Path) -> None:
    images = torch.rand(2, 3, 112, 112)
    expected = run(pfld, images)
    assert_allclose(run(traced(pfld, images), images), expected, rtol=0, atol=1e-6)
    found = run_as_onnx(pfld, images, tmp_path / "m.onnx", dynamo=False)
    assert_allclose(found, expected, rtol=0, atol=2e-6)


def test_pfld_file_needs_the_configs_state(shared: Path) -> None:
    with pytest.raises(WeightsError, match=r"say which by model\.state .*: plfd_backbone, auxiliarynet"):
        read_checkpoint(shared / "weights" / "pfld106_lite.pth")


def test_width_and_grid_are_told_and_the_published_names_stay() -> None:
    published = ResNet(68).state_dict()
    narrow = ResNet(68, width=32, grid=2).state_dict()
    assert list(narrow) == list(published)
    assert tuple(narrow["fc.weight"].shape) == (136, 256 * 4)
    assert identify(shapes(narrow)) == "ResNet-18 (width 32, grid 2) with 136 outputs (68 landmarks)"
    assert identify(shapes(ResNet(68, 10, width=16).state_dict())) == (
        "ResNet-10 (width 16) with 136 outputs (68 landmarks)"
    )
    assert identify(shapes(ResNet(68, 50, grid=3).state_dict())) == (
        "ResNet-50 (grid 3) with 136 outputs (68 landmarks)"
    )


def test_grid_averages_the_cells_in_rows() -> None:
    """One bright cell of the last features reaches the outputs that the layer's columns give it."""
    network = lively(ResNet(3, 10, width=8, grid=2))
    features = torch.rand(1, 64, 4, 4)
    network.layer4 = torch.nn.Identity()
    for name in ("conv1", "bn1", "maxpool", "layer1", "layer2", "layer3"):
        setattr(network, name, torch.nn.Identity())
    cells = features.reshape(1, 64, 2, 2, 2, 2).mean(dim=(3, 5)).reshape(1, -1)
    assert_allclose(run(network, features), run(network.fc, cells), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("options", [{"width": 0}, {"grid": 9}, {"width": 2.5}, {"grid": True}])
def test_sizes_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=rf"{next(iter(options))}: expected a whole number from 1 to"):
        nets.build("resnet", options, landmarks=68)


@pytest.mark.parametrize("dynamo", [False, True])
def test_grid_is_exported(tmp_path: Path, dynamo: bool) -> None:
    network, images = lively(ResNet(5, 10, width=8, grid=4)), torch.rand(2, 3, 128, 128)
    found = run_as_onnx(network, images, tmp_path / "a.onnx", dynamo=dynamo)
    assert_allclose(found, run(network, images), rtol=1e-3, atol=1e-4)
