"""``flmcore schemes`` and ``info``: what there is."""

from __future__ import annotations

import argparse
from typing import Literal

from rich import box
from rich.table import Table
from rich.text import Text

from flmcore.commands.console import say, terminal

SCHEMES_EXAMPLES = """examples:
  flmcore schemes                                                     list the schemes
  flmcore schemes show wflw-98 -o chart.png                           its numbered points, drawn (PNG or SVG)
  flmcore schemes fit -d my-detector.toml 300W/ -o map.toml           a mapping learnt from a detector and a truth
  flmcore schemes mean-shape TRUTH --scheme wflw-98 -o mean_98.npz    the mean face that SLPT starts from"""
INFO_EXAMPLES = "example:\n  flmcore info"


def add_nothing(parser: argparse.ArgumentParser) -> None:
    """These commands have no arguments."""
    del parser


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, header_style="bold")
    for name in columns:
        justify: Literal["left", "right"] = "right" if name == "landmarks" else "left"
        table.add_column(name, justify=justify, no_wrap=name == "scheme", overflow="fold")
    return table


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
