"""What a portability report holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from flmcore.export.portability.rules import BLOCKS, BREAKS, COSTS
from flmcore.export.portability.verdict import Verdict

if TYPE_CHECKING:
    from flmcore.export.ranges import Ranges

__all__ = ["FORMAT", "Hit", "OperationRow", "PortabilityReport", "SegmentRow"]

FORMAT = "flmcore portability 1"


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
