"""What an exported model says of itself: whose weights, which landmarks, and what is left to the app."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import flmcore
from flmcore.detectors.flip import flip_of
from flmcore.detectors.schema import (
    CoordinatesDecode,
    DetectorConfig,
    HeatmapDecode,
    HeatmapOffsetDecode,
    SimccDecode,
)
from flmcore.export import compression
from flmcore.export.decode_choice import decode_facts
from flmcore.schemes.mapping_file import mapping_text
from flmcore.schemes.rows import Mapping as SchemeMapping

__all__ = ["About", "app_duties", "describe_package", "input_text", "output_text", "user_metadata"]


@dataclass(frozen=True)
class About:
    """What the texts are made of.

    Attributes:
        config: the detector's own.
        decode: what is decoded in the graph: ``none``, or the method.
        flip: whether the graph holds the mirrored second pass that the config asks for.
        outputs: name → what it is: ``landmarks``, ``scores``, ``heatmaps``, ``simcc_x``, ``simcc_y``, …
        weights_sha256: of the checkpoint; None where a module was given.
        precision, compressed: of the exported model.
        image: a picture goes in; else an array.
        beta: of the softmax of a decoder in the graph, where one was asked for.
        mapping: label translation of the detector; in the graph where decoding is.
    """

    config: DetectorConfig
    decode: str
    flip: bool
    outputs: Mapping[str, str]
    weights_sha256: str | None
    precision: str = "float32"
    compressed: str = "none"
    image: bool = False
    beta: float | None = None
    mapping: SchemeMapping | None = None


def user_metadata(about: About) -> dict[str, str]:
    """Texts under ``flmcore.…``, the same keys in a Core ML package and in an ONNX file.

    ``flmcore.config`` is the detector's whole config without the paths of this machine.
    """
    config = about.config
    table = config.to_dict()
    table["path"] = None
    if config.model.weights is not None:  # may be the path of somebody's home
        table["model"]["weights"] = config.model.weights.replace("\\", "/").rpartition("/")[2]
    decode = {
        "in_graph": about.decode,
        **decode_facts(config, about.decode, about.beta),
        "flip_in_graph": about.flip,
        "left_to_app": app_duties(about)[1:],
        "config": table["decode"],
    }
    translation: dict[str, str] = {}
    if about.mapping is not None:
        facts = {"in_graph": about.decode != "none", "text": mapping_text(about.mapping)}
        translation["flmcore.mapping"] = _json(facts)
    return {
        "flmcore.version": flmcore.__version__,
        "flmcore.detector": config.name,
        "flmcore.scheme": config.scheme,
        "flmcore.landmarks": str(config.landmarks),
        "flmcore.crop": _json(table["crop"]),
        "flmcore.decode": _json(decode),
        "flmcore.licence": config.licence,
        "flmcore.config": _json(table),
        "flmcore.weights_sha256": about.weights_sha256 or "",
        "flmcore.precision": about.precision,
        "flmcore.compression": compression.in_words(about.compressed),
        **translation,
    }


def describe_package(spec: Any, about: About) -> None:
    """Write the texts into a specification (``Model_pb2.Model``), in place of coremltools' own but for its versions.

    The date goes: the same export gives the same bytes.
    """
    config, metadata = about.config, spec.description.metadata
    duties = " ".join(f"{number}. {duty}." for number, duty in enumerate(app_duties(about), 1))
    summary = f"{config.name}: {config.landmarks} face landmarks ({config.scheme}). The app's part: {duties}"
    metadata.shortDescription = summary
    metadata.author = config.source.publisher or "not stated"
    metadata.license = config.licence
    metadata.versionString = f"flmcore {flmcore.__version__}"
    metadata.userDefined.pop("com.github.apple.coremltools.conversion_date", None)
    for key, text in user_metadata(about).items():
        metadata.userDefined[key] = text
    for feature in spec.description.input:
        feature.shortDescription = input_text(about)
    for feature in spec.description.output:
        shape = tuple(feature.type.multiArrayType.shape)
        feature.shortDescription = output_text(about, feature.name, shape)


def app_duties(about: About) -> list[str]:
    """What the app does around the model, in order; one line each, no stop at its end."""
    config, crop = about.config, about.config.crop
    width, height = crop.size
    snap = f", snapped to whole pixels as {crop.snap} does" if crop.snap != "none" else ""
    box = f"a box of kind {crop.box}{snap}"
    duties = [
        f"crop by rule {crop.rule}, scale {crop.scale:g}, of {box}, to {width}×{height} pixels, border {crop.border}"
    ]
    if flip_of(config) != "none" and not about.flip:
        duties.append(
            f"run on the mirrored crop too, and take the {flip_of(config)} of both as the config says"
        )
    if about.decode == "none":
        duties.append(_decoding(config))
        if about.mapping is not None:
            target = f"{about.mapping.target}, weighted sums of {about.mapping.source}"
            duties.append(
                f"translate the landmarks into those of {target}: rows in the metadata flmcore.mapping"
            )
    elif (threshold := decode_facts(config, about.decode)["threshold"]) is not None and threshold > -1e30:
        duties.append(f"take a landmark whose score is not above {threshold:g} for undefined")
    return [
        *duties,
        f"take the landmarks back into the image through the inverse of the crop's affine{_in_image(config)}",
    ]


def input_text(about: About) -> str:
    """For the input's description."""
    width, height = about.config.crop.size
    if about.image:
        return (
            f"the face's crop, {width}×{height}, RGB; scale, mean and channel order of the network are inside"
        )
    shape = f"(1, 3, {height}, {width})"
    return f"the face's crop, float32 {shape}, RGB, grey levels 0 to 255; the network's scale and mean are inside"


def output_text(about: About, name: str, shape: tuple[int, ...]) -> str:
    """For an output's description: shape, units, origin."""
    what = about.outputs[name]
    sizes = f"({', '.join(map(str, shape))})"
    if about.decode != "none":
        pixels = "x, y in crop pixels, (0, 0) the centre of the top-left pixel"
        return f"{sizes}: {pixels if what == 'landmarks' else 'score of each landmark, of its own kind'}"
    return f"{sizes}: {_raw(about.config, what)}"


def _raw(config: DetectorConfig, what: str) -> str:
    decode = config.decode
    if what == "scores":
        return f"scores, activation {config.output.score_activation} left to the app"
    if isinstance(decode, CoordinatesDecode):
        units = {
            "normalized": "as shares of the crop's size, 0 to 1",
            "signed": "as shares of half the crop's size, −1 to 1",
            "pixels": "in crop pixels",
        }[decode.units]
        return f"x, y {decode.order} {units}, origin {decode.origin}"
    if isinstance(decode, SimccDecode):
        return f"bins along {what[-1]}, {decode.split_ratio:g} for each crop pixel, one row for each landmark"
    if isinstance(decode, HeatmapOffsetDecode):
        return f"maps of {config.landmarks} landmarks, then their offsets along {decode.offsets} as logits"
    return f"one map for each landmark, origin {decode.origin}"


def _decoding(config: DetectorConfig) -> str:
    """How raw outputs become landmarks in crop pixels, from the centre of the top-left pixel."""
    decode, size = config.decode, f"{config.crop.size[0]}×{config.crop.size[1]}"
    half = " − 0.5" if getattr(decode, "origin", "centre") == "edge" else ""
    if isinstance(decode, CoordinatesDecode):
        less = " less 1" if decode.origin == "corners" else ""
        factor = {
            "normalized": f"times {size}{less}",
            "signed": f"(p + 1) / 2 times {size}{less}",
            "pixels": "",
        }
        return f"landmarks in crop pixels: the output {factor[decode.units]}{half}".replace("  ", " ").strip()
    if isinstance(decode, SimccDecode):
        return f"landmarks in crop pixels: each row's peak by {decode.method} / {decode.split_ratio:g}{_shift(decode)}"
    if isinstance(decode, HeatmapDecode):
        return f"landmarks in crop pixels: each map's peak by {decode.method}, origin {decode.origin}"
    return f"landmarks in crop pixels: each map's peak, moved by its offset, divisor {decode.logit_divisor:g}"


def _shift(decode: SimccDecode) -> str:
    shift = 0.5 / decode.split_ratio - 0.5 if decode.origin == "edge" else 0.0
    return f" {'+' if shift > 0 else '−'} {abs(shift):g}" if shift else ""


def _after(decode: HeatmapDecode) -> str:
    truncated = decode.image_rounding == "truncate"
    return "; image pixels truncated, as the config says" if truncated else ""


def _in_image(config: DetectorConfig) -> str:
    """What follows on the way back, in image pixels."""
    decode = config.decode
    if not isinstance(decode, HeatmapDecode):
        return ""
    return (f", add {decode.image_offset:g}" if decode.image_offset else "") + _after(decode)


def _json(table: dict[str, Any]) -> str:
    return json.dumps(table, ensure_ascii=False, sort_keys=True)
