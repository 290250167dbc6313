"""RTMPose beside MMPose's own outputs, eager, traced and as ONNX; its sizes, its names, its checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.detectors.config import ZOO, read_config
from flmcore.detectors.decode import decode_outputs
from flmcore.detectors.nets import build
from flmcore.errors import ConfigError
from onnx_export import export, run_onnx
from recorded import Recorded, read_recorded

torch = pytest.importorskip("torch")

from flmcore.detectors.nets import rtmpose
from flmcore.detectors.nets.rtmpose import RTMPose, identify, published_state

# float32 sums of 25 layers in another order: float64 differs from the recorded outputs by 1.1e-4 (see the manifests),
# we by less than 1e-4 here. The outputs spread by 1.7.
ATOL = 5e-4
OUTPUTS = ["simcc_x", "simcc_y"]
SMALL = {"landmarks": 5, "size": (64, 96), "variant": "t"}


@pytest.fixture(scope="module", autouse=True)
def _few_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=["t", "s", "m"])
def official(request: pytest.FixtureRequest, shared: Path) -> tuple[RTMPose, Recorded]:
    recorded = read_recorded(shared, f"rtmpose-{request.param}")
    network = RTMPose(landmarks=106, size=(256, 256), variant=request.param).eval()
    network.load_state_dict({name: torch.from_numpy(a) for name, a in recorded.state.items()}, strict=True)
    return network, recorded


@pytest.fixture
def small() -> RTMPose:
    torch.manual_seed(3)
    network = RTMPose(**SMALL).eval()
    for name, value in network.state_dict().items():
        if name.endswith("running_mean"):
            value.normal_(std=0.1)
        elif name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
    return network


def small_inputs(batch: int) -> Any:
    return torch.randn(batch, 3, 96, 64, generator=torch.Generator().manual_seed(4))


def shapes_of(network: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def assert_recorded(recorded: Recorded, x: NDArray[Any], y: NDArray[Any]) -> None:
    for name, got in (("simcc_x", x), ("simcc_y", y)):
        np.testing.assert_allclose(got, recorded.outputs[name], rtol=0, atol=ATOL)
        np.testing.assert_array_equal(got.argmax(-1), recorded.outputs[name].argmax(-1))


def test_names_order_and_shapes_are_mmposes(official: tuple[RTMPose, Recorded]) -> None:
    network, recorded = official
    own = [[n, list(t.shape), str(t.dtype).removeprefix("torch.")] for n, t in network.state_dict().items()]
    assert own == recorded.manifest["state_dict"]
    assert sum(p.numel() for p in network.parameters()) == recorded.manifest["counts"]["parameters"]


def test_eager_outputs_are_mmposes(official: tuple[RTMPose, Recorded]) -> None:
    network, recorded = official
    with torch.inference_mode():
        features = network.backbone(torch.from_numpy(recorded.inputs))
        tokens = network.head.mlp(network.head.final_layer(features).flatten(2))
        attended = network.head.gau(tokens)
        x, y = network(torch.from_numpy(recorded.inputs))
    for name, got in (("backbone", features), ("head_tokens", tokens), ("head_gau", attended)):
        np.testing.assert_allclose(got.numpy(), recorded.outputs[name], rtol=0, atol=ATOL)
    assert_recorded(recorded, x.numpy(), y.numpy())


def test_decoded_landmarks_are_mmposes(official: tuple[RTMPose, Recorded]) -> None:
    network, recorded = official
    with torch.inference_mode():
        raw = tuple(output.numpy() for output in network(torch.from_numpy(recorded.inputs)))
    points, scores = decode_outputs(read_config(ZOO / "rtmpose-t.toml"), raw)
    expected = recorded.outputs["decoded_keypoints"]
    undefined = recorded.outputs["decoded_scores"] <= 0  # MMPose says -1 / 2 there, we say NaN
    np.testing.assert_array_equal(points, np.where(undefined[..., None], np.nan, expected))
    np.testing.assert_allclose(scores, recorded.outputs["decoded_scores"], rtol=0, atol=ATOL)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
def test_traced_outputs_are_mmposes(official: tuple[RTMPose, Recorded]) -> None:
    network, recorded = official
    inputs = torch.from_numpy(recorded.inputs)
    traced = torch.jit.trace(network, inputs[:1], check_trace=False)
    with torch.inference_mode():
        x, y = traced(inputs)
    assert_recorded(recorded, x.numpy(), y.numpy())


def test_exported_outputs_are_mmposes(official: tuple[RTMPose, Recorded], tmp_path: Path) -> None:
    network, recorded = official
    export(network, torch.from_numpy(recorded.inputs[:1]), tmp_path / "m.onnx", outputs=OUTPUTS)
    assert_recorded(recorded, *run_onnx(tmp_path / "m.onnx", recorded.inputs, OUTPUTS))


def test_flip_pairs_are_mmposes(shared: Path) -> None:
    expected = read_recorded(shared, "rtmpose-t").manifest["decode"]["flip_indices"]
    assert list(schemes.get(read_config(ZOO / "rtmpose-t.toml").scheme).flip) == expected


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
def test_traced_network_takes_other_batches(small: RTMPose) -> None:
    traced = torch.jit.trace(small, small_inputs(1), check_trace=False)
    with torch.inference_mode():
        for batch in (1, 3):
            for got, expected in zip(traced(small_inputs(batch)), small(small_inputs(batch)), strict=True):
                np.testing.assert_allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize("dynamo", [False, True])
def test_exported_network_takes_other_batches(small: RTMPose, tmp_path: Path, dynamo: bool) -> None:
    export(small, small_inputs(2), tmp_path / "m.onnx", outputs=OUTPUTS, dynamo=dynamo)
    for batch in (1, 3):
        with torch.inference_mode():
            expected = small(small_inputs(batch))
        for got, wanted in zip(
            run_onnx(tmp_path / "m.onnx", small_inputs(batch).numpy(), OUTPUTS), expected, strict=True
        ):
            np.testing.assert_allclose(got, wanted, atol=1e-5)


@pytest.mark.parametrize("name", sorted(path.stem for path in ZOO.glob("rtmpose-*.toml")))
def test_zoo_states_the_networks_costs(name: str) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    config = read_config(ZOO / f"{name}.toml")
    variant = name.split("-")[1]
    with torch.device("meta"):  # counts need no numbers
        network = RTMPose(config.landmarks, config.crop.size, variant).eval()
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            network(torch.empty(1, 3, *reversed(config.crop.size)))
    assert sum(p.numel() for p in network.parameters()) == config.source.parameters
    assert counter.get_total_flops() == 2 * (config.source.multiply_adds or 0)
    assert config.model.backend == "onnx" or config.model.options == {"variant": variant}
    assert (config.source.url or "").endswith(f"/{config.model.weights}")
    # MMPose's tables (projects/rtmpose/README.md): 0.652, 1.119 and 2.852 G at 106 landmarks, batch norms counted in
    # with two operations for each value; without them a little less.
    published = {"t": 0.652e9, "s": 1.119e9, "m": 2.852e9}[variant]
    if config.landmarks == 106:
        assert 0.99 < counter.get_total_flops() / 2 / published < 1


@pytest.mark.parametrize("variant", rtmpose.VARIANTS)
def test_every_variant_is_identified(variant: str) -> None:
    with torch.device("meta"):
        network = RTMPose(98, (192, 256), variant)
    shapes = shapes_of(network)
    assert identify(shapes) == f"RTMPose-{variant} (98 landmarks, 192×256)"
    old = {name: shape for name, shape in shapes.items() if not name.endswith("num_batches_tracked")}
    assert identify(old) == identify(shapes)


def test_other_bins_are_identified_and_other_networks_are_not() -> None:
    with torch.device("meta"):
        shapes = shapes_of(RTMPose(106, (256, 256), "s", split_ratio=3.0))
    assert identify(shapes) == "RTMPose-s (106 landmarks, 256×256, 3 bins per pixel)"
    assert identify({}) is None
    assert identify({**shapes, "neck.conv.weight": (1, 1, 1, 1)}) is None  # RTMW
    assert identify({**shapes, "head.final_layer.weight": (106, 512, 1, 1)}) is None
    assert identify({**shapes, "head.mlp.1.weight": (256, 0)}) is None
    assert identify({**shapes, "head.cls_x.weight": (500, 256)}) is None
    assert identify({name: shape for name, shape in shapes.items() if not name.startswith("head.")}) is None


def test_published_state_drops_what_is_no_part_of_the_network(small: RTMPose) -> None:
    own = small.state_dict()
    extra = {"data_preprocessor.mean": torch.zeros(3, 1, 1), "data_preprocessor.std": torch.ones(3, 1, 1)}
    for tensors in (
        own,
        {**own, **extra},
        {f"module.{name}": tensor for name, tensor in own.items()},
        {"steps": torch.tensor(7), **{f"module.{name}": tensor for name, tensor in {**extra, **own}.items()}},
    ):
        state = published_state(tensors)
        assert list(state) == list(own)
        assert all(state[name] is tensor for name, tensor in own.items())
    assert set(published_state({**own, "neck.weight": torch.zeros(1)})) == {
        *own,
        "neck.weight",
    }  # left to be refused


def test_published_state_takes_averages_only_in_place_of_weights(small: RTMPose) -> None:
    own = small.state_dict()
    parameters = dict(small.named_parameters())
    buffers = {name: tensor for name, tensor in own.items() if name not in parameters}
    training = {
        f"ema_{name.replace('.', '_')}": torch.zeros_like(tensor) for name, tensor in parameters.items()
    }
    beside = published_state({**own, **training})
    assert set(beside) == set(own)
    assert all(beside[name] is tensor for name, tensor in own.items())
    alone = {f"ema_{name.replace('.', '_')}": tensor.detach() for name, tensor in parameters.items()}
    network = RTMPose(**SMALL).eval()
    network.load_state_dict(published_state({**buffers, **alone}), strict=True)  # mmcv averages no buffers
    everything = {f"ema_{name.replace('.', '_')}": tensor for name, tensor in own.items()}
    again = RTMPose(**SMALL).eval()
    again.load_state_dict(
        published_state({**everything, "data_preprocessor.mean": torch.zeros(3)}), strict=True
    )
    with torch.inference_mode():
        for filled in (network, again):
            for got, expected in zip(filled(small_inputs(1)), small(small_inputs(1)), strict=True):
                assert torch.equal(got, expected)


def test_averages_of_no_tensor_of_the_network_are_left_to_be_refused(small: RTMPose) -> None:
    with pytest.raises(RuntimeError, match="ema_neck_weight"):
        small.load_state_dict(
            published_state({**small.state_dict(), "ema_neck_weight": torch.zeros(1)}), strict=True
        )


@pytest.mark.parametrize(
    ("options", "size", "message"),
    [
        ({"variant": "xl"}, (256, 256), "variant: expected one of t, s, m, l, x, got 'xl'"),
        ({"split_ratio": 0}, (256, 256), "split_ratio: expected at least one bin over the input, got 0"),
        ({}, (250, 256), "size: expected multiples of 32 pixels, got 250×256"),
        ({"varient": "t"}, (256, 256), "got an unknown option 'varient'; did you mean 'variant'"),
    ],
)
def test_options_out_of_range_are_refused(
    options: dict[str, Any], size: tuple[int, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        build("rtmpose", options, where="mine.toml: model", landmarks=106, size=size, mean_face=None)
