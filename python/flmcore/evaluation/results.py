"""What a run found, as files and as a table."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import ResultsError
from flmcore.evaluation.reading import read_record, results_file
from flmcore.evaluation.schema import FORMAT
from flmcore.evaluation.store import dump_json, pack_arrays, plain, write_bytes, write_csv
from flmcore.evaluation.summary import METRICS

__all__ = ["FORMAT", "Results"]

PathLike = str | os.PathLike[str]
_INTERVALS = (
    "jitter",
    "jitter_common",
    "spread",
    "gain",
    "residual",
    "jitter_p95",
    "rounding_jitter",
    "decoder_floor",
    "nme",
    "nme_common",
)
_ABOUT = ("detector", "scheme", "landmarks", "images", "faces", "licence")
_COST = ("parameters", "multiply_adds")
_UNIT_VALUES = ("normaliser", "normaliser_px", "undefined")


class Results:
    """The results of :func:`flmcore.evaluate`.

    Attributes:
        data: everything, as ``results.json`` has it.
        overlays: per image of ``data["overlays"]``, the arrays that the overlay figure needs.
    """

    def __init__(
        self, data: Mapping[str, Any], overlays: Mapping[str, Mapping[str, NDArray[Any]]] | None = None
    ) -> None:
        self.data: dict[str, Any] = plain(data)
        self.overlays = {image: dict(arrays) for image, arrays in (overlays or {}).items()}

    @property
    def complete(self) -> bool:
        """Whether the run reached its end."""
        return bool(self.data["complete"])

    @property
    def protocol(self) -> dict[str, Any]:
        """Sweep, seeds, normaliser, common scheme, batch, threads."""
        return dict(self.data["protocol"])

    @property
    def detectors(self) -> list[dict[str, Any]]:
        """What each detector says of itself: config, sum of its weights, backend, versions."""
        return list(self.data["detectors"])

    @property
    def summary(self) -> list[dict[str, Any]]:
        """One row per detector; each number with its mean, interval and number of images."""
        return list(self.data["summary"])

    @property
    def units(self) -> list[dict[str, Any]]:
        """One row per detector and face."""
        return list(self.data["units"])

    @property
    def comparisons(self) -> list[dict[str, Any]]:
        """Per metric: every pair of detectors, the order, and who is tied; empty in older results."""
        return list(self.data.get("comparisons", []))

    @property
    def problems(self) -> list[dict[str, Any]]:
        """What was not measured and why; rows with ``note`` were measured."""
        return list(self.data["problems"])

    @property
    def causes(self) -> dict[str, list[dict[str, Any]]]:
        """Rows on where jitter comes from: ``sweeps``, ``decoder_floor``, and what else was asked for."""
        return dict(self.data.get("causes", {}))

    @property
    def portability(self) -> dict[str, dict[str, Any]]:
        """What a phone likely makes of each detector, where ``flmcore export portability --into`` put it in."""
        return dict(self.data.get("portability", {}))

    @property
    def speed(self) -> dict[str, dict[str, Any]]:
        """Latency of one face by stage, per detector."""
        return dict(self.data["timing"]["speed"])

    @property
    def devices(self) -> list[dict[str, Any]]:
        """Figures that phones and other devices measured, a row per device; empty where none were imported."""
        return list(self.data.get("devices", []))

    def __repr__(self) -> str:
        state = "" if self.complete else ", unfinished"
        names = ", ".join(row["detector"] for row in self.summary)
        return f"<flmcore.Results: {names}; {len(self.units)} measurements{state}>"

    def table(self, width: int = 100) -> str:
        """The table and its footnotes, as plain text."""
        from flmcore.report.table import render  # a result shows itself; the report package knows how

        return render(self, width=width)

    def to_json(self, path: PathLike) -> None:
        """Write ``results.json``: strict JSON, NaN as null, whole or not at all."""
        write_bytes(Path(path), dump_json(self.data))

    @classmethod
    def from_json(cls, path: PathLike) -> Results:
        """Read what :meth:`to_json` wrote, and ``overlays.npz`` where it lies beside.

        Args:
            path: the file, or the folder with ``results.json``.

        Raises:
            ResultsError: the file cannot be read, is of a newer version, or is not what the schema says.
        """
        file = results_file(Path(path))
        data = read_record(file)
        return cls(data, _read_overlays(file.with_name("overlays.npz"), data["overlays"]))

    @classmethod
    def merge(
        cls,
        runs: Sequence[Results | PathLike],
        *,
        rename: Mapping[tuple[int, str], str] | None = None,
    ) -> Results:
        """Runs of different detectors on the same images as one run; tables and statistics are computed anew.

        What the runs do not share is not mixed: on common landmarks there are figures only where all runs have the
        same common scheme (NME follows from the errors that results keep); latencies of different machines stay under
        ``timing.merged``. ``problems`` says so.

        Args:
            runs: results, or their files or folders; from two on.
            rename: (number of the run from 0, name) → new name of that detector.

        Raises:
            ResultsError: a file cannot be read; protocols, seeds, images, faces or boxes differ (says which); a run is
                unfinished; two detectors of one name.
            ValueError: fewer than two runs, or a detector to rename that is not there.
        """
        from flmcore.evaluation.merge import merge_runs  # which makes results

        read = [run if isinstance(run, Results) else cls.from_json(run) for run in runs]
        names = [f"run {n + 1}" if isinstance(run, Results) else os.fspath(run) for n, run in enumerate(runs)]
        return merge_runs(read, names, rename)

    def to_csv(self, path: PathLike) -> None:
        """One row per detector."""
        from flmcore.report.devices import device_cells
        from flmcore.report.ratings import visual_of

        rows = []
        visual = visual_of(self)
        for row in self.summary:
            line = {key: row[key] for key in _ABOUT} | {key: row.get(key) for key in _COST}
            line["boxes"] = row.get("boxes", {}).get("source")
            for metric in METRICS:
                for part in ("mean", "low", "high") if metric in _INTERVALS else ("mean",):
                    name = metric if part == "mean" else f"{metric}_{part}"
                    line[name] = (row.get(metric) or {}).get(part)
            for stage, values in self.speed.get(row["detector"], {}).items():
                if isinstance(values, Mapping):
                    line |= {f"{stage}_{name}_ms": value for name, value in values.items()}
            if visual:
                line |= {f"visual_{part}": visual[row["detector"]][part] for part in ("mean", "low", "high")}
            rows.append(line | device_cells(self, row["detector"]))
        columns = list(dict.fromkeys(key for line in rows for key in line))
        write_csv(Path(path), rows, columns)

    def to_unit_csv(self, path: PathLike) -> None:
        """One row per detector and face."""
        rows = []
        for unit in self.units:
            line = {key: unit[key] for key in ("image", "face", "detector")}
            for metric, keys in METRICS.items():
                value: Any = unit
                for key in keys:
                    value = value.get(key) if isinstance(value, Mapping) else None
                line[metric] = value
            rows.append(line | {key: unit[key] for key in _UNIT_VALUES})
        write_csv(Path(path), rows, ["image", "face", "detector", *METRICS, *_UNIT_VALUES])

    def to_parquet(self, path: PathLike) -> None:
        """One row per detector and face with every value, for pandas, Polars, DuckDB.

        Raises:
            MissingExtraError: pyarrow is not installed.
        """
        from flmcore.evaluation.parquet import write_units

        write_units(self, Path(path))

    def write(self, folder: PathLike) -> list[Path]:
        """``results.json``, ``results.csv``, ``units.csv``, ``overlays.npz``, with clips ``video.csv``; their paths."""
        root = Path(folder)
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{root}: cannot be written to: {error.strerror or error}"
            raise ResultsError(msg) from error
        files = [root / name for name in ("results.csv", "units.csv", "overlays.npz", "results.json")]
        self.to_csv(files[0])
        self.to_unit_csv(files[1])
        _write_overlays(files[2], self.data["overlays"], self.overlays)
        if "video" in self.data:
            from flmcore.evaluation.video.clip_rows import write_clip_rows  # which knows the figures of clips

            files.insert(3, write_clip_rows(self.data["video"], root))
        self.to_json(files[-1])  # last: where it says complete, the others are there
        return files

    def report(self, folder: PathLike, *, figures: bool = True, page: bool = True) -> list[Path]:
        """:meth:`write`, the page (``index.html`` and its folder ``page``) and the figures; returns the paths of all files.

        Raises:
            ResultsError: the folder cannot be written, or holds a page that flmcore did not make.
            MissingExtraError: figures are wanted and matplotlib is missing; the other files are written by then.
        """
        files = self.write(folder)
        if page:
            from flmcore.report.page import write_page

            files.append(write_page(self, Path(folder), source=Path(folder)))
        if figures:
            from flmcore.report.figures import write_figures

            files += write_figures(self, Path(folder))
        return files


def _write_overlays(
    path: Path, images: list[str], overlays: Mapping[str, Mapping[str, NDArray[Any]]]
) -> None:
    flat = {f"{i}/{key}": a for i, image in enumerate(images) for key, a in overlays.get(image, {}).items()}
    write_bytes(path, pack_arrays(flat))


def _read_overlays(path: Path, images: list[str]) -> dict[str, dict[str, NDArray[Any]]]:
    found: dict[str, dict[str, NDArray[Any]]] = {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            for name in archive.files:
                index, _, key = name.partition("/")
                found.setdefault(images[int(index)], {})[key] = archive[name]
    except (OSError, ValueError, IndexError):
        return {}
    return found
