"""A PyTorch detector as a Core ML package."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flmcore.data.images import PathLike
from flmcore.detectors.backends.coreml_tools import Shown, import_coremltools
from flmcore.detectors.base import Detector
from flmcore.detectors.weights import sha256_of
from flmcore.errors import ExportError, MissingExtraError
from flmcore.export.compression import check_compression, compress
from flmcore.export.coreml_convert import (
    PRECISIONS,
    TARGETS,
    Conversion,
    ImageInput,
    convert_module,
    program_block,
)
from flmcore.export.coreml_metadata import About, app_duties, describe_package
from flmcore.export.detector_file import detector_file
from flmcore.export.package_files import size_of
from flmcore.export.package_folder import check_place, config_file, copy_package, put
from flmcore.export.translated import exported_config, files_beside
from flmcore.nearest import nearest

if TYPE_CHECKING:
    from flmcore.export.deployed_module import Deployed

__all__ = ["INPUTS", "CoremlExport", "check_versions", "export_coreml", "prepare_export"]

INPUTS = ("image", "array")
_NUMPY = (2, 4)  # coremltools 9 makes numbers of arrays of one element, which numpy gave up in this version


@dataclass(frozen=True)
class CoremlExport:
    """What was written.

    Attributes:
        name: of the detector.
        path: the package, a folder.
        config: the detector file beside it, with backend ``coreml``.
        bytes: of all files of the package.
        operations: how often each operation occurs in the program, constants left out.
        outputs: name → shape of each output.
        duties: what is left to the app, in order.
        warnings: of coremltools, those that say something of this network.
        seconds: for the conversion, compression included.
    """

    name: str
    path: Path
    config: Path
    bytes: int
    operations: Counter[str]
    outputs: Mapping[str, tuple[int, ...]]
    duties: tuple[str, ...]
    warnings: tuple[str, ...]
    seconds: float


def export_coreml(
    detector: Detector,
    out: PathLike,
    *,
    precision: str = "float16",
    decode: str = "none",
    flip: bool = True,
    compression: str = "none",
    target: str = "iOS16",
    input_kind: str = "image",
    output_names: Sequence[str] | None = None,
    force: bool = False,
    shown: Shown | None = None,
) -> CoremlExport:
    """Write ``out`` (``….mlpackage``) and a detector file beside it; whole or not at all, the same bytes each time.

    The program has fixed sizes and a batch of one. Landmarks that it decodes are in crop pixels, (0, 0) the centre of
    the top-left pixel; they and scores are float32, and decoding is computed in float32, at any precision: half a
    float has steps of 1/8 pixel from 128 on, which would be counted as jitter.

    Args:
        detector: from :func:`flmcore.load_detector`, of backend ``torch`` or ``torchscript``.
        out: the package; its folder must be there.
        precision: ``float16`` or ``float32``, of weights and activations.
        decode: what becomes part of the program: ``none``, ``argmax``, ``expectation``, or ``config`` for the
            detector's own.
        flip: with the mirrored second pass, where the config has one.
        compression: one of :data:`~flmcore.export.compression.COMPRESSIONS`, of the weights.
        target: oldest system to run it: ``iOS16``, ``iOS17``, ``iOS18``.
        input_kind: ``image`` takes an RGB picture; ``array`` float32 (1, 3, H, W), RGB, grey levels 0 to 255.
        output_names: in place of the usual ones, as many.
        force: replace a package and a detector file that are there.
        shown: is told what is done and which share of it is done.

    Raises:
        ExportError: the detector is no PyTorch network, an operation is unknown to coremltools, ``out`` cannot be
            written, numpy is too new for coremltools.
        MissingExtraError: coremltools or PyTorch is not installed.
        ValueError: an option that is none.
    """
    _check_options(precision, compression, target, input_kind)
    place = Path(out)
    prepare_export(place, force=force)
    from flmcore.export.deployed import deploy

    ct = import_coremltools("export to Core ML")
    image = input_kind == "image"
    module = deploy(detector, decode=decode, flip=flip, normalise=not image, output_names=output_names)
    beside = files_beside(detector, place, in_graph=module.decode != "none", force=force)
    how = _conversion(detector, module, precision, target, image=image)
    started = time.perf_counter()
    try:
        model, warnings = convert_module(ct, module, how, shown=shown)
    except ExportError as error:
        msg = f"{detector.name}: {error}"
        raise ExportError(msg) from error
    model = compress(ct, model, compression, shown=shown)
    seconds = time.perf_counter() - started
    about = About(
        config=exported_config(detector, place, in_graph=module.decode != "none"),
        decode=module.decode,
        flip=module.flip != "none",
        outputs=_own_names(detector, module),
        weights_sha256=detector.describe()["weights_sha256"],
        precision=precision,
        compressed=compression,
        image=image,
        mapping=None if detector.translation is None else detector.translation.mapping,
    )
    spec = model.get_spec()
    describe_package(spec, about)
    try:
        put(place, lambda new: _fill(new, model, spec), lambda new: _detector_file(about, new), beside)
    finally:
        shutil.rmtree(model.package_path, ignore_errors=True)
    return CoremlExport(
        name=detector.name,
        path=place,
        config=config_file(place),
        bytes=size_of(place),
        operations=Counter(op.type for op in program_block(spec).operations if op.type != "const"),
        outputs={
            feature.name: tuple(feature.type.multiArrayType.shape) for feature in spec.description.output
        },
        duties=tuple(app_duties(about)),
        warnings=tuple(warnings),
        seconds=seconds,
    )


def prepare_export(out: Path, *, force: bool = False) -> None:
    """What can be told before a detector is loaded; the errors of :func:`export_coreml` that are not of the detector."""
    check_versions(np.__version__, sys.platform)
    check_place(out, force=force)


def check_versions(numpy: str, platform: str) -> None:
    """ExportError where coremltools cannot be had or fails; ahead of a conversion, of which some would come through.

    Args:
        numpy: its version.
        platform: as :data:`sys.platform` has it.
    """
    if platform not in ("linux", "darwin"):
        msg = f"export to Core ML: expected Linux or macOS, for which coremltools is made, got {platform}"
        raise ExportError(msg)
    if importlib.util.find_spec("coremltools") is None:
        raise MissingExtraError(package="coremltools", extra="coreml", what_for="export to Core ML")
    if tuple(int(part) for part in numpy.split(".")[:2]) >= _NUMPY:
        least = ".".join(map(str, _NUMPY))
        msg = (
            f"export to Core ML: expected numpy below {least}, with which coremltools 9 fails on networks such as SLPT, "
            f"got {numpy}: pip install 'numpy<{least}'"
        )
        raise ExportError(msg)


def _check_options(precision: str, compression: str, target: str, input_kind: str) -> None:
    for name, value, known in (
        ("precision", precision, PRECISIONS),
        ("target", target, TARGETS),
        ("input", input_kind, INPUTS),
    ):
        if value not in known:
            msg = f"{name}: expected one of {', '.join(known)}, got {value!r}{nearest(value, known)}"
            raise ValueError(msg)
    check_compression(compression, precision)


def _conversion(
    detector: Detector, module: Deployed, precision: str, target: str, *, image: bool
) -> Conversion:
    picture = ImageInput(module.image_scale, module.image_bias, module.image_channels) if image else None
    return Conversion(
        size=detector.config.crop.size,
        input_name=module.input_name,
        output_names=module.output_names,
        image=picture,
        precision=precision,
        target=target,
        float32_outputs=tuple(
            name for name, own in _own_names(detector, module).items() if own in ("landmarks", "scores")
        ),
        float32_scopes=("decoder",),
    )


def _own_names(detector: Detector, module: Deployed) -> dict[str, str]:
    """Name of each output → its usual name, which says what it is."""
    from flmcore.export.deployed import raw_outputs

    decoded = ("landmarks", "scores")[: len(module.output_names)]
    usual = raw_outputs(detector.config) if module.decode == "none" else decoded
    return dict(zip(module.output_names, usual, strict=True))


def _detector_file(about: About, package: Path) -> str:
    return detector_file(
        about.config,
        about.outputs,
        backend="coreml",
        weights=package.name,
        sha256=sha256_of(package),
        decoded=about.decode != "none",
        flip=about.flip,
    )


def _fill(folder: Path, model: Any, spec: Any) -> None:
    copy_package(Path(model.package_path), spec.SerializeToString(deterministic=True), folder)
