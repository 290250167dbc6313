"""Writes a detector's model card from what was measured and from what is known of its making, so that no figure is typed.

    python bench/judge_simulated.py simulated-s dlib-68 pfld-68 --json judged.json
    python bench/model_card.py judged.json simulated-s --texts docs/models/simulated-s.card.toml --run run -o docs/models/simulated-s.md

`--texts` is a TOML file: lists of sentences `use`, `doubts` (of the figures) and `limits`, `commands` that make the weights again,
and a table `training` of facts. `--run` is the folder that `flmcore train` wrote: samples, epochs, minutes and the losses are taken
from its history. What is not given, the card says was not given. Weights that do not reach the bar are not called fit for use.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from flmcore.evaluation.store import write_bytes
from judge_simulated import mean_nme, table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXTS = {"use", "doubts", "limits", "commands", "training"}
BAR = 10.0  # % of the distance between the outer eye corners, on the human faces


def card(
    judged: dict[str, Any], name: str, texts: dict[str, Any], history: dict[str, Any] | None = None
) -> str:
    """The card's Markdown. KeyError for a detector that was not judged."""
    about, rows = judged["detectors"][name], judged["faces"][name]
    nme = mean_nme(rows, "truth", "all")
    training = {**texts.get("training", {}), **_trained(history)}
    parts = [
        f"# {name}",
        _summary(name, about, nme),
        *_section("What it is for", texts.get("use")),
        "## What it is",
        _facts(about),
        "## Trained on",
        _list(training) if training else "Not stated.",
        *_commands(texts.get("commands")),
        "## Judged",
        table(judged).strip(),
        *_section("What to know before believing these figures", texts.get("doubts")),
        "## What it is not for",
        _points([*_limits(rows, nme), *texts.get("limits", [])]),
    ]
    return "\n\n".join(parts) + "\n"


def _trained(history: dict[str, Any] | None) -> dict[str, str]:
    """Of ``history.json``."""
    epochs = [] if history is None else history["epochs"]
    if not epochs:
        return {}
    first, last = epochs[0], epochs[-1]
    return {
        "samples seen": f"{last['samples']:,} in {last['epoch']} epochs",
        "time": f"{last['minutes']:.0f} minutes",
        "mean loss": f"{first['loss']:.3f} in the first epoch, {last['loss']:.3f} in the last",
    }


def _section(title: str, points: list[str] | None) -> list[str]:
    return [f"## {title}", _points(points)] if points else []


def _commands(lines: list[str] | None) -> list[str]:
    return ["Made again by:", "```sh\n" + "\n".join(lines) + "\n```"] if lines else []


def _summary(name: str, about: dict[str, Any], nme: float | None) -> str:
    reached = "is not known" if nme is None else f"is {nme:.2f} %"
    verdict = "under" if nme is not None and nme < BAR else "not under"
    return (
        f"`{name}` gives the landmarks of `{about['scheme']}`. Its error on human landmarks {reached} of the distance between "
        f"the outer eye corners, {verdict} the bar of {BAR:g} % that it had to pass to ship. Licence: {about['licence']}."
    )


def _facts(about: dict[str, Any]) -> str:
    width, height = about["input"]
    mapping, sums = about["mapping"], f"SHA-256 `{about['weights_sha256']}`"
    if about["data_sha256"] is not None:
        sums += f", of its numbers `{about['data_sha256']}`"
    facts = {
        "input": f"{width}×{height} pixels",
        "parameters": f"{about['parameters']:,}" if about["parameters"] is not None else "not counted",
        "multiply-adds": f"{about['multiply_adds']:,}"
        if about["multiply_adds"] is not None
        else "not counted",
        "file": f"{about['bytes']:,} bytes, {sums}",
        "label translation": "none" if mapping is None else f"{mapping['file']}: {mapping['origin']}",
    }
    return _list(facts)


def _limits(rows: list[dict[str, Any]], nme: float | None) -> list[str]:
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
    return lines


def _points(lines: list[str]) -> str:
    return "\n".join(f"* {_plain(line)}" for line in lines)


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
    parser.add_argument("--texts", type=Path, help="TOML: use, doubts, limits, commands, [training]")
    parser.add_argument("--run", type=Path, help="folder of the training that made it")
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    judged = json.loads(options.judged.read_text(encoding="utf-8"))
    if options.name not in judged["detectors"]:
        parser.error(f"name: expected one of {', '.join(judged['detectors'])}, got {options.name!r}")
    texts = {} if options.texts is None else tomllib.loads(options.texts.read_text(encoding="utf-8"))
    if unknown := set(texts) - TEXTS:
        parser.error(f"texts: expected {', '.join(sorted(TEXTS))}, got {', '.join(sorted(unknown))}")
    history = None
    if options.run is not None:
        history = json.loads((options.run / "history.json").read_text(encoding="utf-8"))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(options.out, card(judged, options.name, texts, history).encode())


if __name__ == "__main__":
    main()
