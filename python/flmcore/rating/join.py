"""Ratings files joined to the results that they are about."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flmcore.rating.clusters import RESAMPLES
from flmcore.rating.reading import Known, read_ratings
from flmcore.rating.score import score_ratings
from flmcore.rating.sessions import join_sessions

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["add_ratings"]


def add_ratings(
    results: Results,
    files: Sequence[str | os.PathLike[str]],
    *,
    replace: bool = False,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Results:
    """Results with the score of the ratings of these files and of those imported before; the given ones stay as they are.

    Args:
        results: that the report page was made from.
        files: downloaded from it, of any number of raters.
        replace: drop the ratings that were imported before.
        seed: of the bootstrap.
        resamples: how often raters and faces are drawn anew.

    Raises:
        RatingsFileError: a file cannot be read, is of other results, names what those do not have, or contradicts
            another of the same session.
        ValueError: no file.
    """
    if not files:
        msg = "files: expected at least one ratings file, got none"
        raise ValueError(msg)
    known = Known.of(results)
    given = [read_ratings(path, known) for path in files]
    there = [] if replace else results.data.get("ratings", {}).get("sessions", [])
    sessions = join_sessions(there, given)
    data = copy.deepcopy(results.data)
    data["ratings"] = score_ratings(results, sessions, seed=seed, resamples=resamples)
    return type(results)(data, results.overlays)
