"""The name that somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection

__all__ = ["nearest"]


def nearest(name: object, names: Collection[str]) -> str:
    """``; did you mean 'x'``, or nothing where no name is near."""
    found = difflib.get_close_matches(str(name), list(names), n=1, cutoff=0.5)
    return f"; did you mean '{found[0]}'" if found else ""
