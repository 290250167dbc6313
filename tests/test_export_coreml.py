"""``flmcore export coreml`` and its Python form: packages of real networks, read back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
import tiny_models as tiny
from coreml_here import coremltools, operations
from flmcore.detectors import nets
from flmcore.detectors.config import read_config
from flmcore.detectors.cost import stated_cost
from flmcore.detectors.load import find_config
from flmcore.detectors.schema import CoordinatesDecode
from flmcore.detectors.weights import sha256_of
from flmcore.errors import ExportError
from flmcore.export.coreml import CoremlExport, export_coreml
from flmcore.export.coreml_convert import program_block
from flmcore.export.detector_file import detector_file
from weight_fill import fill

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


@pytest.fixture(scope="module")
def ct() -> Any:
    return coremltools()


@pytest.fixture
def spots(ct: Any, tmp_path: Path) -> Path:
    """A TorchScript detector that finds the bright spot of each channel: tiny.toml with tiny.pt."""
    import torch

    assert ct
    network = tiny.centroid_module().eval().requires_grad_(False)
    torch.jit.trace(network, torch.zeros(1, 3, tiny.SIDE, tiny.SIDE), check_trace=False).save(
        tmp_path / "tiny.pt"
    )
    return tiny.write_config(tmp_path, "torchscript", "tiny.pt", "[output]\nlandmarks = 1\n" + tiny.CENTROID)


def filled(name: str) -> flmcore.Detector:
    """A detector of the zoo with weights that follow from their names."""
    import torch

    config = find_config(name)
    mean_face = None
    if config.model.mean_face is not None:
        mean_face = np.random.default_rng(0).random((config.landmarks, 2), dtype=np.float32)
    network = nets.build(
        str(config.model.network),
        config.model.options,
        where=name,
        landmarks=config.landmarks,
        size=config.crop.size,
        mean_face=mean_face,
    )
    shapes = {
        key: tuple(value.shape) for key, value in network.state_dict().items() if "mean_face" not in key
    }
    network.load_state_dict(
        {key: torch.from_numpy(value) for key, value in fill(shapes).items()}, strict=False
    )
    return flmcore.load_detector(config, module=network, threads=1)


def specification(ct: Any, done: CoremlExport) -> Any:
    return ct.utils.load_spec(str(done.path))


def test_torchscript_file_becomes_a_package(spots: Path, ct: Any, tmp_path: Path) -> None:
    done = export_coreml(flmcore.load_detector(spots), tmp_path / "out.mlpackage")
    assert (done.name, done.path, done.config) == ("tiny", tmp_path / "out.mlpackage", tmp_path / "out.toml")
    assert done.outputs == {"landmarks": (1, 3, 2)}
    assert done.bytes == sum(file.stat().st_size for file in done.path.rglob("*") if file.is_file())
    assert sum(done.operations.values()) == len(
        operations(ct.models.MLModel(str(done.path), skip_model_load=True))
    )
    assert done.warnings == ()
    description = specification(ct, done).description
    assert (description.input[0].type.imageType.width, description.input[0].type.imageType.height) == (24, 24)
    assert description.output[0].name == "landmarks"


def test_metadata_says_what_the_app_must_know(spots: Path, ct: Any, tmp_path: Path) -> None:
    done = export_coreml(flmcore.load_detector(spots), tmp_path / "out.mlpackage", precision="float32")
    description = specification(ct, done).description
    texts = dict(description.metadata.userDefined)
    assert texts["flmcore.detector"] == "tiny"
    assert (texts["flmcore.scheme"], texts["flmcore.landmarks"]) == ("spots-3", "3")
    assert (texts["flmcore.precision"], texts["flmcore.compression"]) == ("float32", "none")
    assert texts["flmcore.weights_sha256"] == sha256_of(tmp_path / "tiny.pt")
    assert json.loads(texts["flmcore.crop"])["size"] == [24, 24]
    config = read_config(spots).to_dict() | {"path": None}
    assert json.loads(texts["flmcore.config"]) == config
    assert json.loads(texts["flmcore.decode"])["left_to_app"] == list(done.duties)[1:]
    assert not any("date" in key for key in texts)
    assert description.metadata.license == "none"
    assert description.metadata.shortDescription.startswith(
        "tiny: 3 face landmarks (spots-3). The app's part: 1. crop"
    )
    assert description.input[0].shortDescription.startswith("the face's crop, 24×24, RGB")
    assert (
        description.output[0].shortDescription == "(1, 3, 2): x, y interleaved in crop pixels, origin centre"
    )


def test_no_path_of_this_machine_is_in_the_package(spots: Path, tmp_path: Path) -> None:
    spots.write_text(spots.read_text().replace('"tiny.pt"', f"'{tmp_path / 'tiny.pt'}'"))
    done = export_coreml(flmcore.load_detector(spots), tmp_path / "out.mlpackage")
    for file in done.path.rglob("*"):
        assert not file.is_file() or str(tmp_path).encode() not in file.read_bytes(), file


def test_detector_file_beside_it_is_sound(spots: Path, tmp_path: Path) -> None:
    detector = flmcore.load_detector(spots)
    done = export_coreml(detector, tmp_path / "out.mlpackage")
    config = read_config(done.config)
    assert (config.model.backend, config.model.weights) == ("coreml", "out.mlpackage")
    assert (config.crop, config.scheme, config.landmarks) == (detector.config.crop, "spots-3", 3)
    assert (set(config.input.mean), set(config.input.std)) == ({0.0}, {1.0})
    assert config.model.sha256 == sha256_of(done.path)
    assert config.decode == detector.config.decode
    assert config.output.landmarks == "landmarks"


def test_another_process_gives_the_same_bytes(spots: Path, tmp_path: Path) -> None:
    """And the command what the function gives; sets of texts have another order in each process."""
    first = export_coreml(flmcore.load_detector(spots), tmp_path / "net.mlpackage", compression="int8")
    (tmp_path / "again").mkdir()
    out = tmp_path / "again/net.mlpackage"
    command = [sys.executable, "-m", "flmcore", "export", "coreml", "-d", str(spots), "-o", str(out)]
    done = subprocess.run([*command, "--compress", "int8"], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "left to the app:" in done.stdout
    assert sha256_of(out) == sha256_of(first.path)
    assert (tmp_path / "again/net.toml").read_bytes() == first.config.read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"precision": "float61"},
            "precision: expected one of float16, float32, got 'float61'; did you mean",
        ),
        ({"target": "iOS15"}, "target: expected one of iOS16, iOS17, iOS18, got 'iOS15'"),
        (
            {"compression": "int4"},
            "compress: expected one of none, palettize-8, palettize-6, palettize-4, int8, got",
        ),
        ({"input_kind": "video"}, "input: expected one of image, array, got 'video'"),
        ({"decode": "peak"}, "decode: expected one of none, argmax, expectation, config, got 'peak'"),
        (
            {"compression": "palettize-4", "precision": "float32"},
            "compress: expected none or int8 with precision float32, got 'palettize-4'",
        ),
        ({"output_names": ["image"]}, "got 'image', which is the input's too"),
    ],
)
def test_options_that_are_none(spots: Path, tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        export_coreml(flmcore.load_detector(spots), tmp_path / "out.mlpackage", **options)
    assert not list(tmp_path.glob("*.mlpackage"))


def test_outputs_can_be_named(spots: Path, ct: Any, tmp_path: Path) -> None:
    done = export_coreml(flmcore.load_detector(spots), tmp_path / "out.mlpackage", output_names=["spots"])
    assert [feature.name for feature in specification(ct, done).description.output] == ["spots"]
    assert "in crop pixels" in specification(ct, done).description.output[0].shortDescription


def test_unknown_operation_names_the_detector(ct: Any, tmp_path: Path) -> None:
    assert ct
    import torch

    class Unknown(torch.nn.Module):
        def forward(self, image: Any) -> Any:
            return torch.special.bessel_j0(image).mean((2, 3))[..., None].repeat(1, 1, 2)

    config = tiny.write_config(tmp_path, "torch", "none.pt", tiny.CENTROID)
    detector = flmcore.load_detector(config, module=Unknown())
    with pytest.raises(
        ExportError, match=r"^tiny: expected operations that coremltools .* got special_bessel_j0"
    ):
        export_coreml(detector, tmp_path / "out.mlpackage")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_dlib_is_refused_with_the_reason(tmp_path: Path, ct: Any) -> None:
    assert ct
    pytest.importorskip("dlib")
    try:
        detector = flmcore.load_detector("dlib-68")
    except ValueError:
        pytest.skip("needs the weights of dlib-68")
    with pytest.raises(ExportError, match="regression trees are no network"):
        export_coreml(detector, tmp_path / "out.mlpackage")
    assert list(tmp_path.iterdir()) == []


def test_package_that_is_there_is_kept_without_force(spots: Path, tmp_path: Path) -> None:
    detector = flmcore.load_detector(spots)
    first = sha256_of(export_coreml(detector, tmp_path / "out.mlpackage").path)
    with pytest.raises(ExportError, match=r"out\.mlpackage, which is there: --force"):
        export_coreml(detector, tmp_path / "out.mlpackage", precision="float32")
    assert sha256_of(tmp_path / "out.mlpackage") == first
    export_coreml(detector, tmp_path / "out.mlpackage", precision="float32", force=True)
    assert sha256_of(tmp_path / "out.mlpackage") != first
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.mlpackage",
        "out.toml",
        "tiny.pt",
        "tiny.toml",
    ]


def test_full_disk_is_told_and_leaves_nothing(spots: Path, tmp_path: Path) -> None:
    pytest.importorskip("resource")
    out = tmp_path / "out.mlpackage"
    code = f"""
import resource, sys
import flmcore
from flmcore.cli import main
detector = {str(spots)!r}
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
sys.exit(main(["export", "coreml", "-d", detector, "-o", {str(out)!r}]))
"""
    before = sorted(tmp_path.iterdir())
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


@pytest.fixture(scope="module")
def resnet(ct: Any) -> flmcore.Detector:
    assert ct
    return filled("simulated-r18")


def test_resnet_folds_what_core_ml_can_fold(resnet: flmcore.Detector, tmp_path: Path) -> None:
    done = export_coreml(resnet, tmp_path / "r18.mlpackage")
    assert done.operations["conv"] == 20
    assert done.operations.keys() <= {
        "add", "cast", "conv", "linear", "max_pool", "mul", "relu", "reduce_mean", "reshape", "squeeze"
    }  # fmt: skip
    assert 22e6 < done.bytes < 23e6  # 11.2 million numbers of 2 bytes


@pytest.mark.parametrize(
    ("how", "kind", "least", "most"),
    [
        ("palettize-4", "constexpr_lut_to_dense", 5.5e6, 6.2e6),
        ("int8", "constexpr_affine_dequantize", 11e6, 11.6e6),
    ],
)
def test_compressed_weights_are_as_small_as_they_say(
    resnet: flmcore.Detector, tmp_path: Path, how: str, kind: str, least: float, most: float
) -> None:
    done = export_coreml(resnet, tmp_path / "r18.mlpackage", compression=how)
    assert done.operations[kind] >= 19
    assert least < done.bytes < most


@pytest.mark.parametrize(
    ("name", "outputs", "convolutions"),
    [
        ("fan1", {"heatmaps": (1, 68, 64, 64)}, 57),
        ("rtmpose-t", {"simcc_x": (1, 106, 512), "simcc_y": (1, 106, 512)}, 38),
    ],
)
def test_published_networks(
    ct: Any, tmp_path: Path, name: str, outputs: dict[str, tuple[int, ...]], convolutions: int
) -> None:
    assert ct
    done = export_coreml(filled(name), tmp_path / "net.mlpackage", flip=False)
    assert done.outputs == outputs
    assert done.operations["conv"] == convolutions
    assert done.warnings == ()


def test_slpt(ct: Any, tmp_path: Path) -> None:
    assert ct
    done = export_coreml(filled("slpt-6"), tmp_path / "net.mlpackage")
    assert done.outputs == {"landmarks": (1, 98, 2)}
    assert done.operations["resample"] + done.operations["gather"] + done.operations["gather_along_axis"] > 0


@pytest.mark.parametrize(
    "name", ["fan4", "fan4-subpixel", "rtmpose-m", "slpt-6", "dlib-5", "openseeface-66", "pfld-98-ghostone"]
)
@pytest.mark.parametrize("decoded", [False, True])
def test_detector_file_of_any_config_can_be_read(tmp_path: Path, name: str, decoded: bool) -> None:
    config = find_config(name)
    outputs = {"points": "landmarks"}
    if config.decode.kind == "simcc" and not decoded:
        outputs = {"along_x": "simcc_x", "along_y": "simcc_y"}
    text = detector_file(
        config, outputs, backend="coreml", weights="a.mlpackage", sha256=None, decoded=decoded, flip=True
    )
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    found = read_config(tmp_path / "a.toml")
    assert (found.name, found.crop, found.licence, found.landmarks) == (
        config.name,
        config.crop,
        config.licence,
        config.landmarks,
    )
    assert getattr(found.decode, "flip", "none") == "none"
    assert stated_cost(found).multiply_adds == stated_cost(config).multiply_adds
    if decoded:
        assert found.decode == CoordinatesDecode(units="pixels", origin="centre")
    else:
        assert found.decode.kind == config.decode.kind


@pytest.mark.parametrize("decode", ["argmax", "expectation"])
def test_decoding_is_in_float32_and_the_network_is_not(ct: Any, tmp_path: Path, decode: str) -> None:
    import torch

    config = tiny.write_config(tmp_path, "torch", "none.pt", tiny.IDENTITY)
    detector = flmcore.load_detector(config, module=torch.nn.Conv2d(3, 3, 1))
    done = export_coreml(detector, tmp_path / "out.mlpackage", decode=decode)
    assert done.outputs == {"landmarks": (1, 3, 2), "scores": (1, 3)}
    found = program_block(specification(ct, done)).operations
    types = {operation.type: operation.outputs[0].type.tensorType.dataType for operation in found}
    assert (types["conv"], types["reduce_max"], types["concat"]) == (10, 11, 11)  # float16, float32
    assert read_config(done.config).decode == CoordinatesDecode(units="pixels", origin="centre")
    assert len(done.duties) == 2  # crop, and back into the image
