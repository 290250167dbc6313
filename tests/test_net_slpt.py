"""SLPT against the published network: filled alike, the same numbers, eager, traced and in ONNX Runtime."""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import weight_fill
from flmcore.detectors import nets
from flmcore.errors import ConfigError
from reference import slpt_pipeline

torch = pytest.importorskip("torch")
from flmcore.detectors.nets.slpt import SLPT, identify, published_state

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch announces the end of torch.jit
TOLERANCE = 2e-5  # of normalised coordinates, stated beside the published outputs; reached: 3e-7 eager and traced, 7e-7 in ONNX
OVERRIDES = {
    "out_layer.bias": {"add": 0.5},
    "out_layer.weight": {"mul": 0.5},
}  # landmarks stay about the crop


def mean_face(landmarks: int = 98) -> NDArray[np.float32]:
    """The stand-in of the published outputs that carry no mean face."""
    noise = np.random.Generator(np.random.Philox(key=98)).random((landmarks, 2))
    return (0.1 + 0.8 * noise).astype(np.float32)


def filled(landmarks: int, layers: int) -> Any:
    """The network with weights by name."""
    network = SLPT(landmarks, layers, mean_face(landmarks)).eval()
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    arrays = weight_fill.fill(shapes, overrides=OVERRIDES)
    network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()}, strict=True)
    return network


def run(network: Any, image: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.inference_mode(), torch.jit.optimized_execution(False):  # it would spend seconds on profiling
        return np.asarray(network(torch.from_numpy(image)).numpy())


def trace(network: Any) -> Any:
    """Traced on one image, so that what another batch needs is not baked in. A TracerWarning would be an error."""
    return torch.jit.trace(network, torch.zeros(1, 3, 256, 256), check_trace=False)


def export(traced: Any, folder: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter about itself
        torch.onnx.export(
            traced,
            (torch.zeros(1, 3, 256, 256),),
            str(folder / "slpt.onnx"),
            dynamo=False,
            opset_version=17,
            input_names=["image"],
            output_names=["landmarks"],
            dynamic_axes={"image": {0: "batch"}, "landmarks": {0: "batch"}},
        )
    return folder / "slpt.onnx"


def run_onnx(model: Any, image: NDArray[np.float32]) -> NDArray[np.float32]:
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    content = model if isinstance(model, bytes) else str(model)
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"image": image})[0])


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Waiting threads spin: dear on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def small() -> Any:
    """One layer, five landmarks."""
    return filled(5, 1)


@pytest.fixture(scope="module")
def six() -> Any:
    return filled(98, 6)


@pytest.fixture(scope="module")
def six_traced(six: Any) -> Any:
    return trace(six)


@pytest.fixture(scope="module")
def six_onnx(six_traced: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx")
    return export(six_traced, tmp_path_factory.mktemp("six"))


@functools.cache
def published(shared: Path, name: str) -> dict[str, NDArray[Any]]:
    with np.load(shared / "parity" / f"{name}.npz") as archive:
        return dict(archive)


@pytest.mark.parametrize(("name", "layers"), [("slpt_6layer", 6), ("slpt_12layer", 12)])
def test_state_dict_is_the_published_one(shared: Path, name: str, layers: int) -> None:
    manifest = json.loads((shared / "parity" / f"{name}.manifest.json").read_text())
    with torch.device("meta"):
        network = SLPT(98, layers, mean_face())
    state = network.state_dict()
    own = [
        [key, list(tensor.shape), str(tensor.dtype).removeprefix("torch.")] for key, tensor in state.items()
    ]
    assert own == manifest["state_dict"]
    assert sum(p.numel() for p in network.parameters()) == manifest["counts"]["parameters"]
    arrays = weight_fill.fill({key: tuple(shape) for key, shape, _ in own}, overrides=OVERRIDES)
    assert manifest["fill"]["overrides"] == OVERRIDES
    assert weight_fill.digest(arrays) == manifest["weights_sha256"]


def test_stages_of_six_layers_are_the_published_ones(shared: Path, six: Any) -> None:
    expected, image = published(shared, "slpt_6layer_synth"), weight_fill.make_input()
    assert_allclose(six.mean_face[0], expected["initial_points"], rtol=0, atol=0)
    with torch.inference_mode():
        stages = six.stages(torch.from_numpy(image))
    for number, stage in enumerate(stages, start=1):
        assert_allclose(stage.numpy(), expected[f"stage{number}"], rtol=0, atol=TOLERANCE)
    assert_allclose(run(six, image), expected["final"], rtol=0, atol=TOLERANCE)


def test_backbone_is_the_published_one(shared: Path, six: Any) -> None:
    expected = published(shared, "slpt_6layer")
    with torch.inference_mode():
        features = six.backbone(torch.from_numpy(weight_fill.make_input())).numpy()
    spread = expected["backbone_std"].mean()
    assert_allclose(features[:, ::8, ::4, ::4], expected["backbone_sub"], rtol=0, atol=1e-4 * spread)
    assert_allclose(features.mean(axis=(2, 3)), expected["backbone_mean"], rtol=0, atol=1e-4 * spread)


def test_six_layers_traced_and_in_onnxruntime(shared: Path, six_traced: Any, six_onnx: Path) -> None:
    expected, image = published(shared, "slpt_6layer_synth")["final"], weight_fill.make_input()
    assert_allclose(run(six_traced, image), expected, rtol=0, atol=TOLERANCE)
    assert_allclose(run_onnx(six_onnx, image), expected, rtol=0, atol=TOLERANCE)


def test_six_layers_from_the_published_mean_face(
    shared: Path, six: Any, six_traced: Any, six_onnx: Path
) -> None:
    """The mean face alone is exchanged, in the traced network and in the ONNX file too."""
    onnx = pytest.importorskip("onnx")
    expected, image = published(shared, "slpt_6layer"), weight_fill.make_input()
    start = (expected["mean_face"] / 256).astype(np.float32)
    assert_allclose(start, expected["initial_points"], rtol=0, atol=0)
    network = SLPT(98, 6, start).eval()
    network.load_state_dict(six.state_dict(), strict=True)
    assert_allclose(run(network, image), expected["final"], rtol=0, atol=TOLERANCE)
    before = six_traced.mean_face.clone()
    six_traced.mean_face.copy_(torch.from_numpy(start))
    try:
        assert_allclose(run(six_traced, image), expected["final"], rtol=0, atol=TOLERANCE)
    finally:
        six_traced.mean_face.copy_(before)
    model = onnx.load(six_onnx)
    (held,) = [tensor for tensor in model.graph.initializer if tensor.name == "mean_face"]
    held.CopyFrom(onnx.numpy_helper.from_array(start[None], "mean_face"))
    assert_allclose(run_onnx(model.SerializeToString(), image), expected["final"], rtol=0, atol=TOLERANCE)


def test_twelve_layers_eager_traced_and_in_onnxruntime(shared: Path, tmp_path: Path) -> None:
    expected, image = published(shared, "slpt_12layer"), weight_fill.make_input()
    twelve = filled(98, 12)
    twelve.mean_face.copy_(torch.from_numpy(expected["initial_points"]))
    with torch.inference_mode():
        stages = twelve.stages(torch.from_numpy(image))
    for number, stage in enumerate(stages, start=1):
        assert_allclose(stage.numpy(), expected[f"stage{number}"], rtol=0, atol=TOLERANCE)
    traced = trace(twelve)
    assert_allclose(run(traced, image), expected["final"], rtol=0, atol=TOLERANCE)
    pytest.importorskip("onnx")
    assert_allclose(run_onnx(export(traced, tmp_path), image), expected["final"], rtol=0, atol=TOLERANCE)


def test_traced_and_exported_small_network_is_the_eager_one(small: Any, tmp_path: Path) -> None:
    image = weight_fill.make_input(3)
    eager, traced = run(small, image), trace(small)
    assert eager.shape == (3, 5, 2)
    assert eager.dtype == np.float32
    assert np.ptp(eager, axis=0).max() > 1e-3  # the images make a difference
    assert_allclose(run(traced, image), eager, rtol=0, atol=1e-6)
    assert_allclose(run(small, image[1:2]), eager[1:2], rtol=0, atol=1e-6)
    pytest.importorskip("onnx")
    assert_allclose(run_onnx(export(traced, tmp_path), image), eager, rtol=0, atol=1e-6)


def test_patches_are_sampled_as_published(small: Any) -> None:
    """Against plain loops over floor and ceiling; some patches hang over the crop and are cut at its edge."""
    features = np.random.default_rng(1).standard_normal((2, 256, 64, 64)).astype(np.float32)
    places = np.random.default_rng(2).uniform(-0.05, 1.05, (2, 5, 2)).astype(np.float32)
    places[0, 0], places[1, 1] = (0, 1), (1, 0.5)
    low, high = np.clip(places - 0.125, 0, 1), np.clip(places + 0.125, 0, 1)
    with torch.inference_mode():
        looked = small._look(*map(torch.from_numpy, (features, low, high))).numpy()
    kernel = small.feature_extractor.weight.detach().numpy().astype(np.float64)
    for image in range(2):
        for landmark in range(5):
            patch = slpt_pipeline.sample_patch(features[image], low[image, landmark], high[image, landmark])
            # Places are good to 64 cells · 2⁻²⁴; 12544 products of order 0.015 add up at random.
            expected = np.einsum("ocyx,cyx->o", kernel, patch)
            assert_allclose(looked[image, landmark], expected, rtol=0, atol=1e-4)


def test_mean_face_moves_the_landmarks_and_is_no_weight(small: Any) -> None:
    image = weight_fill.make_input(1)
    moved = SLPT(5, 1, mean_face(5) * 0.5).eval()
    moved.load_state_dict(small.state_dict(), strict=True)
    assert "mean_face" not in small.state_dict()
    assert np.abs(run(moved, image) - run(small, image)).max() > 0.01


@pytest.mark.parametrize(
    ("face", "got"),
    [
        (None, "got none"),
        (np.zeros((68, 2)), r"got shape \(68, 2\)"),
        (np.zeros(196), r"got shape \(196,\)"),
        (np.full((98, 2), np.nan), "got NaN or infinity"),
    ],
)
def test_other_mean_face_is_refused(face: Any, got: str) -> None:
    with pytest.raises(ValueError, match=rf"^mean_face: expected \(98, 2\) finite numbers.*, {got}$"):
        SLPT(98, 1, face)
    with pytest.raises(ConfigError, match=rf"^mine\.toml: model: mean_face: expected .*, {got}$"):
        nets.build("slpt", {"layers": 1}, where="mine.toml: model", landmarks=98, mean_face=face)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 0}, "model.options: layers: expected a whole number from 1, got 0"),
        ({"layers": True}, "model.options: layers: expected a whole number from 1, got True"),
        ({"layer": 6}, "model.options: expected one of layers, got an unknown option 'layer'; did you mean"),
    ],
)
def test_other_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        nets.build("slpt", options, landmarks=98, mean_face=mean_face(), size=(256, 256))


def test_other_input_size_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model: size: expected \(256, 256\), got \(112, 112\)"):
        nets.build("slpt", landmarks=98, mean_face=mean_face(), size=(112, 112))


def test_state_dicts_are_identified_and_brought_to_own_names(small: Any) -> None:
    state = small.state_dict()
    shapes = {f"module.{name}": tuple(tensor.shape) for name, tensor in state.items()}
    assert identify(shapes) == "SLPT, 1 layer (5 landmarks)"
    assert identify({name: shape for name, shape in shapes.items() if "Transformer" not in name}) is None
    assert identify({}) is None
    with_more = {f"module.{name}": tensor for name, tensor in state.items()}
    with_more |= {"module.backbone.head.9.weight": torch.zeros(3), "module.ROI_1.half": torch.zeros(1)}
    plain = published_state(with_more)
    assert list(plain) == list(state)
    assert all(tensor is with_more[f"module.{name}"] for name, tensor in plain.items())
    without = {name: tensor for name, tensor in with_more.items() if not name.endswith("out_layer.bias")}
    assert "out_layer.bias" not in published_state(without)  # what is missing stays missing
    assert published_state({"module.a": 1}) == {"a": 1}
    twelve_of_six = published_state(
        {**state, "Transformer.Transformer_block.layers.1.norm1.bias": torch.zeros(256)}
    )
    assert (
        "Transformer.Transformer_block.layers.1.norm1.bias" in twelve_of_six
    )  # no layer is dropped in silence
