"""The judgement of a whole detector, and its thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["LEVELS", "MOST_LEAVING", "MOST_SLOW", "MOST_SWITCHES", "NOTABLE_SLOW", "Verdict", "judge"]

# Each switch costs a copy and a synchronisation, whatever runs in between: six of them are three ways off and back.
MOST_SWITCHES = 6
MOST_LEAVING = 0.25  # share of multiply-adds; the other units are several times slower
MOST_SLOW = 0.50  # share of multiply-adds that stay in a slow form
NOTABLE_SLOW = 0.05  # below this a slow form is not worth a word

LEVELS = {
    "whole": "likely whole on the Neural Engine",
    "slow": "likely whole on the Neural Engine, a part of it slow",
    "parts": "likely in parts",
    "poor": "likely poor on the Neural Engine",
    "wrong": "likely wrong numbers in float16",
}


@dataclass(frozen=True)
class Verdict:
    """Attributes:
    level: a key of :data:`LEVELS`.
    text: one line that says it and why.
    """

    level: str
    text: str


def judge(
    *, switches: int, leaving: float, slow: float, any_leave: bool, breaks: bool, slow_parts: Sequence[str] = ()
) -> Verdict:
    """From the number of switches and the shares of multiply-adds that leave, or stay in a slow form (0 to 1)."""
    where = f" ({', '.join(slow_parts)})" if slow_parts else ""
    slowly = f"{slow:.0%} of multiply-adds in a slow form{where}"
    parts = f"{switches + 1} segment{'s' * (switches > 0)}, {switches} switch{'es' * (switches != 1)}"
    said = [parts] if any_leave else []
    if any_leave:
        said.append(f"{leaving:.0%} of multiply-adds leave")
    if slow >= NOTABLE_SLOW:
        said.append(slowly)
    level = _level(switches, leaving, slow, any_leave=any_leave)
    if breaks:
        level = "wrong"
        said.insert(0, "values overflow on real crops")
    reason = ": " + ", ".join(said) if said else ""
    start = LEVELS["whole"] if level == "slow" else LEVELS[level]
    return Verdict(level, f"{start}{reason.replace(': ', ', ', 1) if level == 'slow' else reason}")


def _level(switches: int, leaving: float, slow: float, *, any_leave: bool) -> str:
    if switches >= MOST_SWITCHES or leaving > MOST_LEAVING or slow > MOST_SLOW:
        return "poor"
    if any_leave:
        return "parts"
    return "slow" if slow >= NOTABLE_SLOW else "whole"
