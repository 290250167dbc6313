"""Constants of every type, in the model file and in the weight file; compressed ones brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coreml_here import conversion, coremltools, module_of
from flmcore.detectors.backends.coreml_tools import quietly
from flmcore.errors import ExportError
from flmcore.export.bits import unpack_bits
from flmcore.export.constexpr import unpack
from flmcore.export.coreml_convert import convert_module
from flmcore.export.package import read_package
from flmcore.export.program import Argument
from flmcore.export.values import ValueReader

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def ct() -> Any:
    return coremltools()


def value_proto(dtype: str, shape: tuple[int, ...]) -> Any:
    from coremltools.proto import MIL_pb2

    value = MIL_pb2.Value()
    value.type.tensorType.dataType = MIL_pb2.DataType.Value(dtype.upper())
    value.type.tensorType.rank = len(shape)
    for size in shape:
        value.type.tensorType.dimensions.add().constant.size = size
    return value


# type → (function of coremltools' writer, numbers that show its range)
STORED: dict[str, tuple[str, list[Any]]] = {
    "float16": ("write_fp16_data", [0.5, -65504.0, 6e-8]),
    "float32": ("write_float_data", [0.1, -3e38, 1e-45]),
    "int8": ("write_int8_data", [-128, 0, 127]),
    "uint8": ("write_uint8_data", [0, 128, 255]),
    "int16": ("write_int16_data", [-32768, 3, 32767]),
    "uint16": ("write_uint16_data", [0, 40_000, 65535]),
    "int32": ("write_int32_data", [-(2**31), 0, 2**31 - 1]),
    "int4": ("write_int4_data", [-8, 7, 1]),
    "uint4": ("write_uint4_data", [15, 0, 9]),
    "uint6": ("write_uint6_data", [63, 0, 33]),
    "uint3": ("write_uint3_data", [7, 0, 5]),
    "uint2": ("write_uint2_data", [3, 0, 2]),
    "uint1": ("write_uint1_data", [1, 0, 1]),
}
WIDTHS = {
    "int4": np.int8,
    "uint4": np.uint8,
    "uint6": np.uint8,
    "uint3": np.uint8,
    "uint2": np.uint8,
    "uint1": np.uint8,
}


@pytest.mark.parametrize("dtype", STORED)
def test_types_of_the_weight_file(ct: Any, tmp_path: Path, dtype: str) -> None:
    assert ct
    from coremltools.libmilstoragepython import _BlobStorageWriter

    function, listed = STORED[dtype]
    numbers = np.array(listed, WIDTHS.get(dtype, dtype))
    (tmp_path / "weights").mkdir()
    writer = _BlobStorageWriter(str(tmp_path / "weights/weight.bin"))
    stored = numbers.view(np.uint16) if dtype == "float16" else numbers
    offset = getattr(writer, function)(stored)
    del writer
    value = value_proto(dtype, (3, 1))
    value.blobFileValue.fileName, value.blobFileValue.offset = "@model_path/weights/weight.bin", offset
    read = ValueReader(tmp_path, tmp_path / "model.mlmodel").read(value, "w")
    assert (read.dtype, read.shape) == (numbers.dtype, (3, 1))
    np.testing.assert_array_equal(read[:, 0], numbers)
    value.type.tensorType.dataType = 11 if dtype != "float32" else 10  # of another type than is stored
    with pytest.raises(
        ExportError, match=r"weight\.bin: expected w of type .* does not match requested type"
    ):
        ValueReader(tmp_path, tmp_path / "model.mlmodel").read(value, "w")


@pytest.mark.parametrize(
    ("dtype", "field", "numbers", "expected"),
    [
        ("float32", "floats", [0.5, -1.0], np.array([0.5, -1.0], np.float32)),
        ("float64", "doubles", [0.1, 2.0], np.array([0.1, 2.0])),
        ("int32", "ints", [-1, 7], np.array([-1, 7], np.int32)),
        ("int64", "longInts", [-1, 2**40], np.array([-1, 2**40])),
        ("bool", "bools", [True, False], np.array([True, False])),
        ("string", "strings", ["same", ""], np.array(["same", ""])),
        ("float16", "bytes", np.array([0.5, -2], np.float16).tobytes(), np.array([0.5, -2], np.float16)),
        ("uint8", "bytes", b"\x00\xff", np.array([0, 255], np.uint8)),
        ("int8", "bytes", b"\x80\x7f", np.array([-128, 127], np.int8)),
        ("int4", "bytes", b"\x78", np.array([-8, 7], np.int8)),
        ("uint2", "bytes", b"\x0b", np.array([3, 2], np.uint8)),
    ],
)
def test_types_in_the_model_file(
    ct: Any, tmp_path: Path, dtype: str, field: str, numbers: Any, expected: np.ndarray[Any, Any]
) -> None:
    assert ct
    value = value_proto(dtype, (1, 2))
    held = getattr(value.immediateValue.tensor, field)
    if field == "bytes":
        held.values = numbers
    else:
        held.values.extend(numbers)
    read = ValueReader(tmp_path, tmp_path / "model.mlmodel").read(value, "w")
    assert (read.dtype, read.shape) == (expected.dtype, (1, 2))
    np.testing.assert_array_equal(read[0], expected)


def test_lists_and_what_is_no_number(ct: Any, tmp_path: Path) -> None:
    assert ct
    from coremltools.proto import MIL_pb2

    reader = ValueReader(tmp_path, tmp_path / "model.mlmodel")
    value = MIL_pb2.Value()
    value.type.listType.length.constant.size = 2
    for text in ("a", "b"):
        one = value_proto("string", ())
        one.immediateValue.tensor.strings.values.append(text)
        value.immediateValue.list.values.append(one)
    value.type.listType.type.CopyFrom(value.immediateValue.list.values[0].type)
    assert reader.read(value, "names").tolist() == ["a", "b"]
    with pytest.raises(ExportError, match="w: expected a value in the model or in its weight file, got none"):
        reader.read(value_proto("float32", ()), "w")
    value.immediateValue.tuple.SetInParent()
    with pytest.raises(ExportError, match="w: expected an array or a list, got a tuple"):
        reader.read(value, "w")
    short = value_proto("float16", (2,))
    short.immediateValue.tensor.bytes.values = b"\0\0\0"
    with pytest.raises(ExportError, match="w: expected numbers of type float16, got 3 bytes"):
        reader.read(short, "w")
    strange = value_proto("float8e4m3fn", (2,))
    strange.immediateValue.tensor.bytes.values = b"\0\0"
    with pytest.raises(ExportError, match="expected numbers or texts of a known type, got float8e4m3fn"):
        reader.read(strange, "w")


@given(st.integers(1, 8), st.booleans(), st.data())
def test_bits_come_back(bits: int, signed: bool, data: st.DataObject) -> None:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    numbers = data.draw(st.lists(st.integers(low, high), max_size=20))
    whole = sum((number % 2**bits) << (bits * place) for place, number in enumerate(numbers))
    packed = np.frombuffer(whole.to_bytes(-(-bits * len(numbers) // 8), "little"), np.uint8)
    assert unpack_bits(packed, bits, len(numbers), signed=signed).tolist() == numbers
    with pytest.raises(ValueError, match="bytes for"):
        unpack_bits(np.append(packed, np.uint8(0)), bits, len(numbers))


def test_documented_examples_of_compression() -> None:
    """From the descriptions of the operations."""
    grouped = {
        "indices": np.array([[2, 3], [3, 0], [1, 0], [3, 0], [2, 1], [0, 3]], np.uint8),
        "lut": np.array([1, 5, 9, 13, 2, 10, 18, 26], np.float16).reshape(2, 1, 4, 1),
    }
    expected = [[9, 13], [13, 1], [5, 1], [26, 2], [18, 10], [2, 26]]
    assert unpack("constexpr_lut_to_dense", grouped)[0].tolist() == expected
    vectors = {
        "indices": np.array([[[0, 0], [1, 0]], [[1, 1], [0, 0]]], np.uint8),
        "lut": np.array([1, 2, 3, 4, 5, 6], np.int8).reshape(1, 1, 1, 2, 3),
    }
    rows = unpack("constexpr_lut_to_dense", {**vectors, "vector_axis": np.array(1)})[0]
    assert rows.tolist() == [
        [[1, 1], [2, 2], [3, 3], [4, 1], [5, 2], [6, 3]],
        [[4, 4], [5, 5], [6, 6], [1, 1], [2, 2], [3, 3]],
    ]
    last = unpack("constexpr_lut_to_dense", {**vectors, "vector_axis": np.array(-1)})[0]
    assert last[0].tolist() == [[1, 2, 3, 1, 2, 3], [4, 5, 6, 1, 2, 3]]
    packed = {"indices": np.array([0b01101100, 0b11], np.uint8), "lut": np.array([0, 1, 2, 3], np.float16)}
    assert unpack("constexpr_lut_to_dense", {**packed, "shape": np.array([5])})[0].tolist() == [0, 3, 2, 1, 3]
    sparse = {"nonzero_data": np.array([7, 8], np.float16), "mask": np.array([0b01100], np.uint8)}
    assert unpack("constexpr_sparse_to_dense", {**sparse, "shape": np.array([5])})[0].tolist() == [
        0,
        0,
        7,
        8,
        0,
    ]
    assert unpack("constexpr_sparse_to_dense", {**sparse, "mask": np.array([[1], [1]])})[0].tolist() == [
        [7],
        [8],
    ]
    mask, values = unpack(
        "constexpr_sparse_blockwise_shift_scale",
        {
            "data_mask": np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1], [1, 1, 0, 0]], np.uint8),
            "nonzero_data": np.array([10, 11, 3, 4, 5, 6, 7, 8, 9], np.int8),
            "scale": np.array([[0.1, 0.2, 0.3, 0.4]], np.float32),
            "offset": np.array([[1, 2, 3, 4]], np.int8),
        },
    )
    assert mask.sum() == 9
    np.testing.assert_allclose(values, [0.9, 1.8, 0.2, 0.4, 0.6, 0.9, 1.2, 0.7, 1.4], rtol=1e-6)
    palette = {
        "indices_mask": np.array([[1, 1, 0], [0, 1, 0]], np.uint8),
        "indices_nonzero_data": np.array([0, 1, 1], np.uint8),
        "lut": np.array([[2, 2], [3, 3]], np.float16).reshape(1, 1, 2, 2),
        "vector_axis": np.array(0),
    }
    mask, values = unpack("constexpr_lut_to_sparse", palette)
    assert mask.tolist() == [[1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert values.tolist() == [2, 3, 2, 3, 3, 3]


def test_scales_are_rounded_once() -> None:
    """scale · (q − zero point) is exact in float32 for 8-bit numbers and a float16 scale."""
    data = RNG.integers(-128, 128, (4, 3, 2)).astype(np.int8)
    scale, zero = RNG.random(3).astype(np.float16), np.array([3, -7, 0], np.int8)
    parts = {"quantized_data": data, "scale": scale, "zero_point": zero, "axis": np.array(1)}
    exact = scale.astype(np.float64)[:, None] * (data.astype(np.float64) - zero[:, None])
    (got,) = unpack("constexpr_affine_dequantize", parts)
    assert got.tobytes() == exact.astype(np.float16).tobytes()
    blocks = {"data": data, "scale": scale[:2].reshape(2, 1, 1), "offset": zero[:2].reshape(2, 1, 1)}
    exact = np.repeat(scale[:2], 2).astype(np.float64)[:, None, None] * (
        data - np.repeat(zero[:2], 2).astype(np.float64)[:, None, None]
    )
    (got,) = unpack("constexpr_blockwise_shift_scale", blocks)
    assert got.tobytes() == exact.astype(np.float16).tobytes()
    (cast,) = unpack("constexpr_cast", {"source_val": scale, "output_dtype": np.array("fp32")})
    assert cast.dtype == np.float32


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("constexpr_affine_dequantize", {}),
        ("constexpr_blockwise_shift_scale", {"data": np.ones((4, 3)), "scale": np.ones((3, 1), np.float32)}),
        ("constexpr_lut_to_dense", {"indices": np.ones(4, np.uint8), "lut": np.ones(2)}),
        ("constexpr_lut_to_dense", {"indices": np.ones(2, np.uint8), "lut": np.ones((1, 2, 2))}),
        ("constexpr_lut_to_dense", {"indices": np.full(2, 9, np.uint8), "lut": np.ones((1, 2, 1))}),
        (
            "constexpr_lut_to_dense",
            {"indices": np.ones(2, np.uint8), "lut": np.ones(4), "shape": np.array([99])},
        ),
        ("constexpr_sparse_to_dense", {"nonzero_data": np.ones(3), "mask": np.ones(4)}),
        ("constexpr_cast", {"source_val": np.ones(1), "output_dtype": np.array("fp99")}),
    ],
)
def test_parts_that_do_not_fit(kind: str, parts: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError, IndexError)):
        unpack(kind, parts)


WEIGHT = RNG.normal(size=(64, 3, 5, 5)).astype(np.float32)


def compressed(ct: Any, how: str, target: str, path: Path) -> Argument:
    """The weights of a convolution that coremltools compressed; by name of the way and oldest system."""
    import torch
    from coremltools.optimize import coreml as optimize

    weight = torch.from_numpy(WEIGHT)
    network = module_of(lambda image: torch.nn.functional.conv2d(image, weight))
    configs = {
        "int8": lambda: optimize.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=0),
        "uint8": lambda: optimize.OpLinearQuantizerConfig(
            mode="linear", dtype="uint8", granularity="per_tensor", weight_threshold=0
        ),
        "int4": lambda: optimize.OpLinearQuantizerConfig(
            dtype="int4", granularity="per_block", block_size=1, weight_threshold=0
        ),
        "palette": lambda: optimize.OpPalettizerConfig(mode="uniform", nbits=4, weight_threshold=0),
        "palette-3": lambda: optimize.OpPalettizerConfig(
            mode="uniform", nbits=3, granularity="per_grouped_channel", group_size=16, weight_threshold=0
        ),
        "sparse": lambda: optimize.OpMagnitudePrunerConfig(target_sparsity=0.5, weight_threshold=0),
    }
    do = {"pal": optimize.palettize_weights, "spa": optimize.prune_weights}
    with quietly():
        model, _ = convert_module(ct, network, conversion("maps", target=target))
        config = optimize.OptimizationConfig(global_config=configs[how]())
        do.get(how[:3], optimize.linear_quantize_weights)(model, config).save(str(path))
    conv = next(operation for operation in read_package(path).operations() if operation.kind == "conv")
    weight_argument = conv.argument("weight")
    assert weight_argument is not None
    return weight_argument


@pytest.mark.parametrize(
    ("how", "target", "kind"),
    [
        ("int8", "iOS16", "constexpr_affine_dequantize"),
        ("uint8", "iOS17", "constexpr_affine_dequantize"),
        ("int8", "iOS18", "constexpr_blockwise_shift_scale"),
        ("int4", "iOS18", "constexpr_blockwise_shift_scale"),
    ],
)
def test_quantised_weights_are_within_half_a_step(
    ct: Any, tmp_path: Path, how: str, target: str, kind: str
) -> None:
    argument = compressed(ct, how, target, tmp_path / "a.mlpackage")
    assert argument.unpacks is not None
    assert (argument.constant, argument.unpacks.kind) == (True, kind)
    value = argument.value()
    assert (value.dtype, value.shape) == (np.float16, WEIGHT.shape)
    step = np.asarray(argument.unpacks.constant("scale"), np.float64)
    if step.ndim == 1:
        step = step[:, None, None, None]
    value = value.astype(np.float64)
    rounding = (np.abs(value) + step) * 2.0**-9  # of the weight, of the scale, of their product
    assert (np.abs(value - WEIGHT) <= step / 2 + rounding).all()


@pytest.mark.parametrize(
    ("how", "target"), [("palette", "iOS16"), ("palette", "iOS18"), ("palette-3", "iOS18")]
)
def test_palettised_weights_are_within_half_a_step(ct: Any, tmp_path: Path, how: str, target: str) -> None:
    argument = compressed(ct, how, target, tmp_path / "a.mlpackage")
    assert argument.unpacks is not None
    assert argument.unpacks.kind == "constexpr_lut_to_dense"
    value = argument.value().astype(np.float64)
    table = np.asarray(argument.unpacks.constant("lut"), np.float64)
    groups = table.reshape(-1, table.size) if table.ndim == 1 else table.reshape(-1, table.shape[-2])
    assert groups.shape[1] == (8 if how == "palette-3" else 16)
    for entries, given_, got in zip(
        groups, np.split(WEIGHT, len(groups)), np.split(value, len(groups)), strict=True
    ):
        assert np.isin(got, entries).all()
        step = np.diff(entries).max()
        places = len(entries) * 2.0**-10  # coremltools finds the entry's place in float16
        assert (np.abs(given_ - got) <= step * (0.5 + places)).all()


def test_pruned_weights_keep_the_rest(ct: Any, tmp_path: Path) -> None:
    argument = compressed(ct, "sparse", "iOS16", tmp_path / "a.mlpackage")
    assert argument.unpacks is not None
    assert argument.unpacks.kind == "constexpr_sparse_to_dense"
    value, half = argument.value(), WEIGHT.astype(np.float16)
    kept = value != 0
    assert 0.45 < kept.mean() < 0.55
    np.testing.assert_array_equal(value[kept], half[kept])
    assert np.abs(half[~kept]).max() <= np.abs(half[kept]).min()


def test_compressed_parts_that_do_not_fit_name_the_package(ct: Any, tmp_path: Path) -> None:
    from coremltools.proto import Model_pb2

    package = tmp_path / "a.mlpackage"
    compressed(ct, "int8", "iOS16", package)
    file = package / "Data/com.apple.CoreML/model.mlmodel"
    model = Model_pb2.Model.FromString(file.read_bytes())
    function = model.mlProgram.functions["main"]
    for operation in function.block_specializations[function.opset].operations:
        if operation.type.startswith("constexpr"):
            operation.attributes["axis"].immediateValue.tensor.ints.values[0] = 1
    file.write_bytes(model.SerializeToString())
    conv = next(operation for operation in read_package(package).operations() if operation.kind == "conv")
    with pytest.raises(
        ExportError, match=r"a\.mlpackage: .*expected the parts of a constexpr_affine_dequantize, got"
    ):
        conv.constant("weight")
