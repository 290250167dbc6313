"""``flmcore schemes show``: a scheme in words, or as a chart of its numbered landmarks; or a mapping in words."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.commands.console import say
from flmcore.commands.scheme_mapping import in_grades, say_mapping

if TYPE_CHECKING:
    from flmcore.schemes import Scheme

__all__ = ["add", "run"]

_SUMMARY = (
    "a scheme's groups and sources, or a chart of its numbered landmarks; or a mapping's grades and errors"
)
_EXAMPLES = """examples:
  flmcore schemes show wflw-98
  flmcore schemes show wflw-98 -o chart.png
  flmcore schemes show mediapipe-478 -o chart.svg
  flmcore schemes show wflw-98 300w-68              how landmarks of the one become those of the other
  flmcore schemes show wflw-98 300w-68 --points     each of them

The chart shows a schematic face, drawn for it; of schemes with more than 150 landmarks only the ends of groups are
numbered. It needs matplotlib (pip install 'flmcore[report]')."""


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the arguments."""
    command = actions.add_parser(
        "show",
        help=_SUMMARY,
        description=f"{_SUMMARY[0].upper()}{_SUMMARY[1:]}.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("scheme", metavar="SCHEME", help="name or alias ('flmcore schemes' lists them)")
    command.add_argument("target", metavar="TARGET", nargs="?", help="show the mapping to this scheme")
    command.add_argument("--variant", metavar="NAME", help="another table of the mapping, such as nearest")
    command.add_argument("--points", action="store_true", help="each landmark of the mapping")
    command.add_argument("-o", "--out", type=Path, metavar="OUT", help="a .png or .svg to draw")
    command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw, or say in words."""
    from flmcore.schemes import mapping
    from flmcore.schemes.scheme import look_up

    scheme = look_up("SCHEME", options.scheme)
    if options.target is not None:
        if options.out is not None:
            msg = "--out: expected no TARGET beside it, for mappings have no chart"
            raise ValueError(msg)
        target = look_up("TARGET", options.target)
        say_mapping(mapping(scheme.name, target.name, variant=options.variant), each=options.points)
        return 0
    for option, given in (("--variant", options.variant is not None), ("--points", options.points)):
        if given:
            msg = f"{option}: expected a TARGET, for it is of mappings"
            raise ValueError(msg)
    if options.out is None:
        _say(scheme)
        return 0
    from flmcore.evaluation.store import prepare_folder, write_bytes
    from flmcore.report.scheme_chart import encode_chart

    data = encode_chart(scheme.name, options.out.suffix)
    prepare_folder(options.out.parent)
    write_bytes(options.out, data)
    say(f"{options.out}: {scheme.name}, {scheme.landmarks} landmarks")
    return 0


def _say(scheme: Scheme) -> None:
    from flmcore import schemes

    say(f"{scheme.name}: {scheme.landmarks} landmarks")
    for text, value in (
        ("also", ", ".join(scheme.aliases)),
        ("source", scheme.source),
        ("doubts", scheme.doubts),
    ):
        if value:
            say(f"{text:<22} {value}")
    for text, pair in (("outer eye corners", scheme.eye_outer), ("inner eye corners", scheme.eye_inner)):
        say(f"{text:<22} {'–' if pair is None else f'{pair[0]}, {pair[1]}'}")
    for name, indices in scheme.groups.items():
        say(f"{name:<22} {', '.join(map(str, indices))}")
    for other in schemes.names():
        try:
            grades = schemes.mapping(scheme.name, other).grades
        except ValueError:
            continue
        if other != scheme.name:
            say(f"{'to ' + other:<22} {in_grades(grades)}")
