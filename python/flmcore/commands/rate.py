"""``flmcore rate``: ratings by eye, from the report page into results."""

from __future__ import annotations

import argparse

from flmcore.commands.console import say, terminal, warn, whole
from flmcore.commands.device import add_join_arguments

EXAMPLES = """examples:
  flmcore report out/ -o out --open                         rate on the page: section 'Rate by eye', then download
  flmcore rate import ~/Downloads/ratings_AB.json out/      into out/results.json; then: flmcore report out/ -o out
  flmcore rate import ratings/*.json out/ -o with_ratings/  of several raters, into another folder

Ratings are added to those imported before; a session that was downloaded twice counts once. docs/rating.md says how the
score comes about and how many pairs it takes. Exit code: 0 done, 2 bad input."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of each action."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    joined = actions.add_parser("import", help="put ratings files into results")
    add_join_arguments(joined, "RATINGS.json", "downloaded from the page")
    joined.add_argument("--replace", action="store_true", help="drop the ratings that were imported before")
    joined.add_argument("--seed", type=whole(0), default=0, help="of the bootstrap (default: 0)")
    joined.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")


def run(options: argparse.Namespace) -> int:
    """Join, write, show."""
    from flmcore.commands.device import write_joined
    from flmcore.evaluation.reading import results_file
    from flmcore.evaluation.results import Results
    from flmcore.rating import add_ratings
    from flmcore.report.ratings import rating_sections, rating_warnings

    results = Results.from_json(options.results)
    joined = add_ratings(results, options.files, replace=options.replace, seed=options.seed)
    written = write_joined(joined, results_file(options.results), options.out)
    console = terminal()
    for section in rating_sections(joined, console.width):
        console.print(section)
    for warning in rating_warnings(joined):
        warn(warning)
    for path in written:
        say(f"  {path}")
    return 0
