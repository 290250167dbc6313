"""Core ML programs made by hand, and the one that coremltools makes of a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from flmcore.export.program import Argument, Block, Operation, Program, TensorType

Shape = tuple[int | None, ...]


def value(name: str, *shape: int | None, dtype: str = "float16") -> Argument:
    """A value that is known only when the program runs."""
    return Argument(name, TensorType(dtype, shape))


def constant(content: Any, name: str = "", dtype: str | None = None) -> Argument:
    """A constant."""
    array = np.asarray(content)
    kind = dtype or ("string" if array.dtype.kind == "U" else array.dtype.name)
    return Argument(name, TensorType(kind, array.shape), True, lambda: array)


def weight(name: str, *shape: int) -> Argument:
    """A constant whose numbers do not matter."""
    return Argument(name, TensorType("float16", shape), True, lambda: np.zeros(shape, np.float16))


def operation(kind: str, outputs: Argument | tuple[Argument, ...], **inputs: Any) -> Operation:
    """An operation named after its first output; each parameter takes an argument or several."""
    made = outputs if isinstance(outputs, tuple) else (outputs,)
    given = {key: each if isinstance(each, tuple) else (each,) for key, each in inputs.items()}
    return Operation(kind, made[0].name, given, made)


def program(
    *operations: Operation, image: Shape = (1, 3, 8, 8), metadata: dict[str, str] | None = None
) -> Program:
    """A program whose input is ``image``."""
    given = value("image", *image, dtype="float32")
    outputs = tuple(argument.name for argument in operations[-1].outputs) if operations else ()
    return Program(
        specification=7,
        opset="CoreML6",
        inputs={"image": TensorType("image", image)},
        outputs={name: TensorType("float16") for name in outputs},
        main=Block((given,), operations, outputs),
        metadata=metadata or {},
        bytes=0,
    )


def relu(name: str, given: str) -> Operation:
    """What surely stays."""
    return operation("relu", value(name, 1, 8, 32, 32), x=value(given, 1, 8, 32, 32))


def resample(name: str, given: str) -> Operation:
    """What likely leaves."""
    places = value("places", 1, 32, 32, 2)
    return operation("resample", value(name, 1, 8, 32, 32), x=value(given, 1, 8, 32, 32), coordinates=places)


def conv(name: str, given: str, *, scope: str = "net_conv") -> Operation:
    """3×3, 8 to 8 channels on 32×32: 8·8·9·1024 = 589,824 multiply-adds."""
    kernel = weight(f"{scope}_weight_to_fp16", 8, 8, 3, 3)
    return operation("conv", value(name, 1, 8, 32, 32), x=value(given, 1, 8, 32, 32), weight=kernel)
