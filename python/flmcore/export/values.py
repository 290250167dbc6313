"""Constants of an ML program as NumPy arrays, from the model file itself or from its weight file."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import ExportError
from flmcore.export.bits import unpack_bits
from flmcore.export.package_files import inside
from flmcore.export.program import TensorType

__all__ = ["ValueReader", "value_type"]

_BESIDE = "@model_path/"  # how a model names the folder in which it lies

# NumPy's type of each of Core ML's, and the function of coremltools' reader that gives it from a weight file.
# What is narrower than a byte comes back one number a byte.
_TYPES: dict[str, tuple[type[np.generic], str]] = {
    "float16": (np.float16, "read_fp16_data"),
    "float32": (np.float32, "read_float_data"),
    "int4": (np.int8, "read_int4_data"),
    "int8": (np.int8, "read_int8_data"),
    "int16": (np.int16, "read_int16_data"),
    "int32": (np.int32, "read_int32_data"),
    "uint1": (np.uint8, "read_uint1_data"),
    "uint2": (np.uint8, "read_uint2_data"),
    "uint3": (np.uint8, "read_uint3_data"),
    "uint4": (np.uint8, "read_uint4_data"),
    "uint6": (np.uint8, "read_uint6_data"),
    "uint8": (np.uint8, "read_uint8_data"),
    "uint16": (np.uint16, "read_uint16_data"),
    "uint32": (np.uint32, "read_uint32_data"),
    "float64": (np.float64, ""),
    "int64": (np.int64, ""),
    "uint64": (np.uint64, ""),
    "bool": (np.bool_, ""),
    "string": (np.str_, ""),
}
_BITS = {"int4": 4, "uint1": 1, "uint2": 2, "uint3": 3, "uint4": 4, "uint6": 6}


def value_type(proto: Any) -> TensorType:
    """From a ``ValueType`` of the specification; lists and states are named as what they hold."""
    kind = proto.WhichOneof("type")
    if kind == "tensorType":
        tensor = proto.tensorType
        return TensorType(_dtype(tensor.dataType), tuple(_size(size) for size in tensor.dimensions))
    if kind == "listType":
        return TensorType(f"list of {value_type(proto.listType.type).dtype}", (_size(proto.listType.length),))
    if kind == "stateType":
        held = value_type(proto.stateType.wrappedType)
        return TensorType(f"state of {held.dtype}", held.shape)
    return TensorType((kind or "nothing").removesuffix("Type"))


@functools.cache
def _dtype(number: int) -> str:
    from coremltools.proto.MIL_pb2 import DataType as kinds

    return str(kinds.Name(number)).lower() if number in kinds.values() else f"type {number}"


def _size(dimension: Any) -> int | None:
    return int(dimension.constant.size) if dimension.WhichOneof("dimension") == "constant" else None


class ValueReader:
    """Reads the constants of one package; the weight file is opened when the first of them is asked for."""

    def __init__(self, package: Path, model: Path) -> None:
        self._package, self._folder = package, model.parent
        self._blobs: dict[Path, Any] = {}

    def read(self, proto: Any, name: str) -> NDArray[Any]:
        """The value of a ``Value`` of the specification; ``name`` is for messages. ExportError where it is broken."""
        stored = proto.WhichOneof("value")
        kind = value_type(proto.type)
        if stored == "blobFileValue":
            file = proto.blobFileValue
            return self._shaped(self._from_file(file.fileName, int(file.offset), kind, name), kind, name)
        if stored != "immediateValue":
            raise self.error(name, "a value in the model or in its weight file", "none")
        held = proto.immediateValue.WhichOneof("value")
        if held == "tensor":
            return self._shaped(self._from_tensor(proto.immediateValue.tensor, kind, name), kind, name)
        if held == "list":
            return np.asarray([self.read(value, name) for value in proto.immediateValue.list.values])
        raise self.error(name, "an array or a list", f"a {held}")

    def error(self, name: str, expected: str, got: object) -> ExportError:
        """That ``name`` of this package is not as it must be."""
        return ExportError(f"{self._package}: {name}: expected {expected}, got {got}")

    def _from_file(self, file: str, offset: int, kind: TensorType, name: str) -> NDArray[Any]:
        dtype, function = _TYPES.get(kind.dtype, (np.float32, ""))
        if not function:
            raise self.error(name, "a type that weight files hold", kind.dtype)
        if not file.startswith(_BESIDE):
            raise self.error(name, f"a weight file under {_BESIDE}", repr(file))
        path = inside(self._package, self._folder, file.removeprefix(_BESIDE))
        try:
            if path not in self._blobs:
                self._blobs[path] = _open(path)
            values = np.asarray(getattr(self._blobs[path], function)(offset))
        except (RuntimeError, ValueError) as error:
            got = str(error).rstrip(".")
            msg = f"{path}: expected {name} of type {kind.dtype} at byte {offset}, got: {got}"
            raise ExportError(msg) from error
        return (
            values.view(dtype) if values.dtype.itemsize == np.dtype(dtype).itemsize else values.astype(dtype)
        )

    def _from_tensor(self, tensor: Any, kind: TensorType, name: str) -> NDArray[Any]:
        field = tensor.WhichOneof("value")
        if kind.dtype not in _TYPES or field is None:
            raise self.error(name, "numbers or texts of a known type", kind.dtype)
        dtype = _TYPES[kind.dtype][0]
        values = getattr(tensor, field).values
        if field == "bytes":
            return self._from_bytes(values, kind, name)
        try:
            return np.asarray(list(values), dtype)
        except (OverflowError, ValueError) as error:
            raise self.error(name, kind.dtype, error) from error

    def _from_bytes(self, raw: bytes, kind: TensorType, name: str) -> NDArray[Any]:
        dtype = np.dtype(_TYPES[kind.dtype][0])
        bits = _BITS.get(kind.dtype)
        try:
            if bits is None:
                return np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype)
            count = math.prod(_known(kind.shape))
            return unpack_bits(np.frombuffer(raw, np.uint8), bits, count, signed=dtype.kind == "i")
        except ValueError as error:
            raise self.error(name, f"numbers of type {kind.dtype}", f"{len(raw)} bytes") from error

    def _shaped(self, values: NDArray[Any], kind: TensorType, name: str) -> NDArray[Any]:
        if None in kind.shape or math.prod(_known(kind.shape)) != values.size:
            raise self.error(name, f"{kind.shape} values", f"{values.size}")
        return values.reshape(_known(kind.shape))


def _known(shape: Sequence[int | None]) -> tuple[int, ...]:
    return tuple(size or 0 for size in shape)


def _open(path: Path) -> Any:
    from coremltools.libmilstoragepython import _BlobStorageReader

    return _BlobStorageReader(str(path))
