"""Turns pytest-benchmark's JSON into the README's table, so that no figure there is typed by hand.

pytest bench --benchmark-only --benchmark-json=bench.json
python bench/table.py bench.json                     # prints it
python bench/table.py bench.json --write README.md   # puts it between the README's markers
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

GROUPS = (
    "crop-axis",
    "crop-rotated",
    "crop-threads",
    "heatmap-argmax",
    "heatmap-quarter",
    "heatmap-taylor",
    "heatmap-dark",
    "heatmap-dark-udp",
    "simcc-argmax",
    "simcc-dark",
    "stability",
    "remap",
    "sweep-end-to-end",
    "bootstrap",
)
MARKERS = re.compile(r"(<!-- bench: begin -->\n).*?(<!-- bench: end -->)", re.DOTALL)


def duration(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1 or unit == "µs":
            return f"{seconds * scale:.3g} {unit}"
    raise AssertionError


def rows(report: dict[str, Any]) -> list[str]:
    """One line per group: ours, then each other case with its time as a multiple of ours."""
    groups: dict[str, dict[str, tuple[float, str]]] = defaultdict(dict)
    for case in report["benchmarks"]:
        info = case["extra_info"]
        if "impl" in info:
            kind = "floor" if info["impl"] == "floor" else str(info.get("rival", ""))
            groups[case["group"]][info["impl"]] = (case["stats"]["median"], kind)
    lines = [
        "| group | flmcore | today's code | the expert's | floor | others |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for group in [g for g in GROUPS if g in groups] + sorted(set(groups) - set(GROUPS)):
        cases = groups[group]
        if "flmcore" not in cases:
            continue
        ours = cases["flmcore"][0]
        cells: dict[str, list[str]] = defaultdict(list)
        for impl, (median, kind) in cases.items():
            if impl == "flmcore":
                continue
            if kind == "floor":
                cells["floor"].append(f"{duration(median)}: we take **{ours / median:.2f}×**")
            else:
                column = kind if kind in ("today", "expert") else "other"
                cells[column].append(f"{impl} {duration(median)}: **{median / ours:.1f}×** ours")
        columns = ("today", "expert", "floor", "other")
        lines.append(
            f"| {group} | {duration(ours)} | " + " | ".join("<br>".join(cells[c]) for c in columns) + " |"
        )
    return lines


def text(report: dict[str, Any]) -> str:
    machine, core = report["machine_info"], report["machine_info"].get("flmcore", {})
    where = f"{machine['cpu'].get('brand_raw', machine['machine'])}, {machine['cpu'].get('count')} cores, {machine['system']}"
    line = f"Medians of one run, {report['datetime'][:10]}; {where}; Python {machine['python_version']}"
    if core:
        line += f"; flmcore {core['version']}, {core['isa']}, {core['compiler']}"
    if "versions" in machine:
        line += "; " + ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return "\n".join([line + ".", "", *rows(report), ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path, help="what --benchmark-json wrote")
    parser.add_argument(
        "--write", type=Path, metavar="README", help="replace the table between this file's markers"
    )
    arguments = parser.parse_args()
    table = text(json.loads(arguments.report.read_text(encoding="utf-8")))
    if arguments.write is None:
        print(table, end="")
        return 0
    old = arguments.write.read_text(encoding="utf-8")
    if not MARKERS.search(old):
        sys.exit(f"{arguments.write}: no markers <!-- bench: begin --> and <!-- bench: end -->")
    arguments.write.write_text(
        MARKERS.sub(lambda m: m[1] + "\n" + table + "\n" + m[2], old), encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
