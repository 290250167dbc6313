"""The detectors of a run: named, checked against each other, loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from flmcore.detectors.load import find_config, load_detector
from flmcore.detectors.schema import DetectorConfig
from flmcore.evaluation.measure import Measurable
from flmcore.nearest import nearest

if TYPE_CHECKING:
    from flmcore.detectors.base import Detector

__all__ = ["load_detectors", "on_one_thread"]

PathLike = str | os.PathLike[str]


def load_detectors(
    detectors: PathLike | Detector | Sequence[PathLike | Detector],
    *,
    weights: Mapping[str, PathLike] | None = None,
    mappings: Mapping[str, PathLike] | None = None,
    device: str = "cpu",
    threads: int | None = None,
) -> list[Detector]:
    """Detectors by name or path, or as they are; a name may stand only once, as results go by it.

    Names are looked at before anything is loaded, as loading may take minutes.
    """
    rows = _rows(detectors)
    if not rows:
        msg = "detectors: expected at least one, got none"
        raise ValueError(msg)
    found = [find_config(row) if isinstance(row, (str, os.PathLike)) else row for row in rows]
    for argument, given in (("weights", weights or {}), ("mappings", mappings or {})):
        _check_names(rows, found, argument, given)
    return [
        load_detector(
            row,
            weights=(weights or {}).get(row.name),
            mapping=(mappings or {}).get(row.name),
            device=device,
            threads=threads,
        )
        if isinstance(row, DetectorConfig)
        else row
        for row in found
    ]


def _check_names(
    rows: Sequence[PathLike | Detector],
    found: Sequence[DetectorConfig | Detector],
    argument: str,
    given: Mapping[str, PathLike],
) -> None:
    names = [detector.name for detector in found]
    for name in names:
        if names.count(name) > 1:
            places = ", ".join(_place(row) for row, other in zip(rows, names, strict=True) if other == name)
            msg = f"detectors: expected different names, got {name!r} more than once: {places}"
            raise ValueError(msg)
    by_config = [config.name for config in found if isinstance(config, DetectorConfig)]
    for name in given:
        if name not in by_config:
            loaded = "one that comes loaded" if name in names else f"{name!r}{nearest(name, by_config)}"
            known = f"one of {', '.join(by_config)}" if by_config else "a detector given by name or file"
            msg = f"{argument}: expected {known}, got {loaded}"
            raise ValueError(msg)


def _place(row: PathLike | Detector) -> str:
    return os.fspath(row) if isinstance(row, (str, os.PathLike)) else "one that comes loaded"


def _rows(detectors: PathLike | Detector | Sequence[PathLike | Detector]) -> list[PathLike | Detector]:
    single = isinstance(detectors, (str, os.PathLike)) or hasattr(detectors, "windows")
    return [detectors] if single else list(detectors)  # type: ignore[list-item,arg-type]


def on_one_thread(
    detectors: PathLike | Detector | Sequence[PathLike | Detector],
    loaded: Sequence[Detector],
    device: str,
    weights: Mapping[str, PathLike] | None,
    mappings: Mapping[str, PathLike] | None = None,
) -> Callable[[Measurable], Measurable]:
    """What to time in place of a detector: the same on one thread, where its name or path is known.

    With more, small networks gain little and their times depend on what else the machine does.
    """
    rows = zip(loaded, _rows(detectors), strict=True)
    named = {detector.name: row for detector, row in rows if isinstance(row, (str, os.PathLike))}

    def single(detector: Measurable) -> Measurable:
        return (
            load_detector(
                named[detector.name],
                weights=(weights or {}).get(detector.name),
                mapping=(mappings or {}).get(detector.name),
                device=device,
                threads=1,
            )
            if detector.name in named
            else detector
        )

    return single
