"""Whether all detectors were compared, if not with each other then through others."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["components"]


def components(count: int, pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The groups of 0 … ``count`` − 1 that pairs join, largest first; one group is a connected graph."""
    group = list(range(count))
    for a, b in pairs:
        old, new = group[b], group[a]
        group = [new if label == old else label for label in group]
    found: dict[int, list[int]] = {}
    for member, label in enumerate(group):
        found.setdefault(label, []).append(member)
    return sorted(found.values(), key=lambda members: (-len(members), members))
