"""The ablations' table: a row per setting, from the errors of its runs, and the Markdown and CSV of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ablation_fit import fall, told
from ablation_plan import GROUPS, Base, Run, settings_of
from flmcore.evaluation.statistics import bootstrap_mean

Results = Mapping[str, Mapping[str, Any]]  # by a run's key
Floats = NDArray[np.float64]

COLUMNS = (
    "group",
    "setting",
    "base",
    "faces",
    "seeds",
    "human",
    "human_least",
    "human_most",
    "human_inner",
    "human_faces",
    "drawn",
    "drawn_low",
    "drawn_high",
    "change",
    "change_low",
    "change_high",
    "change_human",
    "parameters",
    "multiply_adds",
    "samples",
    "minutes",
)


def rows_of(base: Base, groups: Sequence[str], seeds: int, results: Results) -> list[dict[str, Any]]:
    """One row per setting in the groups' order; ``seeds`` is how many of its runs are done, the rest None without any.

    Errors are means over faces and seeds, in % between the outer eye corners. ``drawn_low`` to ``drawn_high`` and
    ``change_low`` to ``change_high`` are 95 % over the held-out faces, each the mean over seeds. A change is against the base,
    over the seeds that both have. ``human_least`` to ``human_most``: over the seeds.
    """
    rows = []
    for setting in settings_of(base, groups):
        own = {seed: results.get(Run(base, setting, seed).key) for seed in range(seeds)}
        done = {seed: one for seed, one in own.items() if one is not None}
        same = _base_runs(base, seeds, results)
        row: dict[str, Any] = dict.fromkeys(COLUMNS)
        is_base = Run(base, setting, 0).key == _base_run(base, 0).key
        row |= {"group": setting.group, "setting": setting.label, "base": is_base, "faces": setting.faces}
        row |= {"seeds": len(done), **(_errors(list(done.values())) if done else {})}
        shared = sorted(done.keys() & same.keys())
        if shared and not is_base:
            row |= _changes([done[seed] for seed in shared], [same[seed] for seed in shared])
        rows.append(row)
    return rows


def _base_run(base: Base, seed: int) -> Run:
    (setting,) = (row for row in settings_of(base, ["texture"]) if row.label == "base")
    return Run(base, setting, seed)


def _base_runs(base: Base, seeds: int, results: Results) -> dict[int, Mapping[str, Any]]:
    found = {seed: results.get(_base_run(base, seed).key) for seed in range(seeds)}
    return {seed: one for seed, one in found.items() if one is not None}


def human_errors(result: Mapping[str, Any], part: str = "all") -> Floats | None:
    """By face; None where none was measured, or one of them failed."""
    values = [row[part] for row in result["human"] or []]
    return None if not values or None in values else np.array(values, dtype=np.float64)


def _errors(done: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    drawn = bootstrap_mean(np.mean([one["drawn"] for one in done], axis=0))
    row = {"drawn": drawn.mean, "drawn_low": drawn.low, "drawn_high": drawn.high}
    for part, name in (("all", "human"), ("inner", "human_inner")):
        each = [human_errors(one, part) for one in done]
        if all(values is not None for values in each):
            means = [float(np.mean(values)) for values in each]
            row[name] = math.fsum(means) / len(means)
            if part == "all":
                row |= {"human_least": min(means), "human_most": max(means), "human_faces": len(each[0])}
    row |= {key: done[0][key] for key in ("parameters", "multiply_adds", "samples")}
    row["minutes"] = math.fsum(one["minutes"] for one in done) / len(done)
    return row


def _changes(done: Sequence[Mapping[str, Any]], same: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """In percentage points of the eyes' distance, face by face."""
    change = bootstrap_mean(
        np.mean([one["drawn"] for one in done], axis=0) - np.mean([one["drawn"] for one in same], axis=0)
    )
    row: dict[str, Any] = {"change": change.mean, "change_low": change.low, "change_high": change.high}
    pairs = [(human_errors(a), human_errors(b)) for a, b in zip(done, same, strict=True)]
    if all(a is not None and b is not None for a, b in pairs):
        row["change_human"] = float(np.mean([np.mean(a) - np.mean(b) for a, b in pairs]))
    return row


def falls_of(base: Base, seeds: int, results: Results) -> dict[str, Any]:
    """:func:`ablation_fit.fall` of ``human`` and ``drawn`` over the sizes that are done; None where no size is."""
    curves: dict[str, dict[int, list[Floats]]] = {"human": {}, "drawn": {}}
    for setting in (row for row in settings_of(base, ["data"]) if row.label != "base"):
        for seed in range(seeds):
            one = results.get(Run(base, setting, seed).key)
            for name in curves if one is not None else ():
                values = np.array(one["drawn"]) if name == "drawn" else human_errors(one)
                if values is not None:
                    curves[name].setdefault(setting.faces, []).append(values)
    found = {}
    for name, by_size in curves.items():
        sizes = sorted(by_size)
        found[name] = fall(sizes, [np.stack(by_size[size]) for size in sizes]) if sizes else None
    return found


def markdown(base: Base, rows: Sequence[Mapping[str, Any]], falls: Mapping[str, Any]) -> str:
    """A table for each group, then how the error falls with data, then what the figures are."""
    parts = []
    for group in dict.fromkeys(row["group"] for row in rows):
        parts += [
            f"**{group}**: {GROUPS[group]}",
            "",
            *_table([row for row in rows if row["group"] == group]),
            "",
        ]
    lines = [told(name, found) for name, found in falls.items() if found is not None]
    if lines:
        parts += ["Error against the number of faces, 95 % intervals by bootstrap over faces and seeds:", ""]
        parts += [f"* {line}" for line in lines] + [""]
    return "\n".join([*parts, *_notes(base, rows), ""])


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    head = ("setting", "faces", "seeds", "human NME %", "over seeds", "inner 51", "drawn NME % [95 %]")
    head += ("change, drawn [95 %]", "change, human", "M multiply-adds", "minutes")
    lines = [_line(head), _line(["---", *["---:"] * (len(head) - 1)])]
    for row in rows:
        cells = [f"{row['setting']} (base)" if row["base"] and row["setting"] != "base" else row["setting"]]
        cells += [f"{row['faces']:,}", str(row["seeds"]), _number(row["human"])]
        cells += [_range(row["human_least"], row["human_most"]) if row["seeds"] > 1 else "–"]
        cells += [_number(row["human_inner"]), _interval(row, "drawn"), _interval(row, "change", sign="+")]
        cells += [_number(row["change_human"], sign="+")]
        cells += ["–" if row["multiply_adds"] is None else f"{row['multiply_adds'] / 1e6:.1f}"]
        lines.append(_line([*cells, _number(row["minutes"], digits=1)]))
    return lines


def _notes(base: Base, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    faces = max((row["human_faces"] or 0 for row in rows), default=0)
    missing = sum(row["seeds"] == 0 for row in rows)
    return [
        f"NME in % of the outer eye corners' distance, boxes of the truth, not moved. Human: mean over {faces} faces with human "
        "landmarks, so few that only large changes mean anything. Drawn: "
        f"{base.held_out} held-out faces of the default settings and of another seed, each another person; intervals are over "
        "those faces, not over trainings. A seed draws other faces and starts from other weights: what lies within the "
        "spread over seeds is no finding. A change is in percentage points against the base, over the seeds that both have. "
        f"Each run: {_samples(rows)} training samples, {base.crop}×{base.crop}, batch {base.batch}."
        + (f" Settings that have not been run (0 seeds): {missing}." if missing else "")
    ]


def _samples(rows: Sequence[Mapping[str, Any]]) -> str:
    """As they were trained, whole batches."""
    seen = sorted({row["samples"] for row in rows if row["samples"] is not None})
    return " or ".join(f"{count:,}" for count in seen) or "–"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float | None, *, digits: int = 2, sign: str = "") -> str:
    return "–" if value is None else f"{value:{sign}.{digits}f}"


def _range(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def _interval(row: Mapping[str, Any], name: str, sign: str = "") -> str:
    if row[f"{name}_low"] is None:
        return _number(row[name], sign=sign)
    return f"{row[name]:{sign}.2f} [{row[f'{name}_low']:{sign}.2f}, {row[f'{name}_high']:{sign}.2f}]"
