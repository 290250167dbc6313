"""Sessions of ratings put together: each counts once, however often its file was downloaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flmcore.errors import RatingsFileError

__all__ = ["counted", "join_sessions", "rater_rows"]

Session = Mapping[str, Any]
_HASTY = 0.5  # seconds: nobody has seen two faces move by then


def join_sessions(there: Sequence[Session], given: Sequence[Session]) -> list[dict[str, Any]]:
    """Those of ``there`` and ``given`` with each session once: the longest file of it.

    Raises:
        RatingsFileError: two files of one session do not agree on a pair that both have.
    """
    found: dict[str, dict[str, Any]] = {}
    for session in (*there, *given):
        other = found.get(session["session"])
        if other is None:
            found[session["session"]] = dict(session)
            continue
        _check_agree(other, session)
        if len(session["ratings"]) > len(other["ratings"]):
            found[session["session"]] = dict(session)
    return list(found.values())


def _check_agree(one: Session, other: Session) -> None:
    """A later download holds what an earlier one held."""
    keys = ("number", "show", "left", "right", "verdict")
    first, second = (
        {row["number"]: [row[key] for key in keys] for row in s["ratings"]} for s in (one, other)
    )
    shorter, longer = sorted((first, second), key=len)
    for number, row in shorter.items():
        if longer.get(number) != row:
            msg = (
                f"{other['file']}: expected what {one['file']} says of the same session, got another verdict on pair "
                f"{number}: one of the two was changed; import one of them"
            )
            raise RatingsFileError(msg)


def counted(sessions: Sequence[Session]) -> list[tuple[str, Mapping[str, Any]]]:
    """Rater and rating of every pair of two detectors; those that try attention (one detector twice) judge nobody."""
    return [
        (_rater(session, sessions), row)
        for session in sessions
        for row in session["ratings"]
        if row["left"] != row["right"]
    ]


def _rater(session: Session, sessions: Sequence[Session]) -> str:
    """Sessions of one name are one rater's; one without a name stands for itself."""
    unnamed = [other["session"] for other in sessions if not other["rater"]]
    return session["rater"] or f"rater {unnamed.index(session['session']) + 1}"


def rater_rows(sessions: Sequence[Session]) -> list[dict[str, Any]]:
    """Per rater how many pairs, how sided, how attentive, how long over a pair."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for session in sessions:
        rows.setdefault(_rater(session, sessions), []).extend(session["ratings"])
    return [_about(rater, ratings) for rater, ratings in rows.items()]


def _about(rater: str, ratings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    pairs = [row for row in ratings if row["left"] != row["right"]]
    same = [row for row in ratings if row["left"] == row["right"]]
    seconds = sorted(row["seconds"] for row in ratings)
    return {
        "rater": rater,
        "pairs": len(pairs),
        **{side: sum(row["verdict"] == side for row in pairs) for side in ("left", "right", "tie")},
        "same_shown": len(same),
        "same_told_apart": sum(row["verdict"] != "tie" for row in same),
        "median_seconds": seconds[len(seconds) // 2],
        "hasty": sum(row["seconds"] < _HASTY for row in pairs),
    }
