"""Writes a detector's model card from what was measured, so that no number is typed.

    python bench/judge_simulated.py simulated-s dlib-68 pfld-68 --json judged.json
    python bench/model_card.py judged.json simulated-s --training training.json -o docs/models/simulated-s.md

`--training` is a JSON object of texts and numbers about the training (faces drawn, hours, machine, settings …), one row
each; without it the card says that it was not given. Weights that do not reach the bar are not called fit for use.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from flmcore.evaluation.store import write_bytes
from judge_simulated import mean_nme, table

BAR = 10.0  # % of the distance between the outer eye corners, on the human faces


def card(judged: dict[str, Any], name: str, training: dict[str, Any]) -> str:
    """The card's Markdown. KeyError for a detector that was not judged."""
    about, rows = judged["detectors"][name], judged["faces"][name]
    nme = mean_nme(rows, "truth", "all")
    parts = [
        f"# {name}",
        _summary(name, about, nme),
        "## What it is",
        _facts(about),
        "## Trained on",
        _list(training) if training else "Not stated.",
        "## Judged",
        table(judged).strip(),
        "## What it is not for",
        _limits(rows, nme),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(name: str, about: dict[str, Any], nme: float | None) -> str:
    reached = "is not known" if nme is None else f"is {nme:.2f} %"
    verdict = "under" if nme is not None and nme < BAR else "not under"
    return (
        f"`{name}` gives the landmarks of `{about['scheme']}`. Its error on human landmarks {reached} of the distance between "
        f"the outer eye corners, {verdict} the bar of {BAR:g} % that it had to pass to ship. Licence: {about['licence']}."
    )


def _facts(about: dict[str, Any]) -> str:
    width, height = about["input"]
    mapping = about["mapping"]
    facts = {
        "input": f"{width}×{height} pixels",
        "parameters": f"{about['parameters']:,}" if about["parameters"] is not None else "not counted",
        "multiply-adds": f"{about['multiply_adds']:,}"
        if about["multiply_adds"] is not None
        else "not counted",
        "file": f"{about['bytes']:,} bytes, SHA-256 `{about['weights_sha256']}`",
        "label translation": "none" if mapping is None else f"{mapping['file']}: {mapping['origin']}",
    }
    return _list(facts)


def _limits(rows: list[dict[str, Any]], nme: float | None) -> str:
    main = [row for row in rows if row["main"]]
    missed = sum(row["finder"]["all"] is None for row in main)
    worst = max(
        (row for row in main if row["truth"]["all"] is not None),
        key=lambda r: r["truth"]["all"],
        default=None,
    )
    lines = [
        f"The judgement rests on {len(main)} faces: differences below about 0.3 % are noise, and no interval can be given."
    ]
    if worst is not None:
        lines.append(f"The worst of them, {worst['face']}, has {worst['truth']['all']:.2f} %.")
    if missed:
        lines.append(f"On {missed} of them no box of the finder led to landmarks.")
    if nme is None or nme >= BAR:
        lines.append(
            "It did not reach the bar: do not use it in the place of a network trained on photographs."
        )
    lines.append(
        "It tells no identity, age, mood or health, and was not tried on groups of people for differences in error."
    )
    return "\n".join(f"* {line}" for line in lines)


def _list(facts: dict[str, Any]) -> str:
    return "\n".join(f"* **{_plain(key)}**: {_plain(value)}" for key, value in facts.items())


def _plain(value: Any) -> str:
    """Text of a file, in one line and without what Markdown would take for HTML."""
    return " ".join(str(value).split()).replace("&", "&amp;").replace("<", "&lt;")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("judged", type=Path, help="what bench/judge_simulated.py --json wrote")
    parser.add_argument("name", help="the detector whose card it is")
    parser.add_argument("--training", type=Path, help="JSON object: what it was trained on and how")
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    judged = json.loads(options.judged.read_text(encoding="utf-8"))
    if options.name not in judged["detectors"]:
        parser.error(f"name: expected one of {', '.join(judged['detectors'])}, got {options.name!r}")
    training = {} if options.training is None else json.loads(options.training.read_text(encoding="utf-8"))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(options.out, card(judged, options.name, training).encode())


if __name__ == "__main__":
    main()
