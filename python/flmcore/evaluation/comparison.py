"""Two runs side by side: the same detectors on the same images, difference by difference."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flmcore.evaluation.differences import find_differences, same_machine
from flmcore.evaluation.family import correct_rows, shift_tests
from flmcore.evaluation.latency import compare_latency
from flmcore.evaluation.metrics import LATENCY, Metric, Tolerance, find_metric, metric_names, read_tolerance
from flmcore.evaluation.results import Results
from flmcore.evaluation.statistics import bootstrap_means
from flmcore.evaluation.store import dump_json, plain, write_bytes
from flmcore.evaluation.summary import METRICS
from flmcore.nearest import nearest

__all__ = ["COMPARISON_FORMAT", "Comparison", "compare"]

COMPARISON_FORMAT = "flmcore comparison 1"
_SHOWN = ("jitter", "jitter_common", "spread", "gain", "residual")  # and every NME
Place = tuple[str, int]
Unit = Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare` found; ``data`` is as ``docs/results.md`` describes it."""

    data: dict[str, Any]

    def table(self, width: int = 100) -> str:
        """As plain text."""
        from flmcore.report.comparison import render

        return render(self, width=width)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Strict JSON, whole or not at all."""
        write_bytes(Path(path), dump_json(self.data))


def compare(
    old: Results | str | os.PathLike[str],
    new: Results | str | os.PathLike[str],
    *,
    metrics: Sequence[str] | None = None,
    tolerance: Mapping[str, str | float | Tolerance] | None = None,
    detectors: Sequence[str] | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare two runs, ``new`` less ``old``.

    Detectors are matched by name; images by name and sha256; faces by their number in the image. Each detector is
    compared on the faces that it measured in both runs. A difference is the mean over images of the difference on each
    image, with a 95 % bootstrap interval over those differences, which is what a paired bootstrap is. ``worse`` and
    ``better`` are said where the whole interval lies beyond the tolerance (``verdict_alone``), and still would after
    Holm's correction over all rows (``verdict``).

    Args:
        old: results, or their file or folder.
        new: the same.
        metrics: names as in ``summary``, and ``latency``; None is the table's and every NME.
        tolerance: by metric, ``"5%"`` of the old mean or an amount in the metric's unit; by default 1 % (and 0.001),
            gain 0.01, latency 10 %.
        detectors: only these.
        seed: of the resampling.

    Raises:
        ResultsError: a file cannot be read.
        ValueError: the runs share no detector or no image; an unknown metric or detector.
    """
    first, second = (run if isinstance(run, Results) else Results.from_json(run) for run in (old, new))
    chosen = _metrics(metrics, first, second)
    names = _detectors(first, second, detectors)
    allowed = _tolerances(tolerance or {})
    images = _match_images(first, second)
    one, two = _units(first), _units(second)
    rows = []
    for name in names["shared"]:
        for metric in chosen:
            if metric.name != LATENCY:
                limit = allowed.get(metric.name, metric.tolerance)
                row = _row(metric, one.get(name, {}), two.get(name, {}), set(images["shared"]), limit, seed)
                rows.append({"detector": name, **row})
    rows = _without_other_common(rows, first, second)
    tests = correct_rows(rows)
    timed = any(metric.name == LATENCY for metric in chosen)
    limit = allowed.get(LATENCY, find_metric(LATENCY).tolerance)
    data = {
        "format": COMPARISON_FORMAT,
        "old": _about(first),
        "new": _about(second),
        "detectors": names,
        "images": images,
        "differences": [
            d.to_dict() for d in find_differences(first, second, names["shared"], images["shared"])
        ],
        "rows": rows,
        "tests": tests,
        "latency": compare_latency(first, second, names["shared"], limit) if timed else [],
        "same_machine": same_machine(first, second),
        "lost": _only_in(one, two, names["shared"], images["shared"]),
        "gained": _only_in(two, one, names["shared"], images["shared"]),
    }
    return Comparison(plain(data))


def _about(run: Results) -> dict[str, Any]:
    started = run.data["timing"].get("started")
    clips = len(run.data.get("video", {}).get("clips", ()))  # which are not compared
    return {"version": run.data["version"], "started": started, "complete": run.complete, "clips": clips}


def _metrics(names: Sequence[str] | None, *runs: Results) -> list[Metric]:
    if names is not None:
        return [find_metric(name) for name in dict.fromkeys(names)]
    usual = [name for name in metric_names() if name in _SHOWN or name.partition("_")[0] == "nme"]
    units = [unit for run in runs for unit in run.units]
    found = [metric for metric in map(find_metric, usual) if any(metric.of(u) is not None for u in units)]
    return [*found, find_metric(LATENCY)]


def _tolerances(given: Mapping[str, str | float | Tolerance]) -> dict[str, Tolerance]:
    return {
        find_metric(name, "tolerance").name: read_tolerance(value, f"tolerance of {name}")
        for name, value in given.items()
    }


def _detectors(old: Results, new: Results, only: Sequence[str] | None) -> dict[str, list[str]]:
    first, second = ([row["name"] for row in run.detectors] for run in (old, new))
    known = list(dict.fromkeys([*first, *second]))
    for name in only or ():
        if name not in known:
            msg = f"detectors: expected one of {', '.join(known)}, got {name!r}{nearest(name, known)}"
            raise ValueError(msg)
    if only is not None:
        first, second = ([name for name in names if name in only] for names in (first, second))
    shared = [name for name in first if name in second]
    if not shared:
        msg = (
            "detectors: expected two runs with one in common, got "
            f"{', '.join(first) or 'none'} and {', '.join(second) or 'none'}"
        )
        raise ValueError(msg)
    return {
        "shared": shared,
        "only_old": [name for name in first if name not in second],
        "only_new": [name for name in second if name not in first],
    }


def _match_images(old: Results, new: Results) -> dict[str, list[str]]:
    first, second = ({row["image"]: row["sha256"] for row in run.data["images"]} for run in (old, new))
    both = [name for name in first if name in second]
    shared = [name for name in both if first[name] is not None and first[name] == second[name]]
    if not shared:
        other = f"{len(both)} of the same name and other content" if both else "none of the same name"
        msg = f"images: expected two runs with one in common, got {len(first)} and {len(second)}, {other}"
        raise ValueError(msg)
    return {
        "shared": shared,
        "changed": [name for name in both if name not in set(shared)],
        "only_old": [name for name in first if name not in second],
        "only_new": [name for name in second if name not in first],
    }


def _units(run: Results) -> dict[str, dict[Place, Unit]]:
    table: dict[str, dict[Place, Unit]] = defaultdict(dict)
    for unit in run.units:
        table[unit["detector"]][unit["image"], unit["face"]] = unit
    return table


def _row(
    metric: Metric,
    old: Mapping[Place, Unit],
    new: Mapping[Place, Unit],
    images: set[str],
    tolerance: Tolerance,
    seed: int,
) -> dict[str, Any]:
    """One metric of one detector; the faces of an image are averaged first, as in the table."""
    pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    missing = 0
    for place in [place for place in old if place in new and place[0] in images]:
        first, second = metric.of(old[place]), metric.of(new[place])
        if first is not None and second is not None:
            pairs[place[0]].append((first, second))
        missing += first is not None and second is None
    means = np.array([np.mean(rows, axis=0) for rows in pairs.values()]).reshape(-1, 2)
    loss = np.array([[metric.loss(value) for value in row] for row in means.tolist()]).reshape(-1, 2)
    worse_by = loss[:, 1] - loss[:, 0]
    difference, worse = bootstrap_means([means[:, 1] - means[:, 0], worse_by], seed=seed)
    before, after = means.mean(axis=0).tolist() if len(means) else (None, None)
    limit = None if before is None else tolerance.limit(before)
    still = len(means) > 0 and bool((means[:, 0] == means[:, 1]).all())
    # What is the same to the bit cannot be a false alarm, and must not make the others' tests stricter.
    tests = None if still or limit is None else shift_tests(worse_by, limit, seed=seed)
    return {
        "metric": metric.name,
        "unit": metric.unit,
        "better": metric.better,
        "old": before,
        "new": after,
        "difference": difference.to_dict(),
        "worse_by": worse.to_dict(),
        "tolerance": str(tolerance),
        "limit": limit,
        "missing": missing,
        "p_worse": None if tests is None else tests[0],
        "p_better": None if tests is None else tests[1],
        "verdict_alone": "same" if still else _verdict(worse.low, worse.high, limit),
    }


def _verdict(low: float | None, high: float | None, limit: float | None) -> str:
    if low is None or high is None or limit is None:
        return "not judged"
    if low > limit:
        return "worse"
    if high < -limit:
        return "better"
    return "same" if low >= -limit and high <= limit else "unclear"


def _without_other_common(rows: list[dict[str, Any]], old: Results, new: Results) -> list[dict[str, Any]]:
    """Figures on the common landmarks are of other landmarks where the common scheme is another."""
    first, second = old.protocol, new.protocol
    left_out = set()
    if first["common_scheme"] != second["common_scheme"]:
        left_out = {name for name in METRICS if name.endswith("_common") and not name.startswith("nme")}
    if first.get("accuracy", {}).get("common") != second.get("accuracy", {}).get("common"):
        left_out.add("nme_common")
    return [row for row in rows if row["metric"] not in left_out]


def _only_in(
    here: Mapping[str, Mapping[Place, Unit]],
    there: Mapping[str, Mapping[Place, Unit]],
    detectors: Sequence[str],
    images: Sequence[str],
) -> list[dict[str, Any]]:
    """Measurements on images of both runs that only one of them has."""
    known = set(images)
    return [
        {"detector": name, "image": image, "face": face}
        for name in detectors
        for image, face in here.get(name, {})
        if image in known and (image, face) not in there.get(name, {})
    ]
