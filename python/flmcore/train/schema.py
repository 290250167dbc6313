"""What a training's config file may say: one dataclass per table, one field per key."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flmcore.detectors.checks import (
    Check,
    UnexpectedValue,
    between,
    choice,
    count,
    flag,
    options,
    positive,
    text,
)
from flmcore.detectors.schema import CropConfig, InputConfig

__all__ = [
    "AugmentConfig",
    "DataConfig",
    "LossConfig",
    "NetworkConfig",
    "OptimiseConfig",
    "RunConfig",
    "TrainConfig",
]

LOSSES = ("wing", "l1", "smooth_l1", "l2", "gaussian")
_SHARE = between(0.0, 1.0)


def _key(check: Check, **default: Any) -> Any:
    return dataclasses.field(metadata={"check": check}, **default)


def _settings(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnexpectedValue("a table: seed and settings of drawn faces", value)
    return dict(value)


def _group_weights(value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        raise UnexpectedValue("a table of numbers, a group's weight each", value)
    weigh: Callable[[object], float] = between(0.0, 1000.0)
    return {str(group): weigh(weight) for group, weight in value.items()}


@dataclass(frozen=True)
class DataConfig:
    """``[[data]]`` and ``[[validation]]``: faces to train on, or to measure the error on after each epoch."""

    path: str | None = _key(text, default=None)  # a data set's file or folder, from the config's folder
    stream: dict[str, Any] | None = _key(_settings, default=None)  # of drawn faces: `seed` and its settings
    name: str | None = _key(text, default=None)
    format: str = _key(text, default="auto")
    scheme: str | None = _key(text, default=None)
    images: str | None = _key(text, default=None)
    box: str = _key(choice("landmarks", "file"), default="landmarks")
    weight: float | None = _key(positive, default=None)  # share of the samples, beside the other sources'
    first: int | None = _key(count(1, 100_000_000), default=None)  # so many faces and no more


@dataclass(frozen=True)
class NetworkConfig:
    """``[model]``: which network, and what it starts from."""

    network: str = _key(text)
    options: dict[str, Any] = _key(options, default_factory=dict)
    backbone: str | None = _key(text, default=None)  # weights of all but the head
    weights: str | None = _key(text, default=None)  # of the whole network


@dataclass(frozen=True)
class LossConfig:
    """``[loss]``: how far a landmark off counts; lengths in pixels of the crop."""

    kind: str = _key(choice(*LOSSES), default="wing")
    width: float = _key(positive, default=10.0)  # w of Wing
    curvature: float = _key(positive, default=2.0)  # epsilon of Wing
    knee: float = _key(positive, default=1.0)  # where smooth_l1 turns straight
    groups: dict[str, float] = _key(_group_weights, default_factory=dict)


@dataclass(frozen=True)
class AugmentConfig:
    """``[augment]``: what is done to a face before the network sees it. Shares are probabilities."""

    flip: float = _key(_SHARE, default=0.5)
    shift: float = _key(between(0.0, 0.5), default=0.05)  # s.d., of the box's longer side
    scale: float = _key(between(0.0, 0.5), default=0.07)  # s.d. of the window's side's logarithm
    rotation: float = _key(between(0.0, 90.0), default=10.0)  # s.d., degrees
    brightness: float = _key(_SHARE, default=0.25)  # s.d., of white
    contrast: float = _key(_SHARE, default=0.25)  # s.d. of its logarithm
    gamma: float = _key(_SHARE, default=0.25)  # s.d. of its logarithm
    cast: float = _key(_SHARE, default=0.1)  # s.d. of the logarithm of each channel's gain
    saturation: float = _key(between(0.0, 2.0), default=0.3)  # s.d.
    grey: float = _key(_SHARE, default=0.1)
    shuffle: float = _key(_SHARE, default=0.03)
    shading: float = _key(_SHARE, default=0.2)  # a shadow's or a lamp's edge across the face
    blur: float = _key(_SHARE, default=0.15)
    motion: float = _key(_SHARE, default=0.08)
    rescale: float = _key(_SHARE, default=0.2)
    noise: float = _key(_SHARE, default=0.3)
    jpeg: float = _key(_SHARE, default=0.25)
    patch: float = _key(_SHARE, default=0.3)  # something before the face


@dataclass(frozen=True)
class OptimiseConfig:
    """``[optimise]``: how the weights are found."""

    method: str = _key(choice("adamw", "sgd"), default="adamw")
    rate: float = _key(positive, default=1e-3)
    decay: float = _key(between(0.0, 1.0), default=0.01)  # of weights, not of biases and normalisation
    momentum: float = _key(between(0.0, 0.9999), default=0.9)  # of sgd
    batch: int = _key(count(2, 65_536), default=32)
    epochs: int = _key(count(1, 1_000_000), default=10)
    epoch_samples: int | None = _key(count(1, 1_000_000_000), default=None)
    minutes: float | None = _key(positive, default=None)
    warmup: float = _key(between(0.0, 0.9), default=0.03)  # share of the training
    schedule: str = _key(choice("cosine", "constant"), default="cosine")
    last_rate: float = _key(_SHARE, default=0.01)  # where the cosine ends, as a share of `rate`
    average: float = _key(between(0.0, 0.999999), default=0.998)  # of the weights, exponential; 0: none
    clip: float = _key(between(0.0, 1e9), default=0.0)  # norm of the gradient; 0: none


@dataclass(frozen=True)
class RunConfig:
    """``[run]``: on what it runs. A resumed training may have another one."""

    device: str = _key(text, default="cpu")
    precision: str = _key(choice("float32", "bfloat16"), default="float32")
    threads: int | None = _key(count(1, 1024), default=None)
    workers: int = _key(count(0, 256), default=0)
    memory: float = _key(between(0.0, 1e6), default=4.0)  # GB of decoded images that are kept
    checkpoint_minutes: float = _key(positive, default=5.0)
    half: bool = _key(flag, default=True)  # weights are written as float16


@dataclass(frozen=True)
class TrainConfig:
    """A training as its file describes it; made by :func:`flmcore.train.config.read_train_config`."""

    name: str
    scheme: str
    licence: str
    landmarks: int
    data: tuple[DataConfig, ...]
    model: NetworkConfig
    crop: CropConfig
    description: str = ""
    seed: int = 0
    validation: tuple[DataConfig, ...] = ()
    input: InputConfig = InputConfig()
    loss: LossConfig = LossConfig()
    augment: AugmentConfig = AugmentConfig()
    optimise: OptimiseConfig = OptimiseConfig()
    run: RunConfig = RunConfig()
    folder: Path = Path()
    """Of the file: paths in it count from here."""

    @property
    def values(self) -> int:
        """Numbers that the network gives for a landmark."""
        return 3 if self.loss.kind == "gaussian" else 2
