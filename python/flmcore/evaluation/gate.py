"""The gate of a build: whether a run is worse than a baseline beyond doubt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flmcore.evaluation.comparison import Comparison
from flmcore.evaluation.family import regressed
from flmcore.evaluation.metrics import LATENCY, find_metric, metric_names

__all__ = ["Judgement", "judge"]

PASSED, REGRESSED, REFUSED = 0, 1, 2


@dataclass(frozen=True)
class Judgement:
    """What the gate says; each line names what, by how much and the limit.

    Attributes:
        regressions: what is worse.
        refusals: why no judgement was possible, where one was asked for.
        notes: what was left out of the judgement.
    """

    regressions: list[str]
    refusals: list[str]
    notes: list[str]

    @property
    def passed(self) -> bool:
        """Judged, and nothing is worse."""
        return self.exit_code == PASSED

    @property
    def exit_code(self) -> int:
        """0 passed, 1 regressed, 2 could not be judged."""
        return REGRESSED if self.regressions else REFUSED if self.refusals else PASSED

    def lines(self) -> list[str]:
        """All of it, a line each."""
        said = [f"regressed: {line}" for line in self.regressions]
        said += [f"not judged: {line}" for line in self.refusals]
        return [*said, *(f"left out: {line}" for line in self.notes)]


def judge(
    comparison: Comparison, metrics: Sequence[str] | None = None, *, any_protocol: bool = False
) -> Judgement:
    """Judge ``jitter``, every NME and latency, or the metrics that are named.

    A metric regresses where the whole interval of the paired difference lies above its tolerance, and its one-sided p is
    2.5 % at most after Holm's correction over all numbers that are judged here: so often, or more seldom, does the gate
    fail where none is worse than tolerated. Latency as :func:`flmcore.evaluation.latency.compare_latency` says. A detector that is gone and faces that are no longer
    measured are regressions too: whoever fails on the hard images must not look better for it. Where runs were measured
    in different ways, or too few images leave no interval, nothing passes: the gate refuses.

    Args:
        comparison: of the baseline and the new run, on these metrics.
        metrics: what is judged.
        any_protocol: judge though the runs were measured in different ways.
    """
    data = comparison.data
    chosen = _chosen(metrics, data)
    unfinished = [f"the {run} run is unfinished" for run in ("old", "new") if not data[run]["complete"]]
    other = [f"{d['where']}: {d['old']} → {d['new']}" for d in data["differences"] if d["matters"]]
    if unfinished or (other and not any_protocol):
        return Judgement([], [*unfinished, *(f"measured in another way: {line}" for line in other)], [])
    regressions, refusals, doubts = list(_gone(data)), [], []
    # Left aside: what this detector never had.
    rows = [r for r in data["rows"] if r["metric"] in chosen and not (r["old"] is None and r["missing"] == 0)]
    worse, tests = regressed(rows)
    for row, p in zip(rows, worse, strict=True):
        if row["missing"]:
            regressions.append(_undefined(row))
        elif p is not None:
            regressions.append(_worse(row, p, tests))
        elif row["verdict_alone"] == "not judged":
            refusals.append(f"{row['detector']} {row['metric']}: {row['difference']['reason']}")
        elif row["verdict_alone"] == "worse":
            doubts.append(
                f"{row['detector']} {row['metric']}: worse by its own interval, which among {tests} numbers may be chance"
            )
    latency = [row for row in data["latency"] if LATENCY in chosen]
    regressions += [_slower(row) for row in latency if row["verdict"] == "worse"]
    left = [f"{row['detector']} {LATENCY}: {row['reason']}" for row in latency if row["reason"]]
    refusals += _nothing_judged(data, chosen, left if metrics else [])
    return Judgement(regressions, refusals, [*doubts, *left])


def _chosen(metrics: Sequence[str] | None, data: dict[str, Any]) -> set[str]:
    if metrics is not None:
        return {find_metric(name).name for name in metrics}
    accuracy = [name for name in metric_names() if name.partition("_")[0] == "nme"]
    return {"jitter", LATENCY, *accuracy} & {LATENCY, *(row["metric"] for row in data["rows"])}


def _gone(data: dict[str, Any]) -> Iterator[str]:
    for name in data["detectors"]["only_old"]:
        yield f"{name}: was measured, and is not in the new run"
    for name in dict.fromkeys(row["detector"] for row in data["lost"]):
        rows = [row for row in data["lost"] if row["detector"] == name]
        faces = "1 face" if len(rows) == 1 else f"{len(rows)} faces"
        yield f"{name}: no longer measured on {faces}, {rows[0]['image']} the first"


def _nothing_judged(data: dict[str, Any], chosen: set[str], unjudged: Sequence[str]) -> Iterator[str]:
    """A metric that is asked for and that no detector has would otherwise pass for ever."""
    for name in sorted(chosen - {LATENCY}):
        rows = [row for row in data["rows"] if row["metric"] == name]
        if all(row["old"] is None and row["missing"] == 0 for row in rows):
            yield f"{name}: no detector has it in both runs"
    if chosen == {LATENCY} and len(unjudged) == len(data["latency"]):
        yield from unjudged


def _undefined(row: dict[str, Any]) -> str:
    faces = f"{row['missing']} face{'s' * (row['missing'] != 1)}"
    return f"{row['detector']} {row['metric']}: undefined on {faces} that had it"


def _worse(row: dict[str, Any], p: float, tests: int) -> str:
    by = row["worse_by"]
    unit = f" {row['unit']}" if row["unit"] else ""
    among = f", p {p:.2g} among {tests} numbers" if tests > 1 else ""
    return (
        f"{row['detector']} {row['metric']}: {row['old']:.4g} → {row['new']:.4g}{unit}, worse by {by['mean']:.3g} "
        f"[{by['low']:.3g}, {by['high']:.3g}], tolerated {row['limit']:.3g}{among}"
    )


def _slower(row: dict[str, Any]) -> str:
    return (
        f"{row['detector']} {LATENCY}: {row['old']:.4g} → {row['new']:.4g} ms, "
        f"tolerated {row['limit']:.3g}, noise {row['noise']:.2g}"
    )
