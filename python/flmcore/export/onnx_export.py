"""A PyTorch detector as an ONNX file, run and compared before it is put in its place."""

from __future__ import annotations

import importlib.util
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flmcore.data.images import PathLike
from flmcore.detectors.base import Detector
from flmcore.detectors.weights import sha256_of
from flmcore.errors import MissingExtraError
from flmcore.export.coreml_metadata import About, app_duties, input_text, output_text, user_metadata
from flmcore.export.detector_file import detector_file
from flmcore.export.package_folder import check_place, config_file, put
from flmcore.export.translated import exported_config, files_beside
from flmcore.nearest import nearest

if TYPE_CHECKING:
    from flmcore.export.deployed_module import Deployed
    from flmcore.export.onnx_check import Difference

__all__ = ["BATCHES", "OPSETS", "PRECISIONS", "OnnxExport", "export_onnx", "prepare_onnx"]

PRECISIONS = ("float32", "float16")
BATCHES = ("dynamic", "1")
OPSETS = range(18, 24)  # torch's exporter writes 18; above, the onnx package raises it
_PACKAGES = {"torch": "torch", "onnx": "onnx", "onnxruntime": "onnx", "onnxscript": "export"}


@dataclass(frozen=True)
class OnnxExport:
    """What was written.

    Attributes:
        name: of the detector.
        path, config: the file, and the detector file beside it with backend ``onnx``.
        bytes: of the file.
        operations: how often each operator occurs.
        outputs: name → shape of each output, for one picture.
        difference: from the PyTorch module on the crops that both were run on.
        duties: what is left to the app, in order.
        seconds: for the conversion.
    """

    name: str
    path: Path
    config: Path
    bytes: int
    operations: Counter[str]
    outputs: Mapping[str, tuple[int, ...]]
    difference: Difference
    duties: tuple[str, ...]
    seconds: float


def export_onnx(
    detector: Detector,
    out: PathLike,
    *,
    precision: str = "float32",
    decode: str = "none",
    flip: bool = True,
    beta: float | None = None,
    batch: str = "dynamic",
    opset: int = 18,
    output_names: Sequence[str] | None = None,
    force: bool = False,
) -> OnnxExport:
    """Write ``out`` (``….onnx``) and a detector file beside it; whole or not at all.

    The model takes ``image``, float32 (N, 3, H, W), grey levels 0 to 255, RGB; mean, std and channel order of the network
    are inside. Before it is put in its place, onnxruntime runs it on crops beside the PyTorch module.

    Args:
        detector: from :func:`flmcore.load_detector`, of backend ``torch`` or ``torchscript``.
        out: the file; its folder must be there.
        precision: ``float32``; or ``float16`` for weights and activations of the network, by onnxruntime's own converter.
            Input, outputs, normalisation and decoding stay float32. On a CPU it is slower: it is for accelerators.
        decode, flip, beta, output_names: as of :func:`flmcore.export.deployed.deploy`.
        batch: ``dynamic``, or ``1`` for a fixed batch of one.
        opset: ONNX operator set, one of :data:`OPSETS`.
        force: replace files that are there.

    Raises:
        ExportError: the detector is no PyTorch network, an operation has no ONNX form, the file would give other
            landmarks than the module, or ``out`` cannot be written.
        MissingExtraError: torch, onnx, onnxruntime or onnxscript is not installed.
        ValueError: an option that is none.
    """
    _check_options(precision, batch, opset)
    place = Path(out)
    prepare_onnx(place, force=force)
    from flmcore.export.deployed import deploy
    from flmcore.export.onnx_check import compare
    from flmcore.export.onnx_convert import convert, halve

    module = deploy(detector, decode=decode, flip=flip, beta=beta, output_names=output_names)
    beside = files_beside(detector, place, in_graph=module.decode != "none", force=force)
    started = time.perf_counter()
    model = convert(module, detector.name, dynamic=batch == "dynamic", opset=opset)
    if precision == "float16":
        model = halve(model)
    seconds = time.perf_counter() - started
    about = About(
        config=exported_config(detector, place, in_graph=module.decode != "none"),
        decode=module.decode,
        flip=module.flip != "none",
        outputs=dict(zip(module.output_names, module.output_kinds, strict=True)),
        weights_sha256=detector.describe()["weights_sha256"],
        precision=precision,
        beta=beta,
        mapping=None if detector.translation is None else detector.translation.mapping,
    )
    _describe(model, module, about)
    data = model.SerializeToString(deterministic=True)
    difference = compare(detector.config, module, data, half=precision == "float16")
    put(place, lambda new: _write(new, data), lambda new: _detector_file(about, new), beside)
    return OnnxExport(
        name=detector.name,
        path=place,
        config=config_file(place),
        bytes=len(data),
        operations=Counter(node.op_type for node in model.graph.node if node.op_type != "Constant"),
        outputs=dict(zip(module.output_names, module.output_shapes, strict=True)),
        difference=difference,
        duties=tuple(app_duties(about)),
        seconds=seconds,
    )


def prepare_onnx(out: Path, *, force: bool = False) -> None:
    """What can be told before a detector is loaded; the errors of :func:`export_onnx` that are not of the detector."""
    for package, extra in _PACKAGES.items():
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError(package=package, extra=extra, what_for="export to ONNX")
    check_place(out, force=force, suffix=".onnx")


def _check_options(precision: str, batch: str, opset: int) -> None:
    for name, value, known in (("precision", precision, PRECISIONS), ("batch", batch, BATCHES)):
        if value not in known:
            msg = f"{name}: expected one of {', '.join(known)}, got {value!r}{nearest(value, known)}"
            raise ValueError(msg)
    if isinstance(opset, bool) or opset not in OPSETS:
        msg = f"opset: expected {OPSETS[0]} to {OPSETS[-1]}, got {opset!r}"
        raise ValueError(msg)


def _describe(model: Any, module: Deployed, about: About) -> None:
    """Texts for people and programs; the exporter's own notes, with paths of this machine, go."""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    for key, text in user_metadata(about).items():
        model.metadata_props.add(key=key, value=text)
    duties = " ".join(f"{number}. {duty}." for number, duty in enumerate(app_duties(about), 1))
    config = about.config
    model.doc_string = (
        f"{config.name}: {config.landmarks} face landmarks ({config.scheme}). The app's part: {duties}"
    )
    model.graph.name = config.name
    model.graph.input[0].doc_string = input_text(about)
    for value, shape in zip(model.graph.output, module.output_shapes, strict=True):
        value.doc_string = output_text(about, value.name, shape)


def _detector_file(about: About, file: Path) -> str:
    return detector_file(
        about.config,
        about.outputs,
        backend="onnx",
        weights=file.name,
        sha256=sha256_of(file),
        decoded=about.decode != "none",
        flip=about.flip,
    )


def _write(file: Path, data: bytes) -> None:
    file.write_bytes(data)
