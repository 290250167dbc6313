"""What matters for a detector that is trained on drawn faces: one thing changed at a time, everything else the same.

    FLMCORE_SHARED=../shared python bench/ablate_simulated.py ablations --plan
    FLMCORE_SHARED=../shared python bench/ablate_simulated.py ablations --seeds 2
    FLMCORE_SHARED=../shared python bench/ablate_simulated.py ablations --only data,texture --minutes 40

The same command goes on after a kill: finished runs are kept in OUT/runs and not repeated, a training that was cut off goes
on from its checkpoint, drawn faces are shared in OUT/drawn. After every run OUT/ablations.json, .csv, .md and .png are
written anew from what is there. Another --samples, --crop, … makes other runs beside those.

Errors are in % between the outer eye corners, with boxes of the truth: on the faces with human landmarks that
bench/judge_simulated.py has as its main ones, and on drawn faces of another seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablation_figure import draw_figure
from ablation_pace import plan_lines, trial
from ablation_plan import GROUPS, Base, Run, about, runs_of
from ablation_rows import COLUMNS, Results, falls_of, markdown, rows_of
from ablation_runs import Place, carry_out, finished
from flmcore.commands.train_progress import watching
from flmcore.whole_files import dump_json, prepare_folder, write_bytes, write_csv
from judge_simulated import SHARED

EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    names = Base.__dataclass_fields__
    base = Base(**{name: getattr(options, name) for name in names})
    place = Place(
        options.out, SHARED / "faces", threads=options.threads, workers=options.workers, memory=options.memory
    )
    runs = runs_of(base, options.only, options.seeds)
    if options.plan:
        print("\n".join(plan_lines(runs, place, trial(runs, place, options.trial))))
        return 0
    prepare_folder(options.out)
    try:
        return _all(runs, place, options, base)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return EXIT_INTERRUPTED


def _all(runs: Sequence[Run], place: Place, options: Any, base: Base) -> int:
    started = time.monotonic()
    results: dict[str, Any] = {}
    for run in runs:
        found = finished(place, run)
        if found is not None:
            results[run.key] = found
    write(place.out, base, options.only, options.seeds, results)
    todo = [run for run in runs if run.key not in results]
    print(f"{len(runs)} runs, {len(results)} of them done", flush=True)
    for number, run in enumerate(todo):
        if options.minutes is not None and time.monotonic() - started >= 60 * options.minutes:
            print(
                f"stopped after {options.minutes:g} minutes; {len(todo) - number} runs are left", flush=True
            )
            return 0
        title = f"{run.setting.group}: {run.setting.label}, seed {run.seed}"
        print(f"{number + 1} of {len(todo)}  {title}  ({run.key})", flush=True)
        with watching() as watcher:
            results[run.key] = carry_out(place, run, watcher)
        write(place.out, base, options.only, options.seeds, results)
    print(f"{place.out / 'ablations.md'}", flush=True)
    return 0


def write(out: Path, base: Base, groups: Sequence[str], seeds: int, results: Results) -> None:
    """Table and figure of the runs that are done."""
    rows = rows_of(base, groups, seeds, results)
    falls = falls_of(base, seeds, results)
    runs = [{"run": key, **result} for key, result in results.items()]
    record = {"base": about(base), "rows": rows, "falls": falls, "runs": runs}
    write_bytes(out / "ablations.json", dump_json(record))
    write_csv(out / "ablations.csv", rows, COLUMNS)
    write_bytes(out / "ablations.md", markdown(base, rows, falls).encode())
    picture = draw_figure(rows, falls)
    if picture is not None:
        write_bytes(out / "ablations.png", picture)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    usual = Base()
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the runs and of the table")
    parser.add_argument("--only", type=_groups, default=list(GROUPS), help=f"of {', '.join(GROUPS)}")
    parser.add_argument("--seeds", type=_from(1), default=1, help="trainings of each setting")
    parser.add_argument("--minutes", type=float, help="start no run after so long")
    parser.add_argument("--plan", action="store_true", help="say what would run and how long, by a trial")
    parser.add_argument("--trial", type=float, default=20.0, help="seconds of that trial")
    parser.add_argument("--threads", type=_from(1), default=1, help="of the network")
    parser.add_argument("--workers", type=_from(1), default=1, help="processes that draw")
    parser.add_argument("--memory", type=float, default=4.0, help="GB of images kept while training")
    parser.add_argument(
        "--sizes", type=_sizes, default=usual.sizes, help="numbers of faces of the group data"
    )
    # The least that runs: bootstraps want ten faces, a batch two samples.
    numbers = {"faces": 1, "samples": 2, "size": 16, "crop": 16, "batch": 2, "epochs": 1, "held_out": 2}
    for name, least in {**numbers, "depth": 10, "width": 1}.items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(
            option, type=_from(least), default=getattr(usual, name), help="default: %(default)s"
        )
    return parser.parse_args(arguments)


def _from(least: int) -> Any:
    from flmcore.commands.console import whole

    return whole(least)


def _groups(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in GROUPS:
            msg = f"expected some of {', '.join(GROUPS)}, got {name!r}"
            raise argparse.ArgumentTypeError(msg)
    return list(dict.fromkeys(names))


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({_from(1)(part) for part in text.split(",")}))


if __name__ == "__main__":
    sys.exit(main())
