"""From a loaded detector to the one graph that runs in an app: what is in it, and why some detectors have none."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flmcore.detectors.base import Detector
from flmcore.detectors.config import ZOO
from flmcore.detectors.decode import decode_outputs
from flmcore.detectors.schema import (
    CoordinatesDecode,
    DetectorConfig,
    HeatmapDecode,
    HeatmapOffsetDecode,
    SimccDecode,
)
from flmcore.errors import DetectorError, ExportError
from flmcore.export.decode_choice import choose_method, make_decoder
from flmcore.export.translated import graph_step
from flmcore.ops._maps import as_positive

if TYPE_CHECKING:
    from flmcore.export.deployed_module import Deployed, Network

__all__ = ["deploy", "landmark_outputs", "raw_outputs"]

_NO_MODULE = "{} models hold no PyTorch module: export the PyTorch checkpoint that they were made from"
_REASONS = {
    "dlib": "regression trees are no network: neither ONNX nor Core ML's neural programs have such an operation",
    "coreml": "it is an exported model already",
}


def deploy(
    detector: Detector,
    *,
    decode: str = "none",
    flip: bool = True,
    normalise: bool = True,
    beta: float | None = None,
    output_names: Sequence[str] | None = None,
) -> Deployed:
    """The detector as one PyTorch module, from a picture of its crop to named outputs, on the CPU.

    The network is a copy: what a converter does to it leaves the detector as it was.

    Args:
        detector: from :func:`flmcore.load_detector`, backend ``torch`` or ``torchscript``.
        decode: ``none`` gives the network's own outputs, named ``heatmaps``, ``simcc_x`` and ``simcc_y``, or ``landmarks``,
            and ``scores`` where it has any. ``argmax``, ``expectation`` and ``config`` (as the config says) give
            ``landmarks`` (N, K, 2) in crop pixels, pixel centres whole numbers, and ``scores`` (N, K) where there are any.
            docs/export.md defines them. A landmark whose score is not above the decoder's threshold, which flmcore
            answers with NaN, has numbers here: the app compares the score. A detector's label translation follows
            the decoder; with ``none`` it stays outside.
        flip: whether a config's ``decode.flip`` is in the graph.
        normalise: False for the form whose normalisation a converter folds into its picture input.
        beta: sharpness of the softmax of ``expectation``; None is the config's, or 1.
        output_names: in place of the names above, as many.

    Raises:
        ExportError: what cannot be in such a graph, and why.
        ValueError: ``beta`` that is not a positive number.
    """
    as_positive("beta", beta, 1.0)
    config = detector.config
    module = _module_of(detector)
    method = choose_method(config, decode)
    step = graph_step(detector, method)
    import torch

    from flmcore.export.deployed_module import Deployed, Network, Output

    with torch.no_grad():
        # Not frozen or fused: a read-back package is compared with the checkpoint tensor by tensor.
        own = copy.deepcopy(module).to("cpu").eval()
        for parameter in own.parameters():  # requires_grad_ is not there for TorchScript
            parameter.requires_grad_(False)
        network = Network(own, config, flip=flip)
        shapes = _probe(network, config)
        decoder = make_decoder(config, method, shapes, beta)
        if decoder is not None and step is not None:
            from flmcore.export.decode_graph import Translator

            decoder = Translator(decoder, step.rows, step.sources)
    kinds = raw_outputs(config) if decoder is None else landmark_outputs(config)
    if decoder is not None:
        count = config.landmarks if step is None else len(step.rows)
        shapes = [(1, count, 2), (1, count)][: len(kinds)]
    names = kinds if output_names is None else _checked_names(output_names, kinds)
    outputs = [Output(*entry) for entry in zip(names, kinds, shapes, strict=True)]
    deployed = Deployed(network, config, decoder, outputs=outputs, decode=method, normalise=normalise)
    return deployed.eval().requires_grad_(False)


def raw_outputs(config: DetectorConfig) -> tuple[str, ...]:
    """Names of the network's own outputs that decoding needs, in the order of ``wanted_outputs``."""
    names: dict[type, tuple[str, ...]] = {
        CoordinatesDecode: ("landmarks",),
        HeatmapDecode: ("heatmaps",),
        SimccDecode: ("simcc_x", "simcc_y"),
        HeatmapOffsetDecode: ("heatmaps_offsets",),
    }
    own = names[type(config.decode)]
    return own if config.output.scores is None else (*own, "scores")


def landmark_outputs(config: DetectorConfig) -> tuple[str, ...]:
    """Names of the outputs where decoding is in the graph."""
    scored = config.output.scores is not None or not isinstance(config.decode, CoordinatesDecode)
    return ("landmarks", "scores") if scored else ("landmarks",)


def _module_of(detector: Detector) -> Any:
    backend = detector.config.model.backend
    if backend not in ("torch", "torchscript"):
        reason = _REASONS.get(backend, _NO_MODULE.format(backend))
        msg = (
            f"{detector.name}: expected a detector with backend torch or torchscript, got {backend}: {reason}"
        )
        other = f"{detector.name}-torch"
        if (ZOO / f"{other}.toml").is_file():
            msg += f"; {other} is the same network in PyTorch"
        raise ExportError(msg)
    return detector.backend.module  # type: ignore[attr-defined]


def _probe(network: Network, config: DetectorConfig) -> list[tuple[int, ...]]:
    """Shapes of the outputs for one picture; ExportError where they depend on what is in the picture.

    A network whose outputs decode to the scheme's landmarks for a black picture and for noise is taken to have them fixed.
    """
    import torch

    width, height = config.crop.size
    noise = torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(0)) * 2 - 1
    shapes = []
    for picture in (torch.zeros_like(noise), noise):
        try:
            outputs = network(picture)
            decode_outputs(config, tuple(value.numpy() for value in outputs))
        except DetectorError as error:
            raise ExportError(str(error)) from error
        except Exception as error:  # a module from a file raises whatever it likes
            msg = f"{config.name}: expected outputs for a crop of noise, got {type(error).__name__}: {_one_line(error)}"
            raise ExportError(msg) from error
        shapes.append([tuple(value.shape) for value in outputs])
    if shapes[0] != shapes[1]:
        msg = f"{config.name}: expected outputs of fixed shapes, got {shapes[0]} for a black crop and {shapes[1]} for noise"
        raise ExportError(msg)
    return shapes[0]


def _checked_names(given: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """One name for each output, none twice, none the input's, each one that every target can spell."""
    names = list(given)
    if len(names) != len(kinds):
        expected = f"{len(kinds)}, in place of {', '.join(kinds)}"
        msg = f"output names: expected {expected}, got {len(names)}: {', '.join(names)}"
        raise ExportError(msg)
    for name, times in Counter(["image", *names]).items():
        if times > 1:
            held = "the input's" if name == "image" else "another output's"
            msg = f"output names: expected each once, got {name!r}, which is {held} too"
            raise ExportError(msg)
        if not (name.isidentifier() and name.isascii()):
            msg = f"output names: expected letters, digits and underscores, no digit first, got {name!r}"
            raise ExportError(msg)
    return names


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
