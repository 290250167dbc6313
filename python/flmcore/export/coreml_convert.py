"""From a PyTorch module to an ML program: traced, converted, and looked at before anybody relies on it."""

from __future__ import annotations

import gc
import re
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flmcore.detectors.backends.coreml_tools import Heard, Shown, quietly
from flmcore.errors import ExportError

if TYPE_CHECKING:
    import torch

__all__ = ["PRECISIONS", "TARGETS", "Conversion", "ImageInput", "convert_module", "program_block"]

PRECISIONS = ("float16", "float32")
TARGETS = ("iOS16", "iOS17", "iOS18")

_LAYERS = ("conv", "conv_transpose", "linear", "batch_norm", "layer_norm")

_UNKNOWN = re.compile(r"convert function for op '([^']+)'")
_PLACE = re.compile(r"converting '([^']+)' op \(located at: '([^']*)'\)")


@dataclass(frozen=True)
class ImageInput:
    """A picture as input: what the network sees is ``scale * grey level + bias``.

    Attributes:
        scale: one number for all channels, as Core ML has it.
        bias: of each channel.
        channels: ``rgb`` or ``bgr``, in which order the network has them, and ``bias`` too; Core ML brings any picture
            into it.
    """

    scale: float = 1.0
    bias: Sequence[float] = (0.0, 0.0, 0.0)
    channels: str = "rgb"


@dataclass(frozen=True)
class Conversion:
    """How a module becomes a program.

    Attributes:
        size: width and height of the input, which has three channels and a batch of one.
        input_name, output_names: in the program.
        image: a picture goes in; None where an array of float32 does.
        precision: of weights and of what is computed from them.
        target: oldest system that is to run the program.
        float32_outputs: outputs that are float32 at any precision; the others have the program's.
        float32_scopes: submodules of the module that are computed in float32 at any precision.
    """

    size: tuple[int, int]
    input_name: str
    output_names: tuple[str, ...]
    image: ImageInput | None
    precision: str = "float16"
    target: str = "iOS16"
    float32_outputs: tuple[str, ...] = ()
    float32_scopes: tuple[str, ...] = ()


def convert_module(
    ct: Any, module: torch.nn.Module, how: Conversion, *, shown: Shown | None = None
) -> tuple[Any, list[str]]:
    """The module as an ``MLModel`` that was not loaded, and coremltools' warnings that say something of it.

    Args:
        ct: coremltools.
        module: in evaluation mode; takes float32 (1, 3, H, W), gives as many tensors as ``how`` names.
        shown: is told how far the conversion is.

    Raises:
        ExportError: an operation that coremltools does not know (names it and where it is), sizes known only when the
            model runs, names of outputs that are no names or clash.
    """
    _check_names(how)
    traced = _trace(module, how)
    with quietly(shown) as heard:
        try:
            model = ct.convert(
                traced,
                convert_to="mlprogram",
                inputs=[_input_type(ct, how)],
                outputs=[_output_type(ct, how, name) for name in how.output_names],
                minimum_deployment_target=ct.target[how.target],
                compute_precision=_precision(ct, how),
                skip_model_load=True,
            )
        except MemoryError:
            raise
        except Exception as error:  # whatever an operation of the 400 that coremltools knows may raise
            explained = _explained(ct, error, heard)
            traceback.clear_frames(error.__traceback__)
            gc.collect()  # coremltools leaves its folder for weights to the collector, which would warn of it
            raise explained from error
    _check_program(model.get_spec(), how)
    return model, heard.warnings


def program_block(spec: Any) -> Any:
    """The block of the function that runs, in a specification (``Model_pb2.Model``)."""
    function = spec.mlProgram.functions["main"]
    return function.block_specializations[function.opset]


def _check_names(how: Conversion) -> None:
    names = (how.input_name, *how.output_names)
    for name in names:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            msg = f"outputs: expected names of letters, digits and underscores, got {name!r}"
            raise ExportError(msg)
    if len(set(names)) < len(names):
        msg = f"outputs: expected names that differ from each other and from the input's, got {', '.join(names)}"
        raise ExportError(msg)


def _trace(module: torch.nn.Module, how: Conversion) -> Any:
    import torch

    jit: Any = torch.jit  # its functions have no types
    width, height = how.size
    example = torch.full((1, 3, height, width), 0.5)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch.jit is to end; a size read while tracing is meant to be fixed
        try:
            found = module(example)
            traced = jit.trace(module, example, check_trace=False)
        except RuntimeError as error:
            msg = f"expected a network that can be traced, got {_short(error)}"
            raise ExportError(msg) from error
    outputs = list(found) if isinstance(found, (tuple, list)) else [found]
    if len({id(tensor) for tensor in (example, *outputs)}) <= len(outputs):  # one of them twice
        msg = "outputs: expected tensors of their own, got one under two names, or the input as it is"
        raise ExportError(msg)
    count = len(outputs)
    if count != len(how.output_names):
        msg = f"outputs: expected as many names as the network has outputs, {count}, got {', '.join(how.output_names)}"
        raise ExportError(msg)
    return traced


def _input_type(ct: Any, how: Conversion) -> Any:
    import numpy as np

    shape = (1, 3, how.size[1], how.size[0])
    if how.image is None:
        return ct.TensorType(name=how.input_name, shape=shape, dtype=np.float32)
    return ct.ImageType(
        name=how.input_name,
        shape=shape,
        scale=how.image.scale,
        bias=list(how.image.bias),
        color_layout=ct.colorlayout[how.image.channels.upper()],
    )


def _output_type(ct: Any, how: Conversion, name: str) -> Any:
    import numpy as np

    wide = how.precision == "float32" or name in how.float32_outputs
    return ct.TensorType(name=name, dtype=np.float32 if wide else np.float16)


def _precision(ct: Any, how: Conversion) -> Any:
    if how.precision == "float32":
        return ct.precision.FLOAT32
    if not how.float32_scopes:
        return ct.precision.FLOAT16
    from coremltools.converters.mil.mil.scope import ScopeSource

    def in_float16(operation: Any) -> bool:
        if (
            operation.op_type in _LAYERS
        ):  # one with which coremltools has merged a factor or an addend of the scope
            return True
        named = operation.scopes.get(ScopeSource.TORCHSCRIPT_MODULE_NAME, [])
        return not any(scope in how.float32_scopes for scope in named)

    return ct.transform.FP16ComputePrecision(op_selector=in_float16)


def _explained(ct: Any, error: Exception, heard: Heard) -> ExportError:
    """What coremltools could not do, and where in the network."""
    places = [found for line in heard.errors if (found := _PLACE.search(line))]
    # Innermost first: an operation inside a branch is reported again by the branch.
    kind, where = (places[0][1], places[0][2]) if places else ("", "")
    where = "/".join(part for part in where.split("/") if not part.isdigit())  # a number is no module's name
    at = f" (in {where})" if where else ""
    if unknown := _UNKNOWN.search(str(error)):
        expected = f"operations that coremltools {ct.__version__} knows"
        return ExportError(f"expected {expected}, got {unknown[1]}{at}, which it does not")
    got = f"{kind}{at}: " if kind else ""
    return ExportError(
        f"expected a network that coremltools {ct.__version__} converts, got {got}{_short(error)}"
    )


def _short(error: BaseException) -> str:
    line = " ".join(str(error).split())
    return f"{type(error).__name__}: {line[:300]}{'…' if len(line) > 300 else ''}"


def _check_program(spec: Any, how: Conversion) -> None:
    """coremltools renames and guesses; what an app relies on must be as it was asked for."""
    for operation in _operations(program_block(spec)):
        for output in operation.outputs:
            if any(d.HasField("unknown") for d in output.type.tensorType.dimensions):
                expected = "sizes that are fixed for a fixed input"
                msg = f"expected {expected}, got {operation.type} ({output.name}), whose size depends on the picture"
                raise ExportError(msg)
    names = tuple(feature.name for feature in spec.description.output)
    if names != how.output_names:
        msg = f"outputs: expected {', '.join(how.output_names)}, got {', '.join(names)} from coremltools"
        raise ExportError(msg)


def _operations(block: Any) -> Iterator[Any]:
    inner: Sequence[Any]
    for operation in block.operations:
        yield operation
        for inner in operation.blocks:
            yield from _operations(inner)
