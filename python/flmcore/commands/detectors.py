"""``flmcore detectors``: what there is, all about one, and whether a config file is sound."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flmcore.commands.console import EXIT_BAD_INPUT, say, terminal, warn
from flmcore.errors import FlmcoreError

if TYPE_CHECKING:
    from flmcore.detectors.load import DetectorEntry
    from flmcore.detectors.schema import DetectorConfig

EXAMPLES = """examples:
  flmcore detectors                       which there are, how large, which are ready, how to get the others
  flmcore detectors --json                the same for programs
  flmcore detectors show dlib-68          everything about one, by name or by file
  flmcore detectors check my-detector.toml        what is wrong with a config file, in one line
  flmcore detectors check --load my-detector.toml     and do its weights fit

Weights are looked for where a detector's config says, in the packages that ship them and in the folder named by
FLMCORE_WEIGHTS. Any .toml file can be given to -d as well. 'check': exit code 0 sound, 2 not."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="the list as JSON")
    parser.set_defaults(what="list")
    actions = parser.add_subparsers(metavar="[show|check]")
    show = actions.add_parser("show", help="everything about one detector")
    show.add_argument("detector", metavar="NAME|FILE", help="name or .toml file")
    show.set_defaults(what="show")
    check = actions.add_parser("check", help="what is wrong with config files")
    check.add_argument("files", nargs="+", metavar="FILE", help=".toml files, or names")
    check.add_argument("--load", action="store_true", help="load the weights too, and run one black crop")
    check.set_defaults(what="check")
    for action in (show, check):
        action.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")


def run(options: argparse.Namespace) -> int:
    """List, show or check."""
    if options.what == "check":
        return max([_check(file, load=options.load) for file in options.files])
    if options.what == "show":
        return _show(options.detector)
    from flmcore.detectors.load import available_detectors

    entries = available_detectors()
    if options.json:
        say(json.dumps([_record(entry) for entry in entries], indent=1, ensure_ascii=False))
        return 0
    from flmcore.report.detectors import detector_table, how_to_get

    console = terminal()
    console.print(detector_table(entries))
    for line in how_to_get(entries, console.width):
        say(line)
    return 0


def _record(entry: DetectorEntry) -> dict[str, Any]:
    """One detector of the list, for programs."""
    about: dict[str, Any] = {
        "name": entry.name,
        "origin": entry.origin,
        "ready": entry.ready,
        "reasons": list(entry.reasons),
        "weights_found": None if entry.weights is None else str(entry.weights),
    }
    return about | ({} if entry.config is None else _about(entry.config))


def _about(config: DetectorConfig) -> dict[str, Any]:
    from flmcore.detectors.cost import stated_cost

    cost = stated_cost(config)
    return {
        "scheme": config.scheme,
        "landmarks": config.landmarks,
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
        "flops": cost.flops,
        "input_size": list(config.crop.size),
        "backend": config.model.backend,
        "weights": config.model.weights,
        "licence": config.licence,
        "description": config.description,
        "source": config.to_dict()["source"],
        "config": None if config.path is None else str(config.path),
    }


def _config(name_or_file: str) -> DetectorConfig:
    """By name or by file; a file that is there is read whatever it is called."""
    from flmcore.detectors.config import read_config
    from flmcore.detectors.load import find_config

    return read_config(name_or_file) if Path(name_or_file).exists() else find_config(name_or_file)


def _show(name_or_file: str) -> int:
    from flmcore.detectors.cost import giga, mega, stated_cost

    config = _config(name_or_file)
    cost = stated_cost(config)
    lines: dict[str, Any] = {
        "name": config.name,
        "description": config.description,
        "licence": config.licence,
        "scheme": f"{config.scheme}, {config.landmarks} landmarks",
        "file": config.path,
        "size": f"{mega(cost.parameters)} million parameters, {giga(cost.flops)} GFLOPs for one face, by [source]",
    }
    found, problems = _problems(config)
    lines["translated by"], faults = _translated(config)
    problems += faults
    lines["weights found"] = found or "no"
    lines["ready"] = "no" if problems else "yes"
    _say_all(lines)
    for problem in problems:
        say(f"  {problem}")
    for name, table in config.to_dict().items():
        if isinstance(table, dict):
            say(f"\n[{name}]")
            _say_all(table)
    return 0


def _translated(config: DetectorConfig) -> tuple[str | None, list[str]]:
    """The mapping after the network and what it was learnt from; what is wrong with it."""
    from flmcore.detectors.translation import read_translation

    try:
        translation = read_translation(config)
    except FlmcoreError as error:
        return None, [str(error)]
    if translation is None:
        return None, []
    about = translation.describe()
    return f"{about['file']}: {about['source']} → {about['target']}; {about['origin']}", []


def _say_all(table: dict[str, Any]) -> None:
    for key, value in table.items():
        if value not in (None, "", {}):
            said = str(value).lower() if isinstance(value, bool) else value
            said = f"{said:,}" if isinstance(said, int) else said
            say(f"{key:<17} {said}")


def _problems(config: DetectorConfig) -> tuple[Path | None, list[str]]:
    """The weights, and why the detector cannot be loaded here: package, weights."""
    from flmcore.detectors.backends import missing_package
    from flmcore.detectors.weights import locate_weights

    problems = [reason for reason in [missing_package(config.model.backend)] if reason]
    try:
        return locate_weights(config), problems
    except FlmcoreError as error:
        return None, [*problems, str(error)]


def _check(file: str, *, load: bool) -> int:
    """One line for a sound config, and one for each thing that it lacks here; one on standard error for a fault."""
    from flmcore.detectors import nets
    from flmcore.detectors.load import load_detector

    try:
        config = _config(file)
        if config.model.network is not None:
            nets.require_name(config.model.network, f"{config.path}: model.network")
        if load:
            load_detector(config)
    except (FlmcoreError, ValueError) as error:
        warn(" ".join(str(error).split()))
        return EXIT_BAD_INPUT
    say(f"{file}: ok: {config.name}, {config.scheme}, {config.landmarks} landmarks")
    for problem in [*_problems(config)[1], *_translated(config)[1]]:
        say(f"{file}: warning: {problem}")
    return 0
