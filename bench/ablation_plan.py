"""What is trained for the ablations of a detector of drawn faces: settings by group, one thing changed in each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import flmcore
from flmcore.simulate.settings import SimulateSettings
from flmcore.train.config import parse_train_config
from flmcore.train.schema import TrainConfig

GROUPS = {
    "data": "number of faces, at the same number of training samples",
    "persons": "the same number of faces, of fewer persons",
    "texture": "skin, eyes and clothes in one colour each",
    "accessories": "no hair, hats, glasses, hands, clothes",
    "augmentation": "what is done to an image before the network sees it",
    "imaging": "what a camera and a file do, when a face is drawn",
    "shadows": "share of faces on which the main light casts shadows",
    "expression": "strength of the expressions",
    "network": "width and depth",
}
NAME = "ablation"
HELD_OUT_SEED = 1_000_003  # of the faces the error is measured on, which no run draws to train on
_GEOMETRY = ("flip", "shift", "scale", "rotation")
_COLOURS = ("brightness", "contrast", "gamma", "cast", "saturation", "grey", "shuffle", "shading")
_PICTURE = ("blur", "motion", "rescale", "noise", "jpeg", "patch")
_PERSONS = (1, 4, 16, 64)  # images of each
_NETWORKS = ((10, 16), (10, 24), (10, 32), (10, 48), (18, 24), (18, 32))


@dataclass(frozen=True)
class Base:
    """What all runs share but for the one thing that a setting changes."""

    faces: int = 8000
    samples: int = 48_000
    sizes: tuple[int, ...] = (500, 1000, 2000, 4000, 8000, 16_000, 32_000)
    size: int = 128  # of a drawn image, pixels
    crop: int = 112
    batch: int = 32
    epochs: int = 4  # rows of a run's history, whatever its faces: its length is samples
    depth: int = 10
    width: int = 32
    held_out: int = 400


@dataclass(frozen=True)
class Setting:
    """One thing that differs from the base: what is drawn, how many, and tables of the training's config."""

    group: str
    label: str
    faces: int
    drawing: Mapping[str, Any] = field(default_factory=dict)
    augment: Mapping[str, float] = field(default_factory=dict)
    network: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A setting trained once: ``seed`` draws other faces and starts from other weights."""

    base: Base
    setting: Setting
    seed: int

    @property
    def drawing(self) -> SimulateSettings:
        return SimulateSettings(size=self.base.size, **self.setting.drawing)

    @property
    def table(self) -> dict[str, Any]:
        """The training's config but for where its faces are and on what it runs."""
        base = self.base
        options = {"depth": base.depth, "width": base.width, "grid": 4, **self.setting.network}
        return {
            "name": NAME,
            "scheme": "300w-68",
            "licence": "Apache-2.0; trained on drawn faces alone",
            "seed": self.seed,
            "model": {"network": "resnet", "options": options},
            "crop": {"size": [base.crop, base.crop], "scale": 1.25, "antialias": True},
            "input": {"mean": 127.5, "std": 64.0},
            "augment": dict(self.setting.augment),
            "optimise": {
                "batch": base.batch,
                "epochs": base.epochs,
                "epoch_samples": max(base.batch, base.samples // base.epochs),
            },
        }

    def config(self, faces: str, threads: int, memory: float) -> TrainConfig:
        """The training of the first faces of a folder."""
        run = {"threads": threads, "memory": memory, "checkpoint_minutes": 2.0}
        data = [{"path": faces, "name": "drawn", "first": self.setting.faces}]
        return parse_train_config({**self.table, "data": data, "run": run}, where=self.key)

    @property
    def identity(self) -> dict[str, Any]:
        """All that decides the run's errors; two settings that are the same are one run."""
        return {
            "drawing": self.drawing.to_table(),
            "faces": self.setting.faces,
            "training": self.table,
            "held_out": {"faces": self.base.held_out, **held_out(self.base).to_table()},
            "flmcore": flmcore.__version__,
        }

    @property
    def key(self) -> str:
        """Name of the run's folder."""
        return f"n{self.setting.faces}-s{self.seed}-{short_sum(self.identity)}"

    @property
    def faces_key(self) -> str:
        """Name of the folder of its drawn faces, which runs of other numbers of them share."""
        return f"s{self.seed}-{short_sum(self.drawing.to_table())}"


def held_out(base: Base) -> SimulateSettings:
    """What the error is measured on, the same for all runs: each face another person, so that faces are independent."""
    return SimulateSettings(size=base.size, images_per_person=1)


def short_sum(table: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()[:10]


def settings_of(base: Base, groups: Sequence[str]) -> list[Setting]:
    """The settings of each group, the base itself among them."""
    same = Setting("", "base", base.faces)
    made: list[Setting] = []
    for group in groups:
        rows = list(_SETTINGS[group](base)) if group in _SETTINGS else list(_drawing(group, base))
        made += [replace(row, group=group) for row in rows]
        if not any(_is_base(base, row) for row in rows):
            made.append(replace(same, group=group))
    return made


def runs_of(base: Base, groups: Sequence[str], seeds: int) -> list[Run]:
    """Every run once; all of the first seed before any of the second, so that a stop leaves whole groups.

    The base comes first of each seed: the others are told as changes against it.
    """
    rows = sorted(settings_of(base, groups), key=lambda row: not _is_base(base, row))
    found: dict[str, Run] = {}
    for seed in range(seeds):
        for setting in rows:
            run = Run(base, setting, seed)
            found.setdefault(run.key, run)
    return list(found.values())


def _is_base(base: Base, row: Setting) -> bool:
    return row == Setting(row.group, row.label, base.faces)


def _data(base: Base) -> Iterator[Setting]:
    for faces in base.sizes:
        yield Setting("data", f"{faces:,} faces", faces)


def _persons(base: Base) -> Iterator[Setting]:
    usual = SimulateSettings().images_per_person
    for images in _PERSONS:
        drawing = {} if images == usual else {"images_per_person": images}
        count = -(-base.faces // images)
        yield Setting("persons", f"{count:,} persons, {images} faces each", base.faces, drawing)


def _augmentation(base: Base) -> Iterator[Setting]:
    zero = {
        "no geometric": _GEOMETRY,
        "no colour or light": _COLOURS,
        "no appearance": (*_COLOURS, *_PICTURE),
        "none": (*_GEOMETRY, *_COLOURS, *_PICTURE),
    }
    for label, keys in zero.items():
        yield Setting("augmentation", label, base.faces, augment=dict.fromkeys(keys, 0.0))


def _network(base: Base) -> Iterator[Setting]:
    for depth, width in sorted({*_NETWORKS, (base.depth, base.width)}):
        given = {"depth": depth, "width": width}
        other = {} if given == {"depth": base.depth, "width": base.width} else given
        yield Setting("network", f"ResNet-{depth}, width {width}", base.faces, network=other)


def _drawing(group: str, base: Base) -> Iterator[Setting]:
    for label, drawing in _DRAWING[group].items():
        yield Setting(group, label, base.faces, drawing)


_SETTINGS = {"data": _data, "persons": _persons, "augmentation": _augmentation, "network": _network}
_DRAWING: dict[str, dict[str, dict[str, Any]]] = {
    "texture": {"plain": {"texture": "plain"}},
    "accessories": {"none": {"accessories": False}},
    "imaging": {"0": {"imaging": 0.0}, "0.5": {"imaging": 0.5}},
    "shadows": {"0": {"shadows": 0.0}},
    "expression": {"0": {"expression": 0.0}, "0.5": {"expression": 0.5}},
}


def about(base: Base) -> dict[str, Any]:
    """The base as plain values."""
    return {**asdict(base), "sizes": list(base.sizes)}
