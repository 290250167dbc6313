"""The judgement of a whole detector, and its thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "LEVELS",
    "MOST_LEAVING",
    "MOST_SLOW",
    "MOST_SWITCHES",
    "NOTABLE_SLOW",
    "Verdict",
    "judge",
    "percent",
]

# Each switch costs a copy and a synchronisation, whatever runs in between: six of them are three ways off and back.
MOST_SWITCHES = 6
MOST_LEAVING = 0.25  # share of multiply-adds; the other units are several times slower
MOST_SLOW = 0.50  # share of multiply-adds that stay in a slow form
NOTABLE_SLOW = 0.05  # below this a slow form is not worth a word

LEVELS = {
    "whole": "likely whole on the Neural Engine",
    "slow": "likely whole on the Neural Engine, in part slow",
    "parts": "likely in parts",
    "poor": "likely poor on the Neural Engine",
    "wrong": "likely wrong numbers in float16",
}


@dataclass(frozen=True)
class Verdict:
    """What is likely, all in all.

    Attributes:
        level: a key of :data:`LEVELS`.
        text: one line that says it and why.
    """

    level: str
    text: str


def judge(
    *,
    switches: int,
    leaving: float,
    slow: float,
    leave_by: Sequence[str] = (),
    breaks: bool = False,
    slow_parts: Sequence[str] = (),
) -> Verdict:
    """The verdict.

    Args:
        switches: between units.
        leaving, slow: shares of multiply-adds (0 to 1) that leave, that stay in a slow form.
        leave_by: ids of the rules by which operations leave; empty where none does.
        breaks: whether a calibration run saw values that float16 cannot hold.
        slow_parts: parts of the network with the slow forms.
    """
    said = ["values overflow on real crops"] if breaks else []
    if leave_by:
        off = f"{percent(leaving)} of multiply-adds leave" if leaving else "no multiply-adds leave"
        said += [f"{switches + 1} segments, {switches} switches ({', '.join(leave_by)})", off]
    if slow >= NOTABLE_SLOW:
        where = f" ({', '.join(slow_parts)})" if slow_parts else ""
        said.append(f"{percent(slow)} of multiply-adds in a slow form{where}")
    level = "wrong" if breaks else _level(switches, leaving, slow, any_leave=bool(leave_by))
    return Verdict(level, f"{LEVELS[level]}: {', '.join(said)}" if said else LEVELS[level])


def percent(share: float) -> str:
    """Whole percents, but never 0 % for what is some, nor 100 % for what is not all."""
    if 0 < share < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def _level(switches: int, leaving: float, slow: float, *, any_leave: bool) -> str:
    if switches >= MOST_SWITCHES or leaving > MOST_LEAVING or slow > MOST_SLOW:
        return "poor"
    if any_leave:
        return "parts"
    return "slow" if slow >= NOTABLE_SLOW else "whole"
