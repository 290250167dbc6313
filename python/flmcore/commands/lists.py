"""``flmcore detectors``, ``schemes`` and ``info``: what there is."""

from __future__ import annotations

import argparse
from typing import Literal

from rich import box
from rich.table import Table
from rich.text import Text

from flmcore.commands.console import say, terminal

DETECTORS_EXAMPLES = """example:
  flmcore detectors

Weights are looked for where a detector's config says, in the packages that ship them and in the folder named by
FLMCORE_WEIGHTS. Any .toml file can be given to -d as well."""
SCHEMES_EXAMPLES = """examples:
  flmcore schemes                                                     list the schemes
  flmcore schemes show wflw-98 -o chart.png                           its numbered points, drawn (PNG or SVG)
  flmcore schemes mean-shape TRUTH --scheme wflw-98 -o mean_98.npz    the mean face that SLPT starts from"""
INFO_EXAMPLES = "example:\n  flmcore info"


def add_nothing(parser: argparse.ArgumentParser) -> None:
    """These commands have no arguments."""
    del parser


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, header_style="bold")
    for name in columns:
        justify: Literal["left", "right"] = "right" if name in ("pts", "landmarks") else "left"
        whole = name in ("detector", "scheme", "backend")
        table.add_column(name, justify=justify, no_wrap=whole, overflow="fold")
    return table


def run_detectors(options: argparse.Namespace) -> int:
    """Name, scheme, landmarks, backend, licence, whether ready; below the table, why not."""
    del options
    from flmcore.detectors.load import available_detectors

    table = _table("detector", "scheme", "pts", "backend", "ready", "licence")
    entries = available_detectors()
    for entry in entries:
        config = entry.config
        about = ["–"] * 3 if config is None else [config.scheme, str(config.landmarks), config.model.backend]
        licence = "–" if config is None else config.licence
        ready = "yes" if entry.ready else "no"
        table.add_row(*map(Text, [entry.name, *about, ready, licence]))
    console = terminal()
    console.print(table)
    missing = [entry for entry in entries if not entry.ready]
    if missing:
        say("Not ready:")
    for entry in missing:
        for reason in entry.reasons:
            text = reason if reason.startswith(f"{entry.name}: ") else f"{entry.name}: {reason}"
            console.print(Text(f"  {text}"), soft_wrap=True)
    return 0


def run_schemes(options: argparse.Namespace) -> int:
    """Name, landmarks, groups, and which schemes it can be mapped to."""
    del options
    from flmcore import schemes

    table = _table("scheme", "landmarks", "groups", "can be mapped to")
    for name in schemes.names():
        scheme = schemes.get(name)
        reached = [other for other in schemes.names() if other != name and _reaches(name, other)]
        table.add_row(*map(Text, [name, str(scheme.landmarks), ", ".join(scheme.groups), ", ".join(reached)]))
    terminal().print(table)
    return 0


def _reaches(source: str, target: str) -> bool:
    from flmcore import schemes

    try:
        schemes.mapping(source, target)
    except ValueError:
        return False
    return True


def run_info(options: argparse.Namespace) -> int:
    """How the core was built, what it runs on, and the packages that detectors need."""
    del options
    from flmcore.evaluation.identity import environment

    about = environment()
    lines = {**about["build"], "processor": about["processor"], **about["packages"]}
    for key, value in lines.items():
        say(f"{key:<24} {', '.join(value) if isinstance(value, list) else value}")
    return 0
