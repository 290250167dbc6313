"""What of a Core ML program is likely to leave the Neural Engine, or to be slow there: an estimate from public rules."""

from flmcore.export.portability.assess import portability
from flmcore.export.portability.report import Hit, OperationRow, PortabilityReport, SegmentRow
from flmcore.export.portability.rules import RULES, RULES_VERSION, SEVERITIES, Rule
from flmcore.export.portability.verdict import LEVELS, Verdict

__all__ = [
    "LEVELS",
    "RULES",
    "RULES_VERSION",
    "SEVERITIES",
    "Hit",
    "OperationRow",
    "PortabilityReport",
    "Rule",
    "SegmentRow",
    "Verdict",
    "portability",
]
