"""Packages read back: what is in one that coremltools wrote, and every way in which one can be broken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coreml_here import conversion, coremltools, module_of
from flmcore.detectors.backends.coreml_tools import quietly
from flmcore.errors import ExportError
from flmcore.export.coreml_convert import convert_module
from flmcore.export.package import read_package

MODEL = "Data/com.apple.CoreML/model.mlmodel"
WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"


@pytest.fixture(scope="module")
def ct() -> Any:
    return coremltools()


def kernel() -> Any:
    """Weights of the one convolution, large enough to lie in the weight file."""
    return np.random.default_rng(0).normal(size=(8, 3, 3, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def whole(ct: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolution and a ReLU in float16."""
    import torch

    weight = torch.from_numpy(kernel())
    network = module_of(lambda image: torch.relu(torch.nn.functional.conv2d(image, weight, padding=1)))
    model, _ = convert_module(ct, network, conversion("maps"))
    model.author, model.license = "A", "L"
    model.short_description, model.version = "S", "V"
    model.user_defined_metadata["flmcore.scheme"] = "300w-68"
    path = tmp_path_factory.mktemp("package") / "net.mlpackage"
    model.save(str(path))
    return path


@pytest.fixture
def package(whole: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(whole, tmp_path / "net.mlpackage"))


def change(package: Path, edit: Callable[[Any], None]) -> None:
    """Edit the specification in place."""
    from coremltools.proto import Model_pb2

    file = package / MODEL
    model = Model_pb2.Model.FromString(file.read_bytes())
    edit(model)
    file.write_bytes(model.SerializeToString())


def change_manifest(package: Path, edit: Callable[[Any], None]) -> None:
    file = package / "Manifest.json"
    content = json.loads(file.read_text())
    edit(content)
    file.write_text(json.dumps(content))


def root(content: Any) -> Any:
    return content["itemInfoEntries"][content["rootModelIdentifier"]]


def main_block(model: Any) -> Any:
    function = model.mlProgram.functions["main"]
    return function.block_specializations[function.opset]


def test_what_is_in_a_package(whole: Path) -> None:
    program = read_package(whole)
    assert (program.specification, program.opset) == (7, "CoreML6")
    assert [operation.kind for operation in program.operations()] == ["mul", "cast", "conv", "relu"]
    assert (program.inputs["image"].dtype, program.inputs["image"].shape) == ("image", (1, 3, 24, 24))
    assert (program.outputs["maps"].dtype, program.outputs["maps"].shape) == ("float16", (1, 8, 24, 24))
    assert program.main.outputs == ("maps",)
    assert program.bytes == sum(file.stat().st_size for file in whole.rglob("*") if file.is_file())
    texts = {"author": "A", "licence": "L", "description": "S", "version": "V", "flmcore.scheme": "300w-68"}
    assert program.metadata.items() >= texts.items()


def test_operations_have_types_and_constants(whole: Path) -> None:
    conv = next(operation for operation in read_package(whole).operations() if operation.kind == "conv")
    weight = conv.argument("weight")
    assert weight is not None
    assert (weight.type.dtype, weight.type.shape, weight.constant) == ("float16", (8, 3, 3, 3), True)
    assert weight.value().tobytes() == kernel().astype(np.float16).tobytes()
    assert conv.constant("pad_type") in ("custom", "same")
    assert conv.constant("strides").tolist() == [1, 1]
    assert conv.constant("groups") == 1
    assert conv.constant("bias", "none") in ("none", None) or not np.any(conv.constant("bias"))
    x = conv.argument("x")
    assert x is not None
    assert (x.constant, x.type.dtype, x.type.shape) == (False, "float16", (1, 3, 24, 24))
    with pytest.raises(ValueError, match="expected a constant, got a value that is known only when"):
        x.value()


def test_path_may_be_a_text(whole: Path) -> None:
    assert read_package(str(whole)) == read_package(whole)


def test_package_needs_nothing_of_macos_and_says_nothing(
    whole: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    read_package(whole)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "made", "message"),
    [
        ("none.mlpackage", None, "expected a .mlpackage folder, got nothing there"),
        ("a.mlpackage", "file", "expected a .mlpackage folder, got a file"),
        ("a.mlpackage", "folder", "expected a package with Manifest.json, got a folder without"),
        ("a.mlmodelc", "folder", "expected a .mlpackage folder, got a compiled model; give the .mlpackage"),
        ("a.mlmodel", "file", "expected a .mlpackage folder, got a model in a single file"),
    ],
)
def test_what_is_no_package(tmp_path: Path, name: str, made: str | None, message: str) -> None:
    path = tmp_path / name
    if made == "file":
        path.write_bytes(b"x")
    elif made == "folder":
        path.mkdir()
    with pytest.raises(ExportError) as caught:
        read_package(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Manifest.json: expected JSON"),
        ("\xff\xfe", "Manifest.json: expected JSON"),
        ("[" * 100_000, "Manifest.json: expected JSON"),
        ("[]", "expected a JSON object, got list"),
        ("{}", "expected rootModelIdentifier to name an entry with a path, got None"),
        ('{"rootModelIdentifier": [], "itemInfoEntries": {}}', "to name an entry with a path"),
        ('{"rootModelIdentifier": "a", "itemInfoEntries": {"a": 3}}', "to name an entry with a path"),
        ('{"rootModelIdentifier": "a", "itemInfoEntries": {"a": {"path": ""}}}', "to name an entry with a"),
    ],
)
def test_broken_manifest(package: Path, text: str, message: str) -> None:
    (package / "Manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ExportError, match=message):
        read_package(package)


@pytest.mark.parametrize(
    "path",
    ["../../net.mlmodel", "/etc/passwd", "com.apple.CoreML/../../../x", "a\0b", "linked/model.mlmodel"],
)
def test_manifest_cannot_point_outside(package: Path, path: str) -> None:
    outside = package.parent / "outside"
    shutil.copytree(package / "Data/com.apple.CoreML", outside)
    (package / "Data/linked").symlink_to(outside)
    change_manifest(package, lambda content: root(content).update(path=path))
    with pytest.raises(ExportError, match=r"expected paths (that stay|of files) in the package, got"):
        read_package(package)


def test_weights_cannot_lie_outside(package: Path) -> None:
    shutil.copy(package / WEIGHTS, package.parent / "weight.bin")

    def edit(model: Any) -> None:
        for operation in main_block(model).operations:
            for value in operation.attributes.values():
                if value.WhichOneof("value") == "blobFileValue":
                    value.blobFileValue.fileName = "@model_path/../../../weight.bin"

    change(package, edit)
    conv = next(operation for operation in read_package(package).operations() if operation.kind == "conv")
    with pytest.raises(ExportError, match="expected paths that stay in the package"):
        conv.constant("weight")


def test_missing_model(package: Path) -> None:
    (package / MODEL).unlink()
    with pytest.raises(ExportError, match=r"expected the model that net\.mlpackage's manifest names"):
        read_package(package)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated_model(package: Path, share: float) -> None:
    file = package / MODEL
    raw = file.read_bytes()
    file.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(ExportError, match=r"expected (a whole Core ML model|an ML program)"):
        read_package(package)


def test_flipped_bytes_never_crash(package: Path) -> None:
    """Whatever the bytes say, the answer is a program whose constants read, or an ExportError."""
    file = package / MODEL
    raw = file.read_bytes()
    rng = np.random.default_rng(0)
    outcomes = set()
    for _ in range(150):
        broken = bytearray(raw)
        for place in rng.integers(0, len(raw), 3):
            broken[place] = rng.integers(0, 256)
        file.write_bytes(bytes(broken))
        try:
            for operation in read_package(package).operations():
                for given in operation.inputs.values():
                    for argument in given:
                        assert not argument.constant or argument.value() is not None
            outcomes.add("read")
        except ExportError as error:
            outcomes.add("refused" if str(package) in str(error) else str(error))
    assert outcomes == {"read", "refused"}


def test_newer_specification_is_refused_by_number(package: Path) -> None:
    change(package, lambda model: setattr(model, "specificationVersion", 99))
    with pytest.raises(ExportError, match="expected specification 9 at most, got specification 99"):
        read_package(package)


def test_older_specification_is_refused_by_number(package: Path) -> None:
    change(package, lambda model: setattr(model, "specificationVersion", 5))
    with pytest.raises(ExportError, match="expected specification 6 at least, got specification 5"):
        read_package(package)


def test_other_kinds_of_models(package: Path) -> None:
    def to_network(model: Any) -> None:
        model.neuralNetwork.SetInParent()
        model.specificationVersion = 4

    change(package, to_network)
    with pytest.raises(ExportError, match="expected an ML program, got a neural network"):
        read_package(package)
    change(package, lambda model: model.ClearField("neuralNetwork"))
    with pytest.raises(ExportError, match="expected an ML program, got a model of no kind"):
        read_package(package)


def test_functions(package: Path) -> None:
    def to_two(model: Any) -> None:
        model.mlProgram.functions["other"].CopyFrom(model.mlProgram.functions["main"])
        del main_block(model).operations[-1:]
        model.description.defaultFunctionName = "other"

    change(package, to_two)
    assert [operation.kind for operation in read_package(package).operations()][-1] == "relu"
    change(package, lambda model: setattr(model.description, "defaultFunctionName", "third"))
    with pytest.raises(ExportError, match="expected a function third, got main, other"):
        read_package(package)


def test_values_that_nothing_defines(package: Path) -> None:
    change(package, lambda model: main_block(model).operations.pop(0))
    with pytest.raises(ExportError, match="expected a value that is defined before, got"):
        read_package(package)


def test_operations_of_another_set(package: Path) -> None:
    change(package, lambda model: setattr(model.mlProgram.functions["main"], "opset", "CoreML99"))
    with pytest.raises(ExportError, match="main: expected operations of CoreML99, got CoreML6"):
        read_package(package)


@pytest.mark.parametrize("left", [None, 0, 10, 100, 200])
def test_missing_or_truncated_weights_are_told_when_read(package: Path, left: int | None) -> None:
    file = package / WEIGHTS
    raw = file.read_bytes()
    file.unlink()
    if left is not None:
        file.write_bytes(raw[:left])
    program = read_package(package)  # its operations are there
    conv = next(operation for operation in program.operations() if operation.kind == "conv")
    with pytest.raises(ExportError, match=r"weight.bin: expected .* of type float16 at byte 64, got: "):
        conv.constant("weight")


def test_shape_that_does_not_fit_the_weights(package: Path) -> None:
    def edit(model: Any) -> None:
        for operation in main_block(model).operations:
            for value in operation.attributes.values():
                if value.WhichOneof("value") == "blobFileValue":
                    value.type.tensorType.dimensions[0].constant.size = 9

    change(package, edit)
    conv = next(operation for operation in read_package(package).operations() if operation.kind == "conv")
    with pytest.raises(ExportError, match=r"expected \(9, 3, 3, 3\) values, got 216"):
        conv.constant("weight")


def built(ct: Any, function: Any, path: Path, **shapes: Any) -> Path:
    """A program of coremltools' builder as a package; ``shapes`` are its inputs'."""
    from coremltools.converters.mil.mil import get_new_symbol

    mb = ct.converters.mil.Builder
    specs = [
        mb.TensorSpec(shape=[size if isinstance(size, int) else get_new_symbol() for size in shape])
        for shape in shapes.values()
    ]
    inputs = [ct.TensorType(name=name, shape=shape) for name, shape in shapes.items()]
    with quietly():
        model = ct.convert(
            mb.program(input_specs=specs)(function),
            convert_to="mlprogram",
            inputs=inputs,
            minimum_deployment_target=ct.target.iOS16,
            compute_precision=ct.precision.FLOAT32,
            skip_model_load=True,
        )
        model.save(str(path))
    return path


def test_symbolic_shapes_are_none(ct: Any, tmp_path: Path) -> None:
    mb = ct.converters.mil.Builder
    path = built(ct, lambda x: mb.relu(x=x), tmp_path / "a.mlpackage", x=(1, ct.RangeDim(2, 8), 4))
    program = read_package(path)
    assert program.inputs["x"].shape == (1, None, 4)
    assert program.main.inputs[0].type.shape == (1, None, 4)
    assert program.main.operations[0].outputs[0].type.shape == (1, None, 4)


def test_blocks_of_control_flow_see_what_is_outside(ct: Any, tmp_path: Path) -> None:
    mb = ct.converters.mil.Builder

    def choose(x: Any) -> Any:
        doubled = mb.mul(x=x, y=2.0)
        large = mb.greater(x=mb.reduce_sum(x=x), y=0.0)
        return mb.cond(
            pred=large, _true_fn=lambda: mb.add(x=doubled, y=1.0), _false_fn=lambda: mb.exp(x=doubled)
        )

    program = read_package(built(ct, choose, tmp_path / "a.mlpackage", x=(4,)))
    assert [operation.kind for operation in program.operations()] == [
        "mul", "reduce_sum", "greater", "cond", "add", "exp",
    ]  # fmt: skip
    condition = next(operation for operation in program.main.operations if operation.kind == "cond")
    taken, other = condition.blocks
    assert taken.operations[0].argument("x") == other.operations[0].argument("x")
    assert taken.operations[0].argument("x").name == program.main.operations[0].outputs[0].name  # type: ignore[union-attr]


def test_pictures_of_several_sizes(package: Path) -> None:
    def several(model: Any) -> None:
        sizes = model.description.input[0].type.imageType.enumeratedSizes.sizes
        sizes.add(width=24, height=24)
        sizes.add(width=24, height=48)

    change(package, several)
    assert read_package(package).inputs["image"].shape == (1, 3, None, 24)

    def from_to(model: Any) -> None:
        picture = model.description.input[0].type.imageType
        picture.imageSizeRange.widthRange.lowerBound, picture.imageSizeRange.widthRange.upperBound = 8, -1
        picture.imageSizeRange.heightRange.lowerBound = picture.imageSizeRange.heightRange.upperBound = 24
        picture.colorSpace = picture.GRAYSCALE

    change(package, from_to)
    assert read_package(package).inputs["image"].shape == (1, 1, 24, None)


def test_arrays_of_several_shapes(package: Path) -> None:
    def several(model: Any) -> None:
        array = model.description.output[0].type.multiArrayType
        for size in (24, 48):
            array.enumeratedShapes.shapes.add(shape=[1, 8, size, 24])

    change(package, several)
    assert read_package(package).outputs["maps"].shape == (1, 8, None, 24)
