"""Networks as ML programs: what is in them, and what is refused with which words."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coreml_here import conversion, coremltools, module_of, operations
from flmcore.detectors.backends.coreml_tools import import_coremltools
from flmcore.errors import ExportError, MissingExtraError
from flmcore.export.coreml import check_versions
from flmcore.export.coreml_convert import ImageInput, convert_module, program_block

FLOAT16, FLOAT32 = 65552, 65568  # of FeatureTypes.proto's ArrayDataType


@pytest.fixture(scope="module")
def ct() -> Any:
    return coremltools()


def mean_of_channels(image: Any) -> Any:
    return (image * 2).mean((2, 3))


def output_types(model: Any) -> dict[str, int]:
    return {
        feature.name: feature.type.multiArrayType.dataType for feature in model.get_spec().description.output
    }


def second_operand(model: Any, kind: str) -> list[float]:
    """The constant ``y`` of the first operation of this kind."""
    found = program_block(model.get_spec()).operations
    first = next(operation for operation in found if operation.type == kind)
    name = first.inputs["y"].arguments[0].name
    value = next(operation for operation in found if operation.outputs[0].name == name).attributes["val"]
    return list(value.immediateValue.tensor.floats.values)


def test_picture_input_holds_scale_and_bias(ct: Any) -> None:
    how = conversion(image=ImageInput(0.5, (-1.0, -2.0, -3.0)))
    model, warnings = convert_module(ct, module_of(mean_of_channels), how)
    feature = model.get_spec().description.input[0]
    picture = feature.type.imageType
    assert (feature.name, picture.width, picture.height) == ("image", 24, 24)
    assert picture.ColorSpace.Name(picture.colorSpace) == "RGB"
    assert operations(model)[:2] == ["mul", "add"]
    assert [second_operand(model, kind) for kind in ("mul", "add")] == [[0.5], [-1.0, -2.0, -3.0]]
    assert warnings == []


@pytest.mark.parametrize(
    ("precision", "wide", "expected"),
    [("float32", (), FLOAT32), ("float16", (), FLOAT16), ("float16", ("landmarks",), FLOAT32)],
)
def test_precision_of_outputs(ct: Any, precision: str, wide: tuple[str, ...], expected: int) -> None:
    how = conversion(precision=precision, float32_outputs=wide)
    model, _ = convert_module(ct, module_of(mean_of_channels), how)
    assert output_types(model) == {"landmarks": expected}


def test_array_input_is_float32(ct: Any) -> None:
    model, _ = convert_module(ct, module_of(mean_of_channels), conversion(image=None))
    kind = model.get_spec().description.input[0].type.multiArrayType
    assert (list(kind.shape), kind.dataType) == ([1, 3, 24, 24], FLOAT32)


def test_scope_stays_in_float32(ct: Any) -> None:
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Conv2d(3, 4, 3)
            self.decoder = module_of(lambda maps: (maps * 0.3).sum((2, 3)))

        def forward(self, image: Any) -> Any:
            return self.decoder(self.net(image))

    how = conversion(float32_outputs=("landmarks",), float32_scopes=("decoder",))
    model, _ = convert_module(ct, Network().eval(), how)
    types = {
        operation.type: operation.outputs[0].type.tensorType.dataType
        for operation in program_block(model.get_spec()).operations
    }
    assert (types["conv"], types["reduce_sum"]) == (10, 11)  # float16, float32 of MIL.proto


def test_unknown_operation_is_named(ct: Any) -> None:
    with pytest.raises(
        ExportError, match=r"operations that coremltools [\d.]+ knows, got cummax, which it does not$"
    ):
        convert_module(ct, module_of(lambda image: image.cummax(2).values), conversion())


def test_unknown_operation_is_found_in_its_module(ct: Any) -> None:
    import torch

    network = torch.nn.Sequential()
    network.add_module("stem", torch.nn.ReLU())
    network.add_module("head", module_of(torch.special.bessel_j0))
    with pytest.raises(ExportError, match=r"got special_bessel_j0 \(in head\), which it does not"):
        convert_module(ct, network.eval(), conversion())


def sized_by_the_picture() -> Any:
    """TorchScript whose output is as long as the picture is bright."""
    import torch

    class Dynamic(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image[:, :, : int(image.sum().item())].mean((2, 3))

    return torch.jit.script(Dynamic())


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_sizes_that_depend_on_the_picture_are_refused(ct: Any) -> None:
    with pytest.raises(ExportError, match=r"sizes that are fixed for a fixed input, got slice_by_index \("):
        convert_module(ct, sized_by_the_picture(), conversion())
    with pytest.raises(ExportError, match=r"got non_zero \(.*whose size depends on the picture"):
        convert_module(ct, module_of(lambda image: image.nonzero()[:, :2].float()), conversion())


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("image",), "names that differ from each other and from the input's, got image, image"),
        (("a", "a"), "names that differ from each other and from the input's, got image, a, a"),
        (("a b",), "expected names of letters, digits and underscores, got 'a b'"),
        (("a", "b"), "expected as many names as the network has outputs, 1, got a, b"),
    ],
)
def test_names_that_clash_are_refused(ct: Any, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(ExportError, match=re.escape(message)):
        convert_module(ct, module_of(mean_of_channels), conversion(*names))


def test_one_tensor_under_two_names_is_refused(ct: Any) -> None:
    def twice(image: Any) -> Any:
        found = mean_of_channels(image)
        return found, found

    with pytest.raises(ExportError, match="got one under two names"):
        convert_module(ct, module_of(twice), conversion("a", "b"))
    with pytest.raises(ExportError, match="or the input as it is"):
        convert_module(ct, module_of(lambda image: image), conversion())


def test_network_for_another_size_is_refused(ct: Any) -> None:
    import torch

    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 16 * 16, 4)).eval()
    with pytest.raises(
        ExportError, match="expected a network that can be traced, got RuntimeError: mat1 and mat2"
    ):
        convert_module(ct, network, conversion())


def test_progress_is_told_and_nothing_is_printed(ct: Any, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[tuple[str, float]] = []
    convert_module(ct, module_of(mean_of_channels), conversion(), shown=lambda *step: told.append(step))
    assert ("Running MIL default pipeline", 1.0) in told
    assert capfd.readouterr() == ("", "")


def test_weights_that_float16_cannot_hold_stay_float32(ct: Any) -> None:
    model, _ = convert_module(ct, module_of(lambda image: image * 70000.0), conversion())
    mul = [o for o in program_block(model.get_spec()).operations if o.type == "mul"]
    assert all(operation.outputs[0].type.tensorType.dataType == 11 for operation in mul)


def test_newer_numpy_is_refused_ahead_with_the_command() -> None:
    with pytest.raises((ExportError, MissingExtraError)) as raised:
        check_versions("2.4.0", "linux")
    assert "pip install" in str(raised.value)
    with pytest.raises(
        ExportError, match="expected Linux or macOS, for which coremltools is made, got win32"
    ):
        check_versions("2.3.5", "win32")


def number_of_an_array(image: Any) -> Any:
    """As in SLPT: a size computed from a size, which the converter holds as an array of one number."""
    half = image.shape[2] // 2
    return image[:, :, :half].reshape(1, 3, -1).mean(2)


def test_pinned_versions_convert_what_newer_ones_do_not() -> None:
    """The extra's bounds are those of the code, and what they are for converts inside of them."""
    extra = pinned("numpy")
    assert extra == "numpy<2.4"
    with pytest.raises((ExportError, MissingExtraError), match=r"numpy below 2\.4|needs coremltools"):
        check_versions("2.4.0", "linux")
    assert pinned("coremltools") == "coremltools>=9,<10"
    if importlib.util.find_spec("coremltools") and np.lib.NumpyVersion(np.__version__) >= "2.4.0":
        with pytest.raises(ExportError, match="got int: TypeError"):  # else the bound can go
            convert_module(import_coremltools("tests"), module_of(number_of_an_array), conversion())
    ct = coremltools()
    model, _ = convert_module(ct, module_of(number_of_an_array), conversion())
    assert "reduce_mean" in operations(model)


def pinned(package: str) -> str:
    """What the extra coreml asks for, from pyproject.toml."""
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    extra = text[text.index("\ncoreml = [") :].partition("]")[0]
    return next(line.split('"')[1].partition(";")[0] for line in extra.splitlines() if f'"{package}' in line)
