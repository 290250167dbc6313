"""From a Core ML program to its portability report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from flmcore.export.portability.multiply_adds import multiply_adds
from flmcore.export.portability.report import Hit, OperationRow, PortabilityReport, SegmentRow
from flmcore.export.portability.rules import BLOCKS, BREAKS, COSTS, RULES, RULES_VERSION, Rule
from flmcore.export.portability.scopes import common_parts, scopes
from flmcore.export.portability.segments import ELSEWHERE, Segment, segments, units
from flmcore.export.portability.subject import Subject, subjects
from flmcore.export.portability.verdict import judge
from flmcore.export.program import Program

if TYPE_CHECKING:
    from flmcore.export.ranges import Ranges

__all__ = ["portability"]

_NAMED = 6  # modules named before they are summed up
_NOTES = (
    "An estimate from rules, not a measurement: Core ML itself decides on the device which unit runs what.",
    "Its own partition is not known before it runs: 'flmcore device collect' on a Mac measures it.",
    "Switches are an upper bound: Core ML may keep a short run where it is. Each costs a copy and a synchronisation.",
)


def portability(
    program: Program,
    *,
    name: str | None = None,
    ranges: Ranges | None = None,
    notes: Iterable[str] = (),
) -> PortabilityReport:
    """What of a program is likely to leave the Neural Engine or to be slow there, and why.

    Args:
        program: as :func:`flmcore.export.package.read_package` gives it.
        name: of the detector; by default what the package says.
        ranges: of a calibration run on real crops (:func:`flmcore.export.ranges.measure_ranges`).
        notes: to be shown with the report.
    """
    looked = subjects(program)
    found = _found(looked)
    placed = units([_any(rules, BLOCKS) for rules in found], [subject.free for subject in looked])
    rows = _rows(looked, found, placed)
    total = sum(row.multiply_adds or 0 for row in rows)
    runs = segments(placed)
    hits = (*_hits(rows, total), *_measured(ranges))
    slow = [
        row for row, rules in zip(rows, found, strict=True) if row.unit != ELSEWHERE and _any(rules, COSTS)
    ]
    switches = max(0, len(runs) - 1)
    leaving = _share([row for row in rows if row.unit == ELSEWHERE], total)
    return PortabilityReport(
        name=name or program.metadata.get("flmcore.detector", "package"),
        rules_version=RULES_VERSION,
        specification=program.specification,
        opset=program.opset,
        verdict=judge(
            switches=switches,
            leaving=leaving,
            slow=_share(slow, total),
            leave_by=[hit.rule for hit in hits if hit.severity == BLOCKS],
            breaks=any(hit.severity == BREAKS for hit in hits),
            slow_parts=common_parts(row.scope for row in slow if row.multiply_adds),
        ),
        multiply_adds=total,
        uncounted=sum(row.multiply_adds is None for row in rows),
        leaving=leaving,
        slow=_share(slow, total),
        switches=switches,
        hits=hits,
        segments=tuple(_segment(run, rows, total) for run in runs),
        operations=tuple(rows),
        ranges=ranges,
        notes=(*notes, *_NOTES),
    )


def _found(looked: Sequence[Subject]) -> list[tuple[Rule, ...]]:
    """The rules that each operation hits, those left out that are hit too seldom to be of interest."""
    found = [() if s.free else tuple(rule for rule in RULES if rule.hits(s)) for s in looked]
    enough = {rule.id for rule in RULES if sum(rule in rules for rules in found) >= rule.least}
    return [tuple(rule for rule in rules if rule.id in enough) for rules in found]


def _any(rules: Sequence[Rule], severity: str) -> bool:
    return any(rule.severity == severity for rule in rules)


def _rows(
    looked: Sequence[Subject], found: Sequence[Sequence[Rule]], placed: Sequence[str]
) -> list[OperationRow]:
    named = scopes([subject.operation for subject in looked])
    return [
        OperationRow(
            subject.operation.kind,
            subject.operation.name,
            scope,
            0 if subject.free else multiply_adds(subject.operation),
            unit,
            tuple(rule.id for rule in rules),
        )
        for subject, rules, unit, scope in zip(looked, found, placed, named, strict=True)
    ]


def _share(rows: Iterable[OperationRow], total: int) -> float:
    return sum(row.multiply_adds or 0 for row in rows) / total if total else 0.0


def _hits(rows: Sequence[OperationRow], total: int) -> list[Hit]:
    hits = []
    for rule in RULES:
        mine = [row for row in rows if rule.id in row.rules]
        if mine:
            parts = _parts(mine) or _before(rows, mine[0])
            counted = sum(row.multiply_adds or 0 for row in mine)
            hits.append(_hit(rule, len(mine), mine[0].scope or mine[0].name, counted, total, parts))
    return hits


def _parts(mine: Sequence[OperationRow]) -> tuple[str, ...]:
    """The modules themselves where they are few, else what their names begin with."""
    named = dict.fromkeys(row.scope for row in mine if row.scope)
    return tuple(named if len(named) <= _NAMED else common_parts(named))


def _before(rows: Sequence[OperationRow], first: OperationRow) -> tuple[str, ...]:
    """For operations without weights: which named part runs just before the first of them."""
    place = next(index for index, row in enumerate(rows) if row is first)
    named = [row.scope for row in rows[:place] if row.scope]
    return (f"after {named[-1]}",) if named else ()


def _hit(
    rule: Rule, count: int, first: str, counted: int = 0, total: int = 0, parts: tuple[str, ...] = ()
) -> Hit:
    share = counted / total if total else 0.0
    return Hit(
        rule.id,
        rule.severity,
        count,
        counted,
        share,
        first,
        parts,
        rule.why,
        rule.rewrite,
        rule.sources,
        rule.measured,
    )


def _measured(ranges: Ranges | None) -> list[Hit]:
    if ranges is None:
        return []
    hits = []
    for rule in RULES:
        mine = [found for found in ranges.values if rule.measured and rule.check(found)]
        if len(mine) >= rule.least:
            hits.append(_hit(rule, len(mine), mine[0].name))
    return hits


def _segment(run: Segment, rows: Sequence[OperationRow], total: int) -> SegmentRow:
    mine = rows[run.first : run.last + 1]
    severe = {rule.id for rule in RULES if rule.severity == BLOCKS}
    found = dict.fromkeys(
        rule for row in mine for rule in row.rules if run.unit == ELSEWHERE and rule in severe
    )
    kinds: dict[str, int] = {}
    for row in mine:
        kinds[row.kind] = kinds.get(row.kind, 0) + 1
    return SegmentRow(
        run.unit,
        len(mine),
        mine[0].name,
        mine[-1].name,
        sum(row.multiply_adds or 0 for row in mine),
        _share(mine, total),
        tuple(found),
        dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0]))),
    )
