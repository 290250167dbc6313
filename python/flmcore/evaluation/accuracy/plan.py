"""What landmarks are compared with truth in a run, decided before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flmcore import schemes
from flmcore.evaluation.landmarks import scheme_or_none

__all__ = ["AccuracyPlan", "plan_accuracy"]

_PREFERRED = ("interocular", "interpupil", "box")


@dataclass(frozen=True)
class AccuracyPlan:
    """How landmarks are compared with truth.

    Attributes:
        truth: schemes of the true faces.
        normaliser: of the figures in table and comparisons: outer eye corners where every true scheme has them, else
            the eyes' centres, else the box.
        points: per detector, the landmarks of its own figure: its scheme where that is the truth's, else the largest
            scheme that both reach; None where there is none.
        common: the landmarks on which all detectors are compared; None where there are none.
    """

    truth: tuple[str, ...]
    normaliser: str
    points: Mapping[str, str | None]
    common: str | None

    def describe(self) -> dict[str, Any]:
        """For the protocol in ``results.json``."""
        return {
            "normaliser": self.normaliser,
            "points": dict(self.points),
            "common": self.common,
            "truth": sorted(self.truth),
        }


def plan_accuracy(truth: Sequence[str], detectors: Mapping[str, str]) -> AccuracyPlan | None:
    """The plan for true faces of these schemes and detectors (name → scheme); None without truth in a known scheme."""
    names = tuple(dict.fromkeys(truth))
    if not names or any(scheme_or_none(name) is None for name in names):
        return None
    points = {name: _largest([scheme, *names]) for name, scheme in detectors.items()}
    known = [scheme for scheme in detectors.values() if scheme_or_none(scheme) is not None]
    common = _largest([*known, *names]) if len(known) == len(detectors) else None
    return AccuracyPlan(names, _normaliser(names), points, common)


def _largest(names: Sequence[str]) -> str | None:
    if any(scheme_or_none(name) is None for name in names):
        return None
    kept = list(dict.fromkeys(schemes.get(name).name for name in names))
    return kept[0] if len(kept) == 1 else schemes.common(kept)


def _normaliser(names: Sequence[str]) -> str:
    known = [schemes.get(name) for name in names]
    if all(scheme.eye_outer is not None for scheme in known):
        return _PREFERRED[0]
    return _PREFERRED[1 if all({"left_eye", "right_eye"} <= set(s.groups) for s in known) else 2]
