"""Results for the report page: measured once, by detectors whose stability is known, then changed."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np

from evaluated import KnownDetector
from flmcore.evaluation import Results
from flmcore.evaluation.collect import conclusions
from results_files import changed, measure

EVIL = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"


@cache
def several() -> Results:
    """Four detectors on six images; ``twin`` is as steady as ``steady`` but for other noise."""
    noisy = KnownDetector("noisy", sigma=0.4)
    noisy.licence = "trained on iBUG 300-W: no commercial use"
    return measure(
        KnownDetector("steady", sigma=0.1),
        KnownDetector("twin", sigma=0.1, bias=(0.01, 0.0)),
        noisy,
        KnownDetector("five", scheme="five-5", sigma=0.2),
        speed=True,
    )


def timed(results: Results, latency: dict[str, float]) -> Results:
    """The same with these medians, so that a test knows them."""

    def change(data: dict[str, Any]) -> None:
        for name, p50 in latency.items():
            stage = {"p50": p50, "p90": 1.2 * p50, "p99": None, "min": 0.95 * p50}
            data["timing"]["speed"][name] = {"repeats": 50, "batch": 1, "threads": 1, "total": stage}

    return changed(results, change)


@cache
def known() -> Results:
    """:func:`several` with latencies that are known."""
    return timed(several(), {"steady": 20.0, "twin": 30.0, "noisy": 2.0, "five": 5.0})


def renamed(results: Results, old: str, new: str) -> Results:
    """The same with another name wherever the old one stands as a whole."""

    def swap(value: Any) -> Any:
        if isinstance(value, dict):
            return {swap(key): swap(item) for key, item in value.items()}
        if isinstance(value, list):
            return [swap(item) for item in value]
        return new if value == old else value

    overlays = {swap(image): {key.replace(f"cloud/{old}", f"cloud/{new}"): a for key, a in arrays.items()}
                for image, arrays in results.overlays.items()}  # fmt: skip
    return Results(swap(results.data), overlays)


def more_images(results: Results, times: int) -> Results:
    """The same measurements under further image names, each a little off: as many times as many images."""
    data = copy.deepcopy(results.data)
    rng = np.random.default_rng(0)

    def again(row: dict[str, Any], turn: int) -> dict[str, Any]:
        copied = copy.deepcopy(row) | {"image": f"{row['image']}-{turn}"}
        if "jitter" in row:
            copied["jitter"] *= float(rng.uniform(0.8, 1.25))
        return copied

    for key in ("images", "units"):
        data[key] = [again(row, turn) for turn in range(times) for row in results.data[key]]
    return Results(data | conclusions(data["units"], data["detectors"], data["protocol"]))


def more_detectors(results: Results, times: int) -> Results:
    """The same measurements under further detectors' names, each steadier or less so."""
    data = copy.deepcopy(results.data)
    rng = np.random.default_rng(0)
    factors = {
        (row["name"], turn): float(rng.uniform(0.4, 2.5))
        for row in data["detectors"]
        for turn in range(times)
    }

    def unit(row: dict[str, Any], turn: int) -> dict[str, Any]:
        factor = factors[row["detector"], turn]
        common = {key: value * factor for key, value in row["common"].items() if value is not None}
        return row | {
            "detector": f"{row['detector']}-of-version-{turn}",
            "jitter": row["jitter"] * factor,
            "common": common,
        }

    turns = range(times)
    data["detectors"] = [
        row | {"name": f"{row['name']}-of-version-{turn}"} for turn in turns for row in data["detectors"]
    ]
    data["units"] = [unit(row, turn) for turn in turns for row in data["units"]]
    many = Results(data | conclusions(data["units"], data["detectors"], data["protocol"]))
    return timed(many, {row["name"]: float(rng.uniform(1, 60)) for row in data["detectors"]})
