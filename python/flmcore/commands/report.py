"""``flmcore report``: table, CSV files and figures from results, with nothing run."""

from __future__ import annotations

import argparse
from pathlib import Path

from flmcore.commands.console import say, show_page, terminal, warn

EXAMPLES = """examples:
  flmcore report out/ -o report            index.html, table.txt, results.csv, units.csv, figures from out/results.json
  flmcore report out/ -o report --open     and show the page in the browser
  flmcore report results.json -o report --no-figures
  flmcore report out/ -o report --parquet  units.parquet too, with every value of every face

No detector, image or weights are needed. The overlays need overlays.npz beside the results.
Exit code: 0 written, 2 bad input."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("results", metavar="RESULTS", type=Path, help="results.json, or the folder it is in")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder for the report")
    parser.add_argument("--no-figures", action="store_true", help="do not draw figures")
    parser.add_argument("--no-page", action="store_true", help="do not make index.html")
    parser.add_argument("--open", action="store_true", help="open index.html in the browser")
    parser.add_argument("--parquet", action="store_true", help="write units.parquet (extra parquet)")


def run(options: argparse.Namespace) -> int:
    """Read, print, write."""
    from flmcore.errors import MissingExtraError
    from flmcore.evaluation.results import Results
    from flmcore.evaluation.store import prepare_folder, write_bytes
    from flmcore.report.page import write_page
    from flmcore.report.table import build

    if options.open and options.no_page:
        msg = "--open: expected a page to open, got --no-page"
        raise ValueError(msg)
    results = Results.from_json(options.results)
    out: Path = options.out
    prepare_folder(out)
    console = terminal()
    if console.is_terminal:
        console.print(build(results, width=console.width))
    else:
        say(results.table(console.width))
    files = [out / name for name in ("table.txt", "results.csv", "units.csv")]
    write_bytes(files[0], f"{results.table()}\n".encode())
    results.to_csv(files[1])
    results.to_unit_csv(files[2])
    if "video" in results.data:
        from flmcore.evaluation.video.clip_rows import write_clip_rows

        files.append(write_clip_rows(results.data["video"], out))
    if options.parquet:
        files.append(out / "units.parquet")
        results.to_parquet(files[-1])
    if not options.no_figures:
        from flmcore.report.figures import write_figures

        try:
            files += write_figures(results, out)
        except MissingExtraError as error:
            warn(str(error))
    if not options.no_page:
        source = options.results if options.results.is_dir() else options.results.parent
        files.append(write_page(results, out, source=source))
    say()
    for path in files:
        say(f"  {path}")
    if options.open:
        show_page(files[-1])
    return 0
