"""Results of real runs, and what a test does to them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flmcore
from evaluated import BOX, KnownDetector, noise_image
from flmcore.evaluation import Results


def measure(*detectors: KnownDetector, images: int = 6, **options: Any) -> Results:
    """A run on images that are the same in every run."""
    boxes = [[[v + number for v in BOX]] for number in range(images)]
    pictures = [noise_image(number) for number in range(images)]
    options = {"frames": 16, "speed": False, "boxes": boxes} | options
    return flmcore.evaluate(pictures, list(detectors), **options)


def changed(results: Results, change: Callable[[dict[str, Any]], object]) -> Results:
    """The same with something done to its data."""
    data = copy.deepcopy(results.data)
    change(data)
    return Results(data)


def write_changed(results: Results, path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The same as a file; unlike :meth:`Results.to_json` it writes whatever it is given, NaN too."""
    data = copy.deepcopy(results.data)
    change(data)
    path.write_text(json.dumps(data))
    return path


def scaled(results: Results, factor: float, metric: str = "jitter") -> Results:
    """The same with one metric of every unit multiplied."""

    def change(data: dict[str, Any]) -> None:
        for unit in data["units"]:
            unit[metric] *= factor

    return changed(results, change)


def with_latency(results: Results, p50: float, least: float, **more: Any) -> Results:
    """The same with a latency for every detector."""
    stage = {"p50": p50, "p90": 1.3 * p50, "p99": None, "min": least}
    speed = {"image": "array-0", "repeats": 200, "batch": 1, "threads": 1, "total": stage} | more
    names = [row["name"] for row in results.detectors]
    return changed(results, lambda data: data["timing"].update(speed=dict.fromkeys(names, speed)))
