"""What makes a training this one and no other: a checkpoint of another is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flmcore.errors import ResultsError
from flmcore.train.schema import TrainConfig
from flmcore.train.sources import Source
from flmcore.whole_files import plain

__all__ = ["identity_of", "refuse_other_training"]

# A training may go on with others of these: texts, on what it runs, how long, and what it is measured on.
_FREE = ("name", "licence", "description", "folder", "run", "validation", "data")
_FREE_OPTIMISE = ("epochs", "minutes")


def identity_of(config: TrainConfig, sources: Sequence[Source]) -> dict[str, Any]:
    """Every setting that decides the weights but for the training's length, and the faces."""
    table = {key: value for key, value in dataclasses.asdict(config).items() if key not in _FREE}
    table["optimise"] = {k: v for k, v in table["optimise"].items() if k not in _FREE_OPTIMISE}
    table["data"] = [
        {**source.describe(), "weight": row.weight, "first": row.first}
        for source, row in zip(sources, config.data, strict=True)
    ]
    return dict(plain(table))


def refuse_other_training(path: Path, found: Any, wanted: Mapping[str, Any]) -> None:
    """ResultsError that names each setting in which a checkpoint is of another training."""
    other = _differences("", found, wanted)
    if other:
        shown = "; ".join(other[:3]) + ("; …" if len(other) > 3 else "")
        msg = f"{path}: expected a checkpoint of this training, got one of another: {shown}"
        raise ResultsError(msg)


def _differences(place: str, found: Any, wanted: Any) -> list[str]:
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        lines = []
        for key in dict.fromkeys([*wanted, *found]):
            lines += _differences(f"{place}.{key}" if place else str(key), found.get(key), wanted.get(key))
        return lines
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        pairs = enumerate(zip(found, wanted, strict=True))
        return [line for n, (a, b) in pairs for line in _differences(f"{place}.{n}", a, b)]
    return [] if found == wanted else [f"{place} {found!r}, not {wanted!r}"]
