"""``flmcore export onnx`` and its Python form: files that onnxruntime runs as PyTorch runs the network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
import tiny_models as tiny
from flmcore.cli import main
from flmcore.detectors.base import Detector
from flmcore.detectors.config import parse_config
from flmcore.detectors.weights import sha256_of
from flmcore.errors import ExportError
from flmcore.export.onnx_export import OnnxExport, export_onnx

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
torch.set_num_threads(1)
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")

SIDE = 32
IMAGE = np.random.default_rng(4).integers(0, 256, (90, 120, 3), dtype=np.uint8)
BOXES = [[30.2, 20.1, 80.9, 70.4], [10.0, 12.0, 60.0, 66.0], [50.0, 30.0, 99.0, 80.0]]


class Bells(torch.nn.Module):
    """Five maps at half the crop's size that are high where the crop is bright, and no mirroring leaves as they are."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.conv = torch.nn.Conv2d(3, 5, 5, stride=2, padding=2)
        self.norm = torch.nn.BatchNorm2d(5)

    def forward(self, x: Any) -> Any:
        return torch.nn.functional.relu(self.norm(self.conv(x))) + 0.1


def bells(module: Any = None, **decode: Any) -> Detector:
    table = {
        "name": "bells",
        "scheme": "five-5",
        "licence": 'weights MIT; "trained" on noise',
        "description": "line one\nline two",
        "model": {"backend": "torch"},
        "crop": {"size": SIDE, "scale": 1.1},
        "input": {"mean": [10, 20, 30], "std": [50, 60, 70], "channels": "bgr"},
        "decode": {"kind": "heatmap", "method": "quarter", "flip": "mean", **decode},
    }
    return flmcore.load_detector(parse_config(table), module=module or Bells(), threads=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("onnx")


@pytest.fixture(scope="module")
def plain(folder: Path) -> OnnxExport:
    return export_onnx(bells(), folder / "plain.onnx")


def test_the_detector_file_beside_it_runs_at_once(plain: OnnxExport) -> None:
    original, exported = bells(), flmcore.load_detector(plain.config, threads=1)
    ours, theirs = exported(IMAGE, BOXES), original(IMAGE, BOXES)
    np.testing.assert_allclose(ours.points, theirs.points, atol=1e-4)
    np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-5)
    assert exported.licence == original.licence
    assert exported.config.model.sha256 == sha256_of(plain.path)
    assert plain.difference.pixels < 1e-3
    assert plain.difference.share < 1e-5


def test_what_the_file_says_of_itself(plain: OnnxExport) -> None:
    model = onnx.load(plain.path)
    said = {entry.key: entry.value for entry in model.metadata_props}
    assert said["flmcore.detector"] == "bells"
    assert said["flmcore.precision"] == "float32"
    assert json.loads(said["flmcore.crop"])["scale"] == 1.1
    assert json.loads(said["flmcore.decode"])["flip_in_graph"] is True
    assert json.loads(said["flmcore.config"])["licence"] == bells().licence
    shapes = [
        [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    ]
    assert shapes == [["batch", 3, SIDE, SIDE], ["batch", 5, 16, 16]]
    assert [value.name for value in model.graph.output] == ["heatmaps"]
    assert (
        str(Path(__file__).parent).encode() not in plain.path.read_bytes()
    )  # no stack trace of the exporter


def test_weights_are_the_networks_own(plain: OnnxExport) -> None:
    """The exporter folds the batch normalisation into its convolution; the picture's mean and std stay apart."""
    tensors = onnx.load(plain.path).graph.initializer
    (weight,) = [onnx.numpy_helper.to_array(t) for t in tensors if list(t.dims) == [5, 3, 5, 5]]
    expected = Bells().conv.weight.detach().numpy() / np.sqrt(1 + 1e-5)
    np.testing.assert_allclose(weight, expected, rtol=1e-6)


def test_the_same_export_gives_the_same_bytes(plain: OnnxExport, tmp_path: Path) -> None:
    again = export_onnx(bells(), tmp_path / "plain.onnx")
    assert again.path.read_bytes() == plain.path.read_bytes()
    assert again.config.read_bytes() == plain.config.read_bytes()


@pytest.mark.parametrize("decode", ["argmax", "expectation", "config"])
def test_decoded_landmarks_are_the_detectors(decode: str, folder: Path) -> None:
    method = {"argmax": "argmax", "expectation": "local_mean", "config": "quarter"}[decode]
    done = export_onnx(bells(), folder / f"{decode}.onnx", decode=decode, output_names=["xy", "sure"])
    exported = flmcore.load_detector(done.config, threads=1)
    assert done.outputs == {"xy": (1, 5, 2), "sure": (1, 5)}
    expected = bells(method=method)(IMAGE, BOXES)
    np.testing.assert_allclose(exported(IMAGE, BOXES).points, expected.points, atol=1e-3)
    np.testing.assert_allclose(exported(IMAGE, BOXES).scores, expected.scores, atol=1e-5)


def test_half_precision_is_inside_alone(folder: Path) -> None:
    done = export_onnx(bells(), folder / "half.onnx", precision="float16", decode="expectation", batch="1")
    model = onnx.load(done.path)
    kinds = {value.type.tensor_type.elem_type for value in (*model.graph.input, *model.graph.output)}
    assert kinds == {onnx.TensorProto.FLOAT}
    (weight,) = [t for t in model.graph.initializer if list(t.dims) == [5, 3, 5, 5]]
    assert weight.data_type == onnx.TensorProto.FLOAT16
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1
    expected = bells(method="local_mean")(IMAGE, BOXES).points
    moved = np.abs(flmcore.load_detector(done.config, threads=1)(IMAGE, BOXES).points - expected)
    assert 0 < moved.max() < 0.2


def test_newer_operator_set(folder: Path) -> None:
    done = export_onnx(bells(), folder / "newer.onnx", opset=20)
    assert [entry.version for entry in onnx.load(done.path).opset_import if entry.domain == ""] == [20]


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("script")
    network = tiny.centroid_module().eval().requires_grad_(False)
    torch.jit.trace(network, torch.zeros(1, 3, tiny.SIDE, tiny.SIDE)).save(place / "tiny.pt")
    return tiny.write_config(place, "torchscript", "tiny.pt", "[output]\nlandmarks = 1\n" + tiny.CENTROID)


def test_a_torchscript_file_by_the_command(
    script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tiny.onnx"
    assert main(["export", "onnx", "-d", str(script), "-o", str(out), "--decode", "config"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "output landmarks: 1×3×2" in said.out
    assert "onnxruntime beside PyTorch: " in said.out
    image = tiny.spots_image([(30, 20), (41, 33), (36, 28)])
    box = [20.0, 15.0, 55.0, 45.0]
    found = flmcore.load_detector(tmp_path / "tiny.toml", threads=1)(image, box).points
    np.testing.assert_allclose(found, flmcore.load_detector(script, threads=1)(image, box).points, atol=1e-4)


def test_a_torchscript_file_with_its_mirrored_pass(tmp_path: Path) -> None:
    """Exported by the former exporter for any batch, and in half precision as the other."""
    scripted = torch.jit.trace(Bells().eval(), torch.zeros(1, 3, SIDE, SIDE))
    done = export_onnx(bells(scripted), tmp_path / "a.onnx", decode="expectation", precision="float16")
    expected = bells(method="local_mean")(IMAGE, BOXES).points
    moved = np.abs(flmcore.load_detector(done.config, threads=1)(IMAGE, BOXES).points - expected)
    assert 0 < moved.max() < 0.2


class Unknown(torch.nn.Module):
    """Uses an operation that ONNX does not have."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.special.bessel_j0(x[:, :1].expand(-1, 5, -1, -1))


def test_an_operation_that_onnx_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"^bells: expected a network whose operations ONNX has, got .*"):
        export_onnx(bells(Unknown()), tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_differs_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The converter gets another network than the check: as if it had got an operation wrong."""
    from flmcore.export import onnx_convert

    right = onnx_convert.convert

    def wrong(module: Any, *given: Any, **options: Any) -> Any:
        model = right(module, *given, **options)
        for tensor in model.graph.initializer:
            if list(tensor.dims) == [5, 3, 5, 5]:
                array = onnx.numpy_helper.to_array(tensor).copy() * 1.02
                tensor.CopyFrom(onnx.numpy_helper.from_array(array.astype(np.float32), tensor.name))
        return model

    monkeypatch.setattr(onnx_convert, "convert", wrong)
    with pytest.raises(ExportError, match=r"^bells: expected the ONNX model within .*, got .* crop pixels"):
        export_onnx(bells(), tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


BAD = [
    (["-o", "a.mlpackage"], "out: expected a name that ends in .onnx, got a.mlpackage"),
    (["-o", "missing/a.onnx"], "missing/a.onnx: cannot be written: No such file or directory"),
    (["-o", "file/a.onnx"], "file/a.onnx: cannot be written: Not a directory"),
    (["-o", "there.onnx"], "out: expected a name that is free, got there.onnx, which is there: --force"),
    (["-o", "folder.onnx", "--force"], "out: expected a file to replace, got folder.onnx, which is none"),
    (
        ["-o", "a.onnx", "--decode", "expectation"],
        "decode: expected none or config for tiny, got 'expectation'",
    ),
    (["-o", "a.onnx", "--output-names", "image"], "output names: expected each once, got 'image'"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=lambda v: v[1] if isinstance(v, list) else "")
def test_bad_input_is_one_line_and_leaves_nothing(
    options: list[str],
    message: str,
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "there.onnx").write_text("mine")
    (tmp_path / "folder.onnx").mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert main(["export", "onnx", "-d", str(script), *options]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "there.onnx").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
def test_a_full_disk_leaves_what_was_there(script: Path, tmp_path: Path) -> None:
    out = tmp_path / "tiny.onnx"
    out.write_text("before")
    program = (
        "import resource, sys; from flmcore.cli import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000));"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = ["export", "onnx", "-d", str(script), "-o", str(out), "--force"]
    done = subprocess.run(
        [sys.executable, "-c", program, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert f"{out}: cannot be written: File too large" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["tiny.onnx"]
    assert out.read_text() == "before"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "float8"}, "precision: expected one of float32, float16, got 'float8'"),
        ({"batch": "2"}, "batch: expected one of dynamic, 1, got '2'"),
        ({"opset": 11}, "opset: expected 18 to 23, got 11"),
        ({"beta": -1.0}, "beta: expected a positive number, got -1.0"),
    ],
)
def test_options_that_are_none(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        export_onnx(bells(), tmp_path / "a.onnx", **options)


def test_a_trained_network_on_real_faces(shared: Path, tmp_path: Path) -> None:
    """Whole way: original and exported file on photographs, in image pixels."""
    from test_export_deployed import real_faces

    detector = flmcore.load_detector("pfld-106-torch", threads=1)
    done = export_onnx(detector, tmp_path / "pfld.onnx", decode="config")
    exported = flmcore.load_detector(done.config, threads=1)
    for image, box in real_faces(shared, 6):
        per_pixel = 1 / np.hypot(*detector.windows(box)[0, :, 0])
        moved = np.abs(exported(image, box).points - detector(image, box).points).max()
        assert moved < 1e-3 * per_pixel
