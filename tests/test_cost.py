"""Parameters and multiply-adds: counted by hand, and by several backends on one network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
import tiny_models as tiny
from flmcore.detectors import nets
from flmcore.detectors.backends.onnx_cost import onnx_cost
from flmcore.detectors.config import ZOO, read_config
from flmcore.detectors.cost import Cost, giga, mega, stated_cost
from flmcore.errors import FlmcoreError
from zoo import WITH_WEIGHTS

SIDE = 8
# A convolution of stride 2, one per channel, one transposed, two linear layers; at each place all weights once.
PARAMETERS = (4 * 3 * 9 + 4) + (4 * 9 + 4) + (4 * 2 * 4 + 2) + (128 * 5 + 5) + 5 * 7
MULTIPLY_ADDS = 16 * 4 * 3 * 9 + 16 * 4 * 9 + 16 * 4 * 2 * 4 + 128 * 5 + 5 * 7


def sample_module() -> Any:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(4, 4, 3, padding=1, groups=4),
        nn.ConvTranspose2d(4, 2, 2, stride=2),
        nn.Flatten(),
        nn.Linear(128, 5),
        nn.Linear(5, 7, bias=False),
    ).eval()


def sample_onnx(path: Path, *, batch: int | str = "batch", fused: bool = False) -> Path:
    """The same network, its constants beside a scalar and the statistics of a normalisation, which are no parameters."""
    onnx = pytest.importorskip("onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    shapes = {"w0": (4, 3, 3, 3), "b0": (4,), "w1": (4, 1, 3, 3), "b1": (4,), "w2": (4, 2, 2, 2), "b2": (2,)}
    shapes |= {"w3": (5, 128), "b3": (5,), "w4": (5, 7), "half": ()}
    first = {"op_type": "Conv", "inputs": ["image", "w0", "b0"], "outputs": ["a"], "strides": [2, 2]}
    if fused:
        first |= {"op_type": "FusedConv", "domain": "com.microsoft", "activation": "Relu"}
    nodes = [
        helper.make_node(**first, kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["a", "w1", "b1"], ["b"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=4),
        helper.make_node("ConvTranspose", ["b", "w2", "b2"], ["c"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["c"], ["d"]),
        helper.make_node("Mul", ["d", "half"], ["e"]),
        helper.make_node("Gemm", ["e", "w3", "b3"], ["f"], transB=1),
        helper.make_node("MatMul", ["f", "w4"], ["g"]),
    ]
    graph = helper.make_graph(
        nodes,
        "sample",
        [helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [batch, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("g", onnx.TensorProto.FLOAT, [batch, 7])],
        [numpy_helper.from_array(np.full(shape, 0.5, np.float32), name) for name, shape in shapes.items()],
    )
    domains = [helper.make_opsetid("", 13)] + [helper.make_opsetid("com.microsoft", 1)] * fused
    onnx.save(helper.make_model(graph, opset_imports=domains, ir_version=8), path)
    return path


def count_onnx(path: Path, batch: int = 1) -> Cost:
    pytest.importorskip("onnxruntime")
    return onnx_cost(path, "image", (batch, 3, SIDE, SIDE), np.float32)


def test_torch_is_counted_as_by_hand() -> None:
    module = sample_module()
    from flmcore.detectors.backends.torch_cost import module_cost

    assert module_cost(module, (3, SIDE, SIDE)) == Cost(PARAMETERS, MULTIPLY_ADDS)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("batch", ["batch", 1, 3])
def test_onnx_is_counted_as_by_hand(tmp_path: Path, batch: int | str, fused: bool) -> None:
    sample_onnx(tmp_path / "m.onnx", batch=batch, fused=fused)
    found = count_onnx(tmp_path / "m.onnx", batch if isinstance(batch, int) else 1)
    assert found == Cost(PARAMETERS, MULTIPLY_ADDS)


def test_openvino_is_counted_as_by_hand(tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino")
    from flmcore.detectors.backends.openvino_cost import model_cost

    for batch in ("batch", 2):
        sample_onnx(tmp_path / "m.onnx", batch=batch)
        model = openvino.Core().read_model(str(tmp_path / "m.onnx"))
        found = model_cost(model, (2 if batch == 2 else 1, 3, SIDE, SIDE))
        assert found == Cost(PARAMETERS, MULTIPLY_ADDS)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
def test_torchscript_is_counted_whole_or_not_at_all() -> None:
    torch = pytest.importorskip("torch")
    from flmcore.detectors.backends.torch_cost import module_cost

    traced = torch.jit.trace(sample_module(), torch.zeros(1, 3, SIDE, SIDE))
    for _ in range(3):
        traced(torch.zeros(1, 3, SIDE, SIDE))  # torch rewrites a script after its first runs
    assert module_cost(traced, (3, SIDE, SIDE)) == Cost(PARAMETERS, MULTIPLY_ADDS)
    frozen = module_cost(torch.jit.freeze(traced), (3, SIDE, SIDE))
    assert (frozen.parameters, frozen.multiply_adds) == (PARAMETERS, MULTIPLY_ADDS)
    assert "frozen TorchScript" in frozen.note
    optimised = module_cost(torch.jit.optimize_for_inference(traced), (3, SIDE, SIDE))
    if optimised.multiply_adds != MULTIPLY_ADDS:  # where torch replaces convolutions by the processor's own
        assert optimised.multiply_adds is None
        assert "mkldnn" in optimised.note


def test_attention_is_counted() -> None:
    """A fused kernel of the processor does the work, and the counter on its own would see none of it."""
    torch = pytest.importorskip("torch")
    from flmcore.detectors.backends.torch_cost import module_cost

    tokens, width, hidden = 10, 16, 32
    layer = torch.nn.TransformerEncoderLayer(width, 4, hidden, batch_first=True).eval()
    projections = 4 * tokens * width * width
    products = 2 * tokens * tokens * width
    feed_forward = 2 * tokens * width * hidden
    found = module_cost(layer, (tokens, width))
    assert found.multiply_adds == projections + products + feed_forward
    assert torch.backends.mha.get_fastpath_enabled()  # left as it was


def test_products_with_a_vector_are_counted() -> None:
    torch = pytest.importorskip("torch")
    from flmcore.detectors.backends.torch_cost import module_cost

    class Vectors(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.vector = torch.nn.Parameter(torch.ones(5))

        def forward(self, image: Any) -> Any:
            rows = image @ self.vector  # (1, 3, 4, 5) by (5): 60
            return rows.flatten()[:5] @ self.vector + torch.addmv(
                self.vector[:4], image[0, 0], self.vector
            )  # 5, 20

    assert module_cost(Vectors(), (3, 4, 5)) == Cost(5, 60 + 5 + 20)


def test_parameter_given_to_a_part_of_the_network_is_no_obstacle() -> None:
    """As SLPT's learned queries."""
    torch = pytest.importorskip("torch")
    from flmcore.detectors.backends.torch_cost import module_cost

    class Query(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.query = torch.nn.Parameter(torch.ones(6, 5))
            self.part = torch.nn.Linear(5, 7, bias=False)

        def forward(self, image: Any) -> Any:
            return image.sum() + self.part(self.query)

    assert module_cost(Query(), (3, 4, 5)) == Cost(6 * 5 + 5 * 7, 6 * 5 * 7)


def test_what_cannot_be_counted_is_none_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(sample_onnx(tmp_path / "m.onnx"))
    model.graph.node.append(onnx.helper.make_node("LSTM", ["g", "g", "g"], ["h"]))
    onnx.save(model, tmp_path / "lstm.onnx")
    found = count_onnx(tmp_path / "lstm.onnx")
    assert found == Cost(PARAMETERS, None, "multiply-adds of LSTM cannot be counted")
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert count_onnx(tmp_path / "m.onnx") == Cost(
        None, None, "counting needs onnx, which is not installed: pip install onnx"
    )


def test_statistics_of_batch_normalisation_are_no_parameters(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(sample_onnx(tmp_path / "m.onnx"))
    names = ["scale", "shift", "mean", "variance"]
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(np.ones(3, np.float32), name) for name in names
    )
    model.graph.node.insert(0, onnx.helper.make_node("BatchNormalization", ["image", *names], ["normal"]))
    model.graph.node[1].input[0] = "normal"
    onnx.save(model, tmp_path / "m.onnx")
    assert count_onnx(tmp_path / "m.onnx") == Cost(PARAMETERS + 6, MULTIPLY_ADDS)


def test_constants_inside_nodes_and_functions_are_counted(tmp_path: Path) -> None:
    """As newer exporters write them."""
    onnx = pytest.importorskip("onnx")
    model = onnx.load(sample_onnx(tmp_path / "m.onnx"))
    (weights,) = (tensor for tensor in model.graph.initializer if tensor.name == "w4")
    model.graph.initializer.remove(weights)
    model.graph.node.insert(0, onnx.helper.make_node("Constant", [], ["w4"], value=weights))
    opsets = [onnx.helper.make_opsetid("", 13)]
    product = onnx.helper.make_node("MatMul", ["x", "y"], ["z"])
    model.functions.append(onnx.helper.make_function("own", "Product", ["x", "y"], ["z"], [product], opsets))
    model.opset_import.append(onnx.helper.make_opsetid("own", 1))
    model.graph.node[-1].op_type, model.graph.node[-1].domain = "Product", "own"
    onnx.save(model, tmp_path / "m.onnx")
    assert count_onnx(tmp_path / "m.onnx") == Cost(PARAMETERS, MULTIPLY_ADDS)


def test_detector_counts_once_and_twice_for_a_mirrored_input(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    convolution = torch.nn.Conv2d(3, 5, 1, bias=False).eval()
    place = 15 * tiny.SIDE**2
    for flip, runs in (("none", 1), ("mean", 2)):
        file = tiny.write_config(tmp_path, "torch", "m.pth", tiny.IDENTITY + f'\nflip = "{flip}"')
        file.write_text(file.read_text().replace("spots-3", "five-5").replace("landmarks = 3", ""))
        detector = flmcore.load_detector(file, module=convolution)
        cost = detector.cost()
        assert (cost.parameters, cost.multiply_adds) == (15, runs * place)
        assert ("runs twice" in cost.note) == (runs == 2)
        assert detector.cost() is cost


def test_a_count_that_fails_is_a_note() -> None:
    class Broken:
        grid, pixel_type = None, "float32"

        def cost(self) -> Cost:
            msg = "no\nmemory"
            raise RuntimeError(msg)

    detector = flmcore.detectors.base.Detector(read_config(ZOO / "pfld-68.toml"), Broken())  # type: ignore[arg-type]
    assert detector.cost() == Cost(None, None, "RuntimeError: no memory")


def test_flops_are_two_for_each_multiply_add() -> None:
    assert Cost(1, 21).flops == 42
    assert Cost(1, None).flops is None
    assert [mega(n) for n in (None, 448, 12_345, 604_685, 23_820_000, 132_000_000)] == [
        *("–", "0.000", "0.012", "0.60", "24", "132")
    ]
    assert giga(69_958_080) == "0.070"


NETWORKS = [path for path in sorted(ZOO.glob("*.toml")) if read_config(path).model.network is not None]


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_stated_size_of_a_zoo_network_is_its_size(path: Path) -> None:
    """What ``flmcore detectors`` shows, counted again on the network that the config names, without its weights."""
    config = read_config(path)
    torch = pytest.importorskip("torch")
    module = nets.module_of(str(config.model.network))
    assert module is not None
    from flmcore.detectors.backends.torch_cost import module_cost

    with torch.device("meta"):
        network = nets.build(
            config.model.network,
            config.model.options,
            landmarks=config.landmarks,
            size=config.crop.size,
            mean_face=np.zeros((config.landmarks, 2), np.float32),
        ).eval()
    width, height = config.crop.size
    found = module_cost(network, (3, height, width))
    assert (config.source.parameters, config.source.multiply_adds) == (found.parameters, found.multiply_adds)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_stated_size_is_what_the_weights_hold(name: str) -> None:
    try:
        detector = flmcore.load_detector(name, threads=1)
    except FlmcoreError as error:
        pytest.skip(str(error))
    found, stated = detector.cost(), stated_cost(detector.config)
    assert (stated.parameters, stated.multiply_adds) == (found.parameters, found.multiply_adds)
    assert detector.config.source.publisher
    if detector.config.model.backend == "dlib":
        assert found.note == "regression trees: comparisons and additions, no multiply-adds"


def test_one_network_in_two_formats_costs_the_same() -> None:
    """The face mesh as TensorFlow Lite holds it, and as PyTorch builds it."""
    pytest.importorskip("torch")
    from flmcore.detectors.backends.torch_cost import module_cost

    try:
        lite = flmcore.load_detector("mediapipe-468", threads=1)
    except FlmcoreError as error:
        pytest.skip(str(error))
    assert lite.cost() == module_cost(nets.build("facemesh").eval(), (3, 192, 192))
