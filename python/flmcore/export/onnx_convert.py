"""From the deployed module to an ONNX graph, in float32 and in float16."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flmcore.errors import ExportError

if TYPE_CHECKING:
    from flmcore.export.deployed_module import Deployed

__all__ = ["convert", "halve"]

_EXPORTED = 18  # the operator set that torch's exporter itself writes
_OUTSIDE = "flmcore.outside"  # mark of operations that stay float32


def convert(module: Deployed, name: str, *, dynamic: bool, opset: int, fold: bool = True) -> Any:
    """An ``onnx.ModelProto``, checked with its shapes; what surrounds the network is marked for :func:`halve`.

    A module of Python goes through torch's current exporter. A TorchScript file, which that does not take, goes through
    the former one, which knows nothing else. Without ``fold`` the current one leaves the network's tensors as they are:
    batch normalisation is no part of a convolution yet.

    Raises:
        ExportError: an operation has no ONNX form, or the model depends on what is in a picture.
    """
    import onnx
    import torch

    scripted = any(isinstance(part, torch.jit.ScriptModule) for part in module.modules())
    width, height = module.image_size
    picture = torch.full(
        (2 if dynamic else 1, 3, height, width), 127.0
    )  # one picture would be taken for a fixed size
    try:
        with _quiet(), torch.no_grad():
            if scripted:
                model = _former(torch, module, picture, dynamic=dynamic)
            else:
                model = _current(torch, module, picture, dynamic=dynamic, fold=fold)
        if opset != _opset_of(model):
            model = onnx.version_converter.convert_version(model, opset)
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # torch and onnx have a class for each stage
        lines = [line for line in str(error).splitlines() if line.strip()]
        reason = " ".join((lines or [type(error).__name__])[0].split())
        msg = f"{name}: expected a network whose operations ONNX has, got {type(error).__name__}: {reason}"
        raise ExportError(msg) from error
    return model


def halve(model: Any) -> Any:
    """Weights and activations of the network in float16, by onnxruntime's converter; all else stays as it is."""
    tool: Any = importlib.import_module("onnxruntime.transformers.float16")  # comes without types
    outside = [node.name for node in model.graph.node if any(p.key == _OUTSIDE for p in node.metadata_props)]
    with _quiet():
        return tool.convert_float_to_float16(model, keep_io_types=True, node_block_list=outside)


def _current(torch: Any, module: Deployed, picture: Any, *, dynamic: bool, fold: bool) -> Any:
    program = torch.onnx.export(
        module,
        (picture,),
        dynamo=True,
        verbose=False,
        optimize=fold,
        opset_version=_EXPORTED,
        input_names=[module.input_name],
        output_names=list(module.output_names),
        dynamic_shapes=({0: torch.export.Dim("batch")},) if dynamic else None,
    )
    model = program.model_proto
    for node in model.graph.node:
        scopes = {p.key: p.value for p in node.metadata_props}.get("pkg.torch.onnx.name_scopes", "")
        _mark(node, inside="'network" in scopes)
    return model


def _former(torch: Any, module: Deployed, picture: Any, *, dynamic: bool) -> Any:
    import onnx

    names = [module.input_name, *module.output_names]
    file = io.BytesIO()
    # Traced ahead: within the exporter's own trace, a module of a TorchScript file is refused as none of its parts.
    torch.onnx.export(
        torch.jit.trace(module, picture, check_trace=False),
        (picture,),
        file,
        dynamo=False,
        opset_version=_EXPORTED,
        input_names=names[:1],
        output_names=names[1:],
        dynamic_axes={name: {0: "batch"} for name in names} if dynamic else None,
    )
    model = onnx.load_from_string(file.getvalue())
    for value, shape in zip(model.graph.output, module.output_shapes, strict=True):
        for axis, extent in zip(value.type.tensor_type.shape.dim[1:], shape[1:], strict=True):
            axis.dim_value = extent  # the tracer gives up on what is known
    for node in model.graph.node:
        _mark(node, inside=node.name.startswith("/network/"))
    return model


def _mark(node: Any, *, inside: bool) -> None:
    if not inside:
        node.metadata_props.add(key=_OUTSIDE, value="")


def _opset_of(model: Any) -> int:
    return int(next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Exporters announce what is deprecated in torch's own code, and print every constant that they did not fold."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
