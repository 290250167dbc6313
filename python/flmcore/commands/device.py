"""``flmcore device``: figures from phones and Macs, collected, imported, shown."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.commands.console import EXIT_NOTHING, progress_bar, say, terminal, warn, whole

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

EXAMPLES = """examples:
  flmcore device template -d rtmpose-t -d fan4 > my_iphone.json    a file to fill in
  flmcore device show my_iphone.json                               what it says, and whether it is sound
  flmcore device import my_iphone.json out/                        into out/results.json; then: flmcore report out/ -o out/
  flmcore device import a.json b.json out/ -o with_phones/         into another folder
  flmcore device collect rtmpose.mlpackage fan4.mlpackage -o mac.json                   on a Mac: this Mac
  flmcore device collect *.mlpackage -o phone.json --device "My iPhone" --compute-units ALL,CPU_ONLY --team ABCDE12345

docs/device.md has the file's format. Figures are joined by the detector's name, and by the sum of its weights where file and
results have it. Exit code: 0 done, 1 collected in part, 2 bad input."""
_UNITS = ("ALL", "CPU_AND_NE", "CPU_AND_GPU", "CPU_ONLY")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of each action."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_collect(actions.add_parser("collect", help="time packages on this Mac or a connected device"))
    joined = actions.add_parser("import", help="put device files into results")
    add_join_arguments(joined, "FILE", "device files")
    joined.add_argument(
        "--replace", action="store_true", help="put these figures in the place of those of the same device"
    )
    joined.add_argument(
        "-d", "--detector", action="append", metavar="NAME", help="only this one; repeat for several"
    )
    show = actions.add_parser("show", help="check a device file and print it")
    show.add_argument("file", metavar="FILE", type=Path, help="device file")
    template = actions.add_parser("template", help="a device file to fill in, on standard output")
    template.add_argument(
        "-d",
        "--detector",
        action="append",
        required=True,
        metavar="DETECTOR",
        help="name or .toml file; repeat",
    )
    for action in actions.choices.values():
        action.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")


def _add_collect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("packages", nargs="+", metavar="PACKAGE", type=Path, help=".mlpackage")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE", help="device file to write")
    parser.add_argument(
        "--device",
        default="local",
        metavar="NAME",
        help="local: this Mac (default); or name, UDID or product of a connected device",
    )
    parser.add_argument(
        "--compute-units",
        type=units_list,
        default=["ALL"],
        metavar="UNITS",
        help=f"{', '.join(_UNITS)}, or several with commas between (default: ALL)",
    )
    parser.add_argument(
        "--iterations", type=whole(1, 100_000), default=100, help="predictions (default: 100)"
    )
    parser.add_argument("--loads", type=whole(1, 1000), default=5, help="times to load (default: 5)")
    parser.add_argument("--team", default="", help="Apple development team that signs the app on the device")
    parser.add_argument("--model", metavar="TEXT", help="what to call the device, where Xcode does not say")


def units_list(text: str) -> list[str]:
    """For argparse: compute units with commas between."""
    names = text.split(",")
    for name in names:
        if name not in _UNITS:
            msg = f"expected {', '.join(_UNITS)}, got {name!r}"
            raise argparse.ArgumentTypeError(msg)
    return list(dict.fromkeys(names))


def add_join_arguments(parser: argparse.ArgumentParser, metavar: str, what: str) -> None:
    """Declare the files that are put into results, the results, and where these go."""
    parser.add_argument("files", nargs="+", metavar=metavar, type=Path, help=what)
    parser.add_argument("results", metavar="RESULTS", type=Path, help="results.json, or the folder it is in")
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="OUT",
        help="folder or .json file to write (default: RESULTS itself)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the action that was named."""
    if options.action == "import":
        return _import(options)
    if options.action == "collect":
        return _collect(options)
    if options.action == "show":
        return _show(options)
    from flmcore.device.template import device_template

    print(device_template(options.detector), end="")
    return 0


def _import(options: argparse.Namespace) -> int:
    from flmcore.device.join import add_devices
    from flmcore.evaluation.reading import results_file
    from flmcore.evaluation.results import Results
    from flmcore.report.table import build

    results = Results.from_json(options.results)
    joined = add_devices(results, options.files, replace=options.replace, detectors=options.detector)
    written = write_joined(joined, results_file(options.results), options.out)
    console = terminal()
    if console.is_terminal:
        console.print(build(joined, width=console.width))
    else:
        say(joined.table(console.width))
    say()
    for path in written:
        say(f"  {path}")
    return 0


def write_joined(results: Results, source: Path, out: Path | None) -> list[Path]:
    """Everything into another folder; in place, what the new figures are in, the results first."""
    if out is not None and out.suffix.lower() != ".json":
        return results.write(out)
    target = source if out is None else out
    results.to_json(target)
    table = target.with_name("results.csv")
    if out is not None or target.name != "results.json" or not table.is_file():
        return [target]
    results.to_csv(table)
    return [target, table]


def _show(options: argparse.Namespace) -> int:
    from flmcore.device.reading import read_device_file
    from flmcore.report.device_file import build_device_file

    console = terminal()
    console.print(build_device_file(read_device_file(options.file), console.width))
    return 0


def _collect(options: argparse.Namespace) -> int:
    from flmcore.device.mac import require_mac

    require_mac()  # ahead of all else: nobody should mend arguments for a machine that cannot do it
    from flmcore.device.collect import Timing, collect
    from flmcore.device.reading import read_device_file
    from flmcore.evaluation.run import Progress
    from flmcore.evaluation.store import dump_json, write_bytes

    with progress_bar() as progress:

        def report(done: int, total: int, doing: str) -> None:
            if progress is not None:
                progress(Progress(done, total, doing))

        record, problems = collect(
            options.packages,
            Timing(options.compute_units, options.iterations, options.loads),
            device=options.device,
            team=options.team,
            model=options.model,
            report=report,
        )
    write_bytes(options.out, dump_json(record))
    read_device_file(options.out)  # what no import would take should be known now
    for problem in problems:
        warn(problem)
    say(f"{options.out}: {len(record['detectors'])} measured")
    return EXIT_NOTHING if problems else 0
