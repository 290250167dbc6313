"""What a detector's config file may say: one dataclass per table, one field per key."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from flmcore.detectors.checks import (
    Check,
    choice,
    count,
    count_or_text,
    digest,
    flag,
    grey_levels,
    number,
    numbers,
    options,
    positive,
    rectangle,
    size,
    text,
    whole,
)
from flmcore.ops.affine import BOX_RULES

__all__ = [
    "BACKENDS",
    "DECODERS",
    "CoordinatesDecode",
    "CropConfig",
    "DecodeConfig",
    "DetectorConfig",
    "HeatmapDecode",
    "HeatmapOffsetDecode",
    "InputConfig",
    "MappingConfig",
    "ModelConfig",
    "OutputConfig",
    "SimccDecode",
    "SourceConfig",
]

BACKENDS = ("onnx", "torch", "torchscript", "dlib", "tflite", "openvino", "coreml")
HEATMAP_METHODS = ("argmax", "quarter", "taylor", "dark", "dark_udp", "softargmax", "local_mean")
SIMCC_METHODS = ("argmax", "dark", "expectation")
ORIGINS = ("edge", "centre", "corners")
FLIPS = ("none", "sum", "mean")


def _key(check: Check, **default: Any) -> Any:
    return dataclasses.field(metadata={"check": check}, **default)


@dataclass(frozen=True)
class ModelConfig:
    """``[model]``: which program runs which weights."""

    backend: str = _key(choice(*BACKENDS))
    weights: str | None = _key(text, default=None)
    sha256: str | None = _key(digest, default=None)
    data_sha256: str | None = _key(digest, default=None)  # of the numbers beside a model
    network: str | None = _key(text, default=None)
    options: dict[str, Any] = _key(options, default_factory=dict)  # of the network
    state: str | None = _key(text, default=None)
    mean_face: str | None = _key(text, default=None)
    batch: int | None = _key(count(1, 4096), default=None)
    rectangle: tuple[int, int, int, int] | None = _key(rectangle, default=None)


@dataclass(frozen=True)
class CropConfig:
    """``[crop]``: from a face box to the network's window."""

    size: tuple[int, int] = _key(size)
    rule: str = _key(choice(*BOX_RULES), default="square")
    box: str = _key(text, default="landmarks")
    scale: float = _key(positive, default=1.0)
    shift: tuple[float, float] = _key(numbers(2), default=(0.0, 0.0))
    snap: str = _key(choice("none", "fan"), default="none")
    border: str = _key(choice("constant", "replicate", "reflect"), default="constant")
    border_value: tuple[float, ...] = _key(grey_levels, default=(0.0, 0.0, 0.0))
    interpolation: str = _key(choice("nearest", "bilinear"), default="bilinear")
    antialias: bool = _key(flag, default=False)
    clamp: bool = _key(flag, default=False)


@dataclass(frozen=True)
class InputConfig:
    """``[input]``: from crop pixels to the network's numbers, ``(pixel - mean) / std``."""

    channels: str = _key(choice("rgb", "bgr"), default="rgb")
    mean: tuple[float, ...] = _key(numbers(3, repeat=True), default=(0.0, 0.0, 0.0))
    std: tuple[float, ...] = _key(numbers(3, above_zero=True, repeat=True), default=(1.0, 1.0, 1.0))
    layout: str = _key(choice("nchw", "nhwc", "nwhc"), default="nchw")


@dataclass(frozen=True)
class OutputConfig:
    """``[output]``: which of the model's outputs is what."""

    landmarks: int | str = _key(count_or_text, default=0)
    x: int | str = _key(count_or_text, default=0)
    y: int | str = _key(count_or_text, default=1)
    scores: int | str | None = _key(count_or_text, default=None)
    score_column: int | None = _key(count(0, 1000), default=None)
    score_activation: str = _key(choice("none", "sigmoid"), default="none")


@dataclass(frozen=True)
class CoordinatesDecode:
    """``[decode] kind = "coordinates"``: the network gives the landmarks themselves."""

    kind: ClassVar[str] = "coordinates"
    units: str = _key(choice("normalized", "signed", "pixels"), default="normalized")
    origin: str = _key(choice(*ORIGINS), default="edge")
    order: str = _key(choice("interleaved", "planar"), default="interleaved")
    stride: int = _key(count(2, 16), default=2)


@dataclass(frozen=True)
class HeatmapDecode:
    """``[decode] kind = "heatmap"``: one map per landmark."""

    kind: ClassVar[str] = "heatmap"
    method: str = _key(choice(*HEATMAP_METHODS), default="argmax")
    origin: str = _key(choice(*ORIGINS, "cell"), default="edge")
    options: dict[str, Any] = _key(options, default_factory=dict)
    flip: str = _key(choice(*FLIPS), default="none")
    image_offset: float = _key(number, default=0.0)
    image_rounding: str = _key(choice("none", "truncate"), default="none")


@dataclass(frozen=True)
class SimccDecode:
    """``[decode] kind = "simcc"``: one classification per axis and landmark."""

    kind: ClassVar[str] = "simcc"
    method: str = _key(choice(*SIMCC_METHODS), default="argmax")
    split_ratio: float = _key(positive, default=2.0)
    origin: str = _key(choice("centre", "edge"), default="centre")
    flip: str = _key(choice(*FLIPS), default="none")


@dataclass(frozen=True)
class HeatmapOffsetDecode:
    """``[decode] kind = "heatmap-offset"``: a coarse map per landmark and two maps of offsets as logits."""

    kind: ClassVar[str] = "heatmap-offset"
    origin: str = _key(choice(*ORIGINS), default="corners")
    offsets: str = _key(choice("yx", "xy"), default="yx")
    logit_divisor: float = _key(positive, default=16.0)


@dataclass(frozen=True)
class MappingConfig:
    """``[mapping]``: what brings the network's landmarks to where annotators put theirs; ``none`` is none."""

    file: str = _key(text)
    sha256: str | None = _key(digest, default=None)


@dataclass(frozen=True)
class SourceConfig:
    """``[source]``: where the weights come from and under what terms; shown by ``flmcore detectors``."""

    publisher: str | None = _key(text, default=None)
    url: str | None = _key(text, default=None)
    bytes: int | None = _key(whole, default=None)  # of the weights' file
    weights: str | None = _key(text, default=None)  # licence
    data: str | None = _key(text, default=None)  # licence of the training data
    commercial: str = _key(choice("yes", "no", "unknown"), default="unknown")
    parameters: int | None = _key(whole, default=None)
    multiply_adds: int | None = _key(whole, default=None)  # of one input


DecodeConfig = CoordinatesDecode | HeatmapDecode | SimccDecode | HeatmapOffsetDecode
DECODERS: dict[str, type[DecodeConfig]] = {
    d.kind: d for d in (CoordinatesDecode, HeatmapDecode, SimccDecode, HeatmapOffsetDecode)
}


@dataclass(frozen=True)
class DetectorConfig:
    """A detector as its file describes it; made by :func:`flmcore.detectors.config.read_config`."""

    name: str
    scheme: str
    licence: str
    landmarks: int
    model: ModelConfig
    crop: CropConfig
    input: InputConfig
    output: OutputConfig
    decode: DecodeConfig
    description: str = ""
    source: SourceConfig = SourceConfig()
    mapping: MappingConfig | None = None
    path: Path | None = None  # of the file
    weights_folder: Path | None = (
        None  # of the file that names the weights, which `extends` may make another one
    )
    mapping_folder: Path | None = None  # likewise, of the file that names the mapping

    def to_dict(self) -> dict[str, Any]:
        """The whole config, defaults included, as plain numbers, texts, lists and dicts."""
        table = dataclasses.asdict(self)
        table["decode"] = {"kind": self.decode.kind, **table["decode"]}
        del table["weights_folder"], table["mapping_folder"]
        if self.mapping is None:  # a detector without one is described as before there were any
            del table["mapping"]
        table["path"] = None if self.path is None else str(self.path)
        return _plain(table)  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (tuple, list)) else value
