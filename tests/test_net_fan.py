"""FAN against outputs of the published networks, eager, traced and exported; checkpoints by name."""

from __future__ import annotations

import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import flmcore
from flmcore.detectors import nets
from flmcore.detectors.config import ZOO, read_config
from flmcore.errors import ConfigError, WeightsError
from recorded import read_recorded
from reference import ibug_pipeline

torch = pytest.importorskip("torch")

from flmcore.detectors.nets import fan

# manifest: detector of the zoo
PUBLISHED = {"fan2": "fan2", "fan4": "fan4", "ibug_2dfan2": "fan2-ibug"}


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=PUBLISHED)
def published(request: pytest.FixtureRequest, shared: Path) -> SimpleNamespace:
    """One published network: manifest, recorded outputs, input, and the network here with the same weights."""
    name = request.param
    recorded = read_recorded(shared, name)
    state = {key: torch.from_numpy(value) for key, value in recorded.state.items()}
    config = read_config(ZOO / f"{PUBLISHED[name]}.toml")
    network = nets.build("fan", config.model.options, landmarks=68).eval()
    network.load_state_dict(state, strict=True)
    return SimpleNamespace(
        name=name,
        manifest=recorded.manifest,
        data=recorded.outputs,
        state=state,
        network=network,
        inputs=torch.from_numpy(recorded.inputs),
        tolerance=1e-4,  # the manifests'
    )


@pytest.fixture(scope="module")
def small() -> Any:
    """One stack with seeded weights, and running statistics that are not the identity."""
    torch.manual_seed(1)
    network = fan.FAN(landmarks=5, stacks=1).eval()
    for key, tensor in network.state_dict().items():
        if key.endswith("running_mean"):
            tensor.uniform_(-0.1, 0.1)
        elif key.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
    return network


def exported(network: Any, inputs: Any, **options: Any) -> Any:
    """The network's ONNX file, run by onnxruntime."""
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    file = io.BytesIO()
    torch.onnx.export(
        network, (inputs,), file, input_names=["image"], output_names=["maps"], opset_version=18, **options
    )
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = runtime.InferenceSession(file.getvalue(), settings, providers=["CPUExecutionProvider"])
    return session.run(None, {"image": inputs.numpy()})[0]


def run(network: Any, inputs: Any) -> Any:
    with torch.inference_mode():
        return network(inputs).numpy()


def test_state_dict_is_the_published_one(published: SimpleNamespace) -> None:
    state = published.network.state_dict()
    assert [(key, list(value.shape)) for key, value in state.items()] == [
        (key, shape) for key, shape, _ in published.manifest["state_dict"]
    ]
    parameters = sum(parameter.numel() for parameter in published.network.parameters())
    assert parameters == published.manifest["counts"]["parameters"]
    stacks = published.network.stacks
    assert fan.identify({key: tuple(value.shape) for key, value in state.items()}) == (
        f"2DFAN-{stacks} (68 landmarks)"
    )


def test_every_stack_gives_the_published_maps(published: SimpleNamespace) -> None:
    with torch.inference_mode():
        stages = [maps.numpy() for maps in published.network.stages(published.inputs)]
    assert len(stages) == published.network.stacks
    np.testing.assert_allclose(stages[-1], published.data["heatmaps"], rtol=0, atol=published.tolerance)
    for i, maps in enumerate(stages):
        exact = maps.astype(np.float64)
        for key, got in (
            ("mean", exact.mean(axis=(2, 3))),
            ("std", exact.std(axis=(2, 3))),
            ("sub", maps[:, :, ::8, ::8]),
        ):
            want = published.data[f"stack{i}_{key}"]
            np.testing.assert_allclose(got, want, rtol=0, atol=published.tolerance)
    np.testing.assert_array_equal(run(published.network, published.inputs), stages[-1])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_traced_gives_the_published_maps(published: SimpleNamespace) -> None:
    traced = torch.jit.trace(published.network, published.inputs[:1], check_trace=False)
    got = run(traced, published.inputs)  # another batch than it was traced with
    np.testing.assert_allclose(got, published.data["heatmaps"], rtol=0, atol=published.tolerance)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_exported_gives_the_published_maps(published: SimpleNamespace) -> None:
    got = exported(published.network, published.inputs, dynamo=False)
    np.testing.assert_allclose(got, published.data["heatmaps"], rtol=0, atol=published.tolerance)


def test_config_decodes_the_published_maps_as_published(published: SimpleNamespace, tmp_path: Path) -> None:
    """Official landmarks are in cells, a cell's middle at 0.5; times 4 they are what the published code calls pixels of
    the crop."""
    torch.save(published.state, tmp_path / "weights.pth")
    detector = flmcore.load_detector(PUBLISHED[published.name], weights=tmp_path / "weights.pth", threads=1)
    points, scores = detector.decode((published.data["heatmaps"],))
    if "decoded_preds" in published.data:
        np.testing.assert_array_equal(points / 4, published.data["decoded_preds"])
        np.testing.assert_array_equal(scores, published.data["decoded_scores"])
    else:  # iBUG's: centroids, from the edge of the crop; where nothing is positive, its corner and our NaN
        for got, maps in zip(points, published.data["heatmaps"], strict=True):
            want = ibug_pipeline.centroids(maps)[0]
            want[maps.max(axis=(1, 2)) <= 0] = np.nan
            np.testing.assert_allclose((got + 0.5) / 4, want, rtol=0, atol=1e-5)
    own = detector.backend.run(published.inputs.numpy()[:1])[0]  # unlike infer, without the mirror
    np.testing.assert_allclose(detector.decode((own,))[0], points[:1], rtol=0, atol=1e-3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_traced_and_exported_are_the_eager_network(small: Any) -> None:
    inputs = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(4))
    eager = run(small, inputs)
    assert eager.shape == (2, 5, 32, 32)
    spread = np.ptp(eager)
    assert spread > 0.1
    traced = torch.jit.trace(small, inputs[:1], check_trace=False)
    np.testing.assert_allclose(run(traced, inputs), eager, rtol=0, atol=1e-5 * spread)
    np.testing.assert_allclose(exported(small, inputs, dynamo=False), eager, rtol=0, atol=1e-5 * spread)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_torch_export_gives_the_eager_network(small: Any) -> None:
    pytest.importorskip("onnxscript")
    inputs = torch.rand(1, 3, 128, 192, generator=torch.Generator().manual_seed(5))  # any multiples of 64
    eager = run(small, inputs)
    assert eager.shape == (1, 5, 32, 48)
    got = exported(small, inputs, dynamo=True, verbose=False)
    np.testing.assert_allclose(got, eager, rtol=0, atol=1e-5 * np.ptp(eager))


def test_stages_are_as_many_as_stacks_and_the_last_is_the_result() -> None:
    torch.manual_seed(2)
    network = fan.FAN(landmarks=3, stacks=3).eval()
    inputs = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        stages = network.stages(inputs)
    assert [tuple(maps.shape) for maps in stages] == [(1, 3, 16, 16)] * 3
    np.testing.assert_array_equal(run(network, inputs), stages[-1].numpy())
    assert np.abs(stages[2].numpy() - stages[1].numpy()).max() > 1e-3


def test_pooling_changes_the_maps_and_not_the_state_dict(small: Any) -> None:
    other = fan.FAN(landmarks=5, stacks=1, pooling="max").eval()
    other.load_state_dict(small.state_dict(), strict=True)
    inputs = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(6))
    average, largest = run(small, inputs), run(other, inputs)
    assert np.abs(average - largest).max() > 1e-2


@pytest.mark.parametrize("stacks", [1, 2, 3, 4])
def test_checkpoints_are_told_by_their_shapes(stacks: int) -> None:
    with torch.device("meta"):
        network = fan.FAN(landmarks=29, stacks=stacks)
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert fan.identify(shapes) == f"2DFAN-{stacks} (29 landmarks)"
    assert fan.identify({f"module.{key}": shape for key, shape in shapes.items()}) == fan.identify(shapes)
    without = {key: shape for key, shape in shapes.items() if "num_batches_tracked" not in key}
    assert fan.identify(without) == fan.identify(shapes)
    assert fan.identify({key: shape for key, shape in shapes.items() if key != "l0.weight"}) is None
    assert fan.identify({key: shape for key, shape in shapes.items() if not key.startswith("m0")}) is None


def test_other_networks_are_not_taken_for_fan() -> None:
    from flmcore.detectors.nets.facemesh import FaceMesh

    with torch.device("meta"):
        shapes = {key: tuple(value.shape) for key, value in FaceMesh().state_dict().items()}
    assert fan.identify(shapes) is None
    assert fan.identify({}) is None
    assert fan.identify({"conv1.weight": (64, 3, 7, 7)}) is None


def test_old_checkpoints_load(small: Any) -> None:
    """Of 2017: `module.` before each name, no counters of batches; and an ordered dict that says a version, so that
    torch itself would miss the counters."""
    state = small.state_dict()
    old = type(state)((f"module.{key}", value) for key, value in state.items() if value.ndim)
    old._metadata = {"": {"version": 2}}  # type: ignore[attr-defined]
    assert len(old) < len(state)
    network = fan.FAN(landmarks=5, stacks=1).eval()
    network.load_state_dict(fan.published_state(old), strict=True)
    inputs = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(7))
    np.testing.assert_array_equal(run(network, inputs), run(small, inputs))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stacks": 0}, "stacks: expected a whole number, 1 or more, got 0"),
        ({"stacks": 2.5}, "stacks: expected a whole number, 1 or more, got 2.5"),
        ({"stacks": True}, "stacks: expected a whole number, 1 or more, got True"),
        ({"pooling": "mean"}, "pooling: expected one of average, max, got 'mean'"),
        ({"stack": 2}, "got an unknown option 'stack'; did you mean 'stacks'"),
        ({"landmarks": 5}, "got an unknown option 'landmarks'"),  # the config's, from its scheme
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        nets.build("fan", options, where="mine.toml: model", landmarks=68)


def five_points(folder: Path, base: str, weights: str) -> Path:
    """A config of one stack and five landmarks over a zoo config."""
    options = "" if base.endswith("torchscript") else "options = { stacks = 1 }"
    path = folder / "five.toml"
    path.write_text(
        f'extends = "{base}"\nname = "five"\nscheme = "five-5"\n[model]\nweights = "{weights}"\n{options}\n'
    )
    return path


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_form_of_checkpoint_gives_the_same_maps(small: Any, tmp_path: Path) -> None:
    inputs = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(8))
    state = small.state_dict()
    prefixed = {f"module.{key}": value for key, value in state.items() if value.ndim}
    torch.save(state, tmp_path / "flat.pth")
    torch.save({"epoch": 3, "state_dict": prefixed}, tmp_path / "old.pth.tar")
    torch.jit.trace(small, inputs, check_trace=False).save(str(tmp_path / "script.zip"))
    want = run(small, inputs)
    for base, file in (
        ("fan4", "flat.pth"),
        ("fan4", "old.pth.tar"),
        ("fan4-torchscript", "script.zip"),
        ("fan4", "script.zip"),  # its parameters alone
    ):
        detector = flmcore.load_detector(five_points(tmp_path, base, file), threads=1)
        (got,) = detector.backend.run(inputs.numpy())
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-5 * np.ptp(want), err_msg=file)


def test_weights_of_another_number_of_stacks_are_told(small: Any, tmp_path: Path) -> None:
    torch.save(small.state_dict(), tmp_path / "fan1.pth")
    expected = r"fan1\.pth: expected the tensors of 2DFAN-2 \(68 landmarks\).*this looks like 2DFAN-1 \(5 landmarks\)"
    with pytest.raises(WeightsError, match=expected):
        flmcore.load_detector("fan2", weights=tmp_path / "fan1.pth")
