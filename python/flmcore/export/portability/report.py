"""The portability report of a Core ML program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from flmcore.export.portability.multiply_adds import multiply_adds
from flmcore.export.portability.rules import BLOCKS, BREAKS, COSTS, RULES, RULES_VERSION, Rule
from flmcore.export.portability.scopes import common_parts, scopes
from flmcore.export.portability.segments import ELSEWHERE, Segment, segments, units
from flmcore.export.portability.subject import Subject, subjects
from flmcore.export.portability.verdict import Verdict, judge
from flmcore.export.program import Program

if TYPE_CHECKING:
    from flmcore.export.ranges import Ranges

__all__ = ["FORMAT", "Hit", "OperationRow", "PortabilityReport", "SegmentRow", "portability"]

FORMAT = "flmcore portability 1"
_NAMED = 6  # modules named before they are summed up
_NOTES = (
    "An estimate from rules, not a measurement: Core ML itself decides on the device which unit runs what.",
    "Its own partition is not known before it runs: 'flmcore device collect' on a Mac measures it.",
    "Switches are an upper bound: Core ML may keep a short run where it is. Each costs a copy and a synchronisation.",
)


@dataclass(frozen=True)
class OperationRow:
    """One operation: its kind and name, the module it comes from ('' unknown), multiply-adds (None unknown), the unit
    on which it likely runs, the ids of the rules that it hits."""

    kind: str
    name: str
    scope: str
    multiply_adds: int | None
    unit: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Hit:
    """One rule that was hit.

    Attributes:
        rule, severity, why, rewrite, sources: as the rule has them.
        count: operations; of a rule on ranges, values.
        multiply_adds, share: of these operations, of the whole; 0 for a rule on ranges.
        first: name of the first.
        parts: parts of the network where they are, as far as weights have names.
        measured: it is a rule on ranges.
    """

    rule: str
    severity: str
    count: int
    multiply_adds: int
    share: float
    first: str
    parts: tuple[str, ...]
    why: str
    rewrite: str
    sources: tuple[str, ...]
    measured: bool = False


@dataclass(frozen=True)
class SegmentRow:
    """Operations in a row on one unit: their number, first and last, multiply-adds and share, the rules that part
    them from their neighbours, and their kinds with counts."""

    unit: str
    operations: int
    first: str
    last: str
    multiply_adds: int
    share: float
    rules: tuple[str, ...]
    kinds: Mapping[str, int]


@dataclass(frozen=True)
class PortabilityReport:
    """What is likely to happen to a program on an iPhone; every statement is an estimate.

    Attributes:
        name: of the detector.
        rules_version: of the set of rules.
        specification, opset: of the package.
        verdict: level and text.
        multiply_adds: of one input, from the shapes of the package.
        uncounted: operations whose multiply-adds are not known.
        leaving, slow: shares of multiply-adds that leave, that stay in a slow form.
        switches: boundaries between segments.
        hits, segments, operations: the evidence.
        ranges: of a calibration run, or None.
        notes: what should be known of the report.
    """

    name: str
    rules_version: str
    specification: int
    opset: str
    verdict: Verdict
    multiply_adds: int
    uncounted: int
    leaving: float
    slow: float
    switches: int
    hits: tuple[Hit, ...]
    segments: tuple[SegmentRow, ...]
    operations: tuple[OperationRow, ...] = field(repr=False)
    ranges: Ranges | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As ``docs/export_portability.md`` describes it."""
        return {"format": FORMAT, **asdict(self)}

    def short(self) -> dict[str, Any]:
        """What ``results.json`` keeps of it."""
        return {
            "level": self.verdict.level,
            "text": self.verdict.text,
            "rules_version": self.rules_version,
            "multiply_adds": self.multiply_adds,
            "switches": self.switches,
            "leaving": self.leaving,
            "slow": self.slow,
            "rules": [hit.rule for hit in self.hits if hit.severity in (BLOCKS, COSTS, BREAKS)],
        }


def portability(
    program: Program,
    *,
    name: str | None = None,
    ranges: Ranges | None = None,
    rules: Sequence[Rule] = RULES,
    notes: Iterable[str] = (),
) -> PortabilityReport:
    """What of a program is likely to leave the Neural Engine or to be slow there, and why.

    Args:
        program: as :func:`flmcore.export.package.read_package` gives it.
        name: of the detector; by default what the package says.
        ranges: of a calibration run on real crops (:func:`flmcore.export.ranges.measure_ranges`).
        rules: other than flmcore's own set.
        notes: to be shown with the report.
    """
    looked = subjects(program)
    hit = [() if s.free else tuple(rule for rule in rules if rule.hits(s)) for s in looked]
    enough = _enough(rules, hit)
    hit = [tuple(rule for rule in found if rule.id in enough) for found in hit]
    leaves = [any(rule.severity == BLOCKS for rule in found) for found in hit]
    placed = units(leaves, [s.free for s in looked])
    rows = _rows(looked, hit, placed)
    total = sum(row.multiply_adds or 0 for row in rows)
    leaving = _share([row for row in rows if row.unit == ELSEWHERE], total)
    slow_rows = [row for row, found in zip(rows, hit, strict=True) if row.unit != ELSEWHERE and _slow(found)]
    runs = segments(placed)
    hits = [*_hits(rules, rows, total), *_measured(rules, ranges)]
    slow = _share(slow_rows, total)
    verdict = judge(
        switches=max(0, len(runs) - 1),
        leaving=leaving,
        slow=slow,
        leave_by=[h.rule for h in hits if h.severity == BLOCKS],
        breaks=any(h.severity == BREAKS for h in hits),
        slow_parts=common_parts(row.scope for row in slow_rows if row.multiply_adds),
    )
    return PortabilityReport(
        name=name or program.metadata.get("flmcore.detector", "package"),
        rules_version=RULES_VERSION,
        specification=program.specification,
        opset=program.opset,
        verdict=verdict,
        multiply_adds=total,
        uncounted=sum(row.multiply_adds is None for row in rows),
        leaving=leaving,
        slow=slow,
        switches=max(0, len(runs) - 1),
        hits=tuple(hits),
        segments=tuple(_segment(run, rows, total) for run in runs),
        operations=tuple(rows),
        ranges=ranges,
        notes=(*notes, *_NOTES),
    )


def _enough(rules: Sequence[Rule], hit: Sequence[Sequence[Rule]]) -> set[str]:
    """Rules that are hit often enough to be of interest."""
    return {rule.id for rule in rules if sum(rule in found for found in hit) >= rule.least}


def _slow(found: Sequence[Rule]) -> bool:
    return any(rule.severity == COSTS for rule in found)


def _rows(
    looked: Sequence[Subject], hit: Sequence[Sequence[Rule]], placed: Sequence[str]
) -> list[OperationRow]:
    named = scopes([subject.operation for subject in looked])
    return [
        OperationRow(
            subject.operation.kind,
            subject.operation.name,
            scope,
            0 if subject.free else multiply_adds(subject.operation),
            unit,
            tuple(rule.id for rule in found),
        )
        for subject, found, unit, scope in zip(looked, hit, placed, named, strict=True)
    ]


def _share(rows: Iterable[OperationRow], total: int) -> float:
    return sum(row.multiply_adds or 0 for row in rows) / total if total else 0.0


def _hits(rules: Sequence[Rule], rows: Sequence[OperationRow], total: int) -> list[Hit]:
    hits = []
    for rule in rules:
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


def _measured(rules: Sequence[Rule], ranges: Ranges | None) -> list[Hit]:
    if ranges is None:
        return []
    hits = []
    for rule in rules:
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
