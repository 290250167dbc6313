"""A model's inputs and outputs as an app sees them, from the description that a package carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flmcore.export.program import Block, TensorType

__all__ = ["feature_types"]

Types = dict[str, TensorType]
_NUMBERS = {"DOUBLE": "float64"}
_SCALARS = {"int64Type": "int64", "doubleType": "float64", "stringType": "string"}


def feature_types(description: Any, function: str, main: Block) -> tuple[Types, Types]:
    """Inputs and outputs of ``function`` by name; shapes that the description leaves out are the program's."""
    described = next((one for one in description.functions if one.name == function), description)
    produced = {value.name: value.type for operation in main.operations for value in operation.outputs}
    program = {**produced, **{value.name: value.type for value in main.inputs}}
    inputs = {str(feature.name): _type(feature, program) for feature in described.input}
    outputs = {str(feature.name): _type(feature, program) for feature in described.output}
    return inputs, outputs


def _type(feature: Any, program: Types) -> TensorType:
    kind = feature.type.WhichOneof("Type")
    if kind == "imageType":
        return TensorType("image", _picture_shape(feature.type.imageType))
    if kind in ("multiArrayType", "stateType"):
        array = feature.type.multiArrayType if kind == "multiArrayType" else feature.type.stateType.arrayType
        shape = _array_shape(array)
        if not shape and feature.name in program:
            shape = program[feature.name].shape
        return TensorType(_array_dtype(array.dataType), shape)
    return TensorType(_SCALARS.get(kind, (kind or "nothing").removesuffix("Type")))


def _array_dtype(number: int) -> str:
    from coremltools.proto.FeatureTypes_pb2 import ArrayFeatureType

    kinds = ArrayFeatureType.ArrayDataType
    name = str(kinds.Name(number)) if number in kinds.values() else f"type {number}"
    return _NUMBERS.get(name, name.lower())


def _array_shape(array: Any) -> tuple[int | None, ...]:
    flexible = array.WhichOneof("ShapeFlexibility")
    if flexible == "shapeRange":
        return tuple(_range(size) for size in array.shapeRange.sizeRanges)
    shape = tuple(int(size) for size in array.shape)
    if flexible != "enumeratedShapes":
        return shape
    return _common(
        [shape, *(tuple(int(size) for size in one.shape) for one in array.enumeratedShapes.shapes)]
    )


def _picture_shape(picture: Any) -> tuple[int | None, ...]:
    """As the tensor that the program gets: one picture, its channels, its rows, its columns."""
    grey = picture.colorSpace in (type(picture).GRAYSCALE, type(picture).GRAYSCALE_FLOAT16)
    channels = 1 if grey else 3
    flexible = picture.WhichOneof("SizeFlexibility")
    sizes: tuple[int | None, ...] = (int(picture.height), int(picture.width))
    if flexible == "imageSizeRange":
        sizes = (_range(picture.imageSizeRange.heightRange), _range(picture.imageSizeRange.widthRange))
    elif flexible == "enumeratedSizes":
        sizes = _common(
            [sizes, *((int(one.height), int(one.width)) for one in picture.enumeratedSizes.sizes)]
        )
    return (1, channels, *sizes)


def _range(size: Any) -> int | None:
    return int(size.lowerBound) if size.lowerBound == size.upperBound else None


def _common(shapes: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
    """The sizes on which all shapes agree, None where they do not."""
    if len({len(shape) for shape in shapes}) != 1:
        return ()
    return tuple(_agreed(sizes) for sizes in zip(*shapes, strict=True))


def _agreed(sizes: Sequence[int | None]) -> int | None:
    return sizes[0] if len(set(sizes)) == 1 else None
