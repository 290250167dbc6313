"""What a package is fed while it is timed.

coremltools 9.0 makes no picture for a package that takes one (its issue 2678), and passes tensors alone to a connected
device: there a copy of the model is timed whose input is declared as a tensor. The program itself stays as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["random_inputs", "takes_pictures", "with_tensor_inputs"]

_GREY, _FLOAT_GREY = 10, 40  # ImageFeatureType.ColorSpace: GRAYSCALE, GRAYSCALE_FLOAT16
_FLOAT16, _FLOAT32, _INT32, _DOUBLE = 65552, 65568, 131104, 65600  # ArrayFeatureType.ArrayDataType
_TYPES = {_FLOAT16: np.float16, _FLOAT32: np.float32, _INT32: np.int32, _DOUBLE: np.float64}


def takes_pictures(specification: Any) -> bool:
    """Whether an input is a picture."""
    return any(feature.type.WhichOneof("Type") == "imageType" for feature in specification.description.input)


def random_inputs(specification: Any, seed: int = 0) -> dict[str, Any]:
    """Noise for every input: a PIL picture, or an array; the same at every call.

    Raises:
        ValueError: an input that is neither.
    """
    random = np.random.default_rng(seed)
    return {feature.name: _noise(feature, random) for feature in specification.description.input}


def _noise(feature: Any, random: np.random.Generator) -> Any:
    from PIL import Image

    kind = feature.type.WhichOneof("Type")
    if kind == "imageType":
        picture = feature.type.imageType
        shape: tuple[int, ...] = (picture.height, picture.width)
        if picture.colorSpace == _FLOAT_GREY:
            return Image.fromarray(random.random(shape, dtype=np.float32))
        return Image.fromarray(
            random.integers(0, 256, shape if picture.colorSpace == _GREY else (*shape, 3), dtype=np.uint8)
        )
    if kind == "multiArrayType" and feature.type.multiArrayType.dataType in _TYPES:
        array = feature.type.multiArrayType
        values = random.random(tuple(array.shape))
        return (255 * values).astype(_TYPES[array.dataType])  # the range of grey levels
    msg = f"{feature.name}: expected a picture or an array as the package's input, got {kind}"
    raise ValueError(msg)


def with_tensor_inputs(specification: Any) -> Any:
    """A copy whose pictures are declared as float32 arrays, 1×3×H×W or 1×1×H×W, which is what the program's function takes."""
    copy = type(specification)()
    copy.CopyFrom(specification)
    for feature in copy.description.input:
        if feature.type.WhichOneof("Type") == "imageType":
            picture = feature.type.imageType
            channels = 1 if picture.colorSpace in (_GREY, _FLOAT_GREY) else 3
            shape = [1, channels, picture.height, picture.width]
            array = feature.type.multiArrayType  # taken, it takes the picture's place
            array.dataType = _FLOAT16 if picture.colorSpace == _FLOAT_GREY else _FLOAT32
            array.shape.extend(shape)
    return copy
