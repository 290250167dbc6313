"""The portability report for the terminal."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from flmcore.detectors.cost import giga
from flmcore.export.portability.verdict import percent
from flmcore.report.safe import printable

if TYPE_CHECKING:
    from flmcore.export.portability import Hit, PortabilityReport, Rule, SegmentRow

__all__ = ["build", "render", "rule_lines"]

_STYLES = {"blocks": "red", "breaks": "red", "costs": "yellow", "advice": "dim"}
_LEVELS = {"whole": "green", "slow": "yellow", "parts": "yellow", "poor": "red", "wrong": "red"}
_SEGMENTS = 24  # shown; the JSON has all
_KINDS = 4  # kinds of operation named in a segment


def render(report: PortabilityReport, *, width: int = 100) -> str:
    """The report as plain text."""
    text = io.StringIO()
    console = Console(file=text, width=width, color_system=None, legacy_windows=False)
    console.print(build(report, width=width))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n")


def build(report: PortabilityReport, *, width: int = 100) -> RenderableType:
    """Verdict, rules that were hit, segments, notes; what a package says of itself is shown, never obeyed."""
    count = len(report.operations)
    about = (
        f"{count} operations ({report.opset}, specification {report.specification}), "
        f"{giga(report.multiply_adds)} G multiply-adds; rules {report.rules_version}"
    )
    lines: list[RenderableType] = [
        _wrapped(
            f"{report.name}: {report.verdict.text}", width, style=f"bold {_LEVELS[report.verdict.level]}"
        ),
        _wrapped(about, width, style="dim"),
        Text(),
    ]
    for hit in report.hits:
        lines += _hit(hit, width)
    if not report.hits:
        lines += [Text("No rule was hit."), Text()]
    if len(report.segments) > 1:
        lines.append(_segments(report, width))
    if report.uncounted:
        one = report.uncounted == 1
        said = "operation of unknown shape is" if one else "operations of unknown shape are"
        lines.append(_wrapped(f"{report.uncounted} {said} not counted.", width))
    lines += [_wrapped(f"· {note}", width, "  ", style="dim") for note in _notes(report)]
    return Group(*lines)


def _hit(hit: Hit, width: int) -> Iterable[RenderableType]:
    of = "value" if hit.measured else "operation"
    share = "" if hit.measured else f", {percent(hit.share)} of multiply-adds"
    where = f" ({', '.join(hit.parts)})" if hit.parts else ""
    head = f"{hit.rule} · {hit.severity} · {hit.count} {of}{'s' * (hit.count != 1)}{share} · first {hit.first}{where}"
    yield _wrapped(head, width, "  ", style=_STYLES[hit.severity])
    yield _wrapped(f"   {hit.why}", width, "   ")
    yield _wrapped(f"   → {hit.rewrite}", width, "     ")
    yield Text()


def _segments(report: PortabilityReport, width: int) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, header_style="bold", width=width
    )
    for name in ("segment", "unit", "ops", "mult.-adds", "kinds", "because of"):
        table.add_column(
            name,
            justify="right" if name in ("segment", "ops", "mult.-adds") else "left",
            no_wrap=name not in ("kinds", "because of"),
        )
    for number, segment in enumerate(report.segments[:_SEGMENTS], 1):
        cells = [str(number), segment.unit, str(segment.operations), percent(segment.share)]
        style = "" if segment.unit == "neural engine" else "yellow"
        texts = [*cells, _kinds(segment), ", ".join(segment.rules)]
        table.add_row(*(Text(printable(cell)) for cell in texts), style=style)
    left = len(report.segments) - _SEGMENTS
    if left > 0:
        table.add_row("…", f"{left} more", "", "", "in the JSON", "")
    return table


def _kinds(segment: SegmentRow) -> str:
    named = [f"{count} {kind}" for kind, count in list(segment.kinds.items())[:_KINDS]]
    return ", ".join(named) + (" …" if len(segment.kinds) > _KINDS else "")


def _notes(report: PortabilityReport) -> Iterable[str]:
    yield from report.notes
    if report.ranges is not None and report.ranges.values:
        widest = max(report.ranges.values, key=lambda value: value.largest)
        faces = f"{report.ranges.crops} crop{'s' * (report.ranges.crops != 1)}"
        yield (
            f"float16 range: over {faces} the largest value is {widest.largest:.4g}, of {widest.name.strip(': ')}; "
            "float16 ends at 65504."
        )


def rule_lines(rules: Iterable[Rule], severities: Mapping[str, str], version: str, width: int) -> Group:
    """The set of rules, with sources."""
    lines: list[RenderableType] = [
        _wrapped(f"Rules {version}: what is likely on the Neural Engine, by public references.", width),
        *(_wrapped(f"{name}: {meaning}", width, "  ") for name, meaning in severities.items()),
        Text(),
    ]
    for rule in rules:
        few = f" · from {rule.least} operations" if rule.least > 1 else ""
        lines += [
            _wrapped(f"{rule.id} · {rule.severity}{few}", width, style=_STYLES[rule.severity]),
            _wrapped(f"   {rule.why}", width, "   "),
            _wrapped(f"   → {rule.rewrite}", width, "     "),
            *(Text(f"   {source}", style="dim", no_wrap=True, overflow="ignore") for source in rule.sources),
            Text(),
        ]
    return Group(*lines)


def _wrapped(text: str, width: int, indent: str = "", *, style: str = "") -> Text:
    lines = textwrap.wrap(printable(text).replace("\n", " "), width, subsequent_indent=indent)
    start = len(text) - len(text.lstrip(" "))
    return Text("\n".join([" " * start + lines[0].lstrip(), *lines[1:]] if lines else []), style=style)
