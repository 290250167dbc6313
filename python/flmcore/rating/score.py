"""From ratings to a score per detector, with what they leave open."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from flmcore.evaluation.pairs import LEVEL, holm
from flmcore.evaluation.statistics import Interval
from flmcore.rating.agreement import agreement_rows, main_metric, side_of
from flmcore.rating.clusters import RESAMPLES, Counts, Spread, spread_of
from flmcore.rating.davidson import PRIOR, Fit, fit_davidson
from flmcore.rating.graph import components
from flmcore.rating.sessions import counted, rater_rows

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["score_ratings", "to_percent"]

_DIGITS = 6  # of what comes out of an iteration: the same on every machine


def score_ratings(
    results: Results, sessions: Sequence[Mapping[str, Any]], *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """The key ``ratings`` of results: raters, scores, pairs, agreement with the measures, and the sessions themselves."""
    order = [str(row["detector"]) for row in results.summary]
    rated = counted(sessions)
    counts = Counts.of(rated, order)
    value: dict[str, Any] = {
        "model": "Davidson 1970",
        "prior": PRIOR,
        "seed": seed,
        "resamples": resamples,
        "raters": rater_rows(sessions),
        "shows": counts.clusters("show"),
        "count": len(rated),
    }
    groups = components(len(counts.names), [(int(a), int(b)) for a, b in counts.pairs])
    if len(groups) != 1:
        reason = _apart(groups, counts.names)
        return value | {
            "intervals_over": None,
            "tie_log_odds": None,
            "scores": _scores(order, counts, None, None, reason),
            "pairs": [],
            "agreement": [],
            "sessions": list(sessions),
        }
    fit = fit_davidson(counts.pairs, counts.total[None], len(counts.names))
    spread = spread_of(counts, seed=seed, resamples=resamples)
    agreement = agreement_rows(results, counts.names, fit.strengths[0], spread.draws, seed=seed)
    return value | {
        "intervals_over": None if spread.single is None else spread.by,
        "tie_log_odds": _round(float(fit.tie[0])),
        "scores": _scores(order, counts, fit, spread, None),
        "pairs": _pairs(results, counts, fit, spread),
        "agreement": agreement,
        "sessions": list(sessions),
    }


def to_percent(strength: float) -> float:
    """Chance, in %, to be preferred to a detector of average strength where the two are told apart."""
    return 100 / (1 + math.exp(-strength))


def _apart(groups: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    if not groups:
        return "no pair of two detectors was rated"
    said = " / ".join(", ".join(names[member] for member in group) for group in groups)
    return f"these were never compared with each other, not even through others: {said}"


def _scores(
    order: Sequence[str], counts: Counts, fit: Fit | None, spread: Spread | None, reason: str | None
) -> list[dict[str, Any]]:
    rows = []
    for name in order:
        place = counts.names.index(name) if name in counts.names else None
        won = {"detector": name, **_record(counts, place)}
        if place is None or fit is None or spread is None:
            why = "was not rated" if place is None else reason
            nothing = Interval(None, None, None, 0, why).to_dict()
            rows.append(won | {"visual": nothing, "strength": nothing})
            continue
        theta = float(fit.strengths[0, place])
        error = None if spread.single is None else float(spread.single[place])
        shows = counts.clusters("show")
        visual = _interval(theta, error, shows, spread, to_percent)
        rows.append(won | {"visual": visual, "strength": _interval(theta, error, shows, spread)})
    return rows


def _record(counts: Counts, place: int | None) -> dict[str, int]:
    """How often it was preferred, tied and beaten."""
    total = counts.total
    first, second = counts.pairs[:, 0] == place, counts.pairs[:, 1] == place
    return {
        "preferred": int(total[first, 0].sum() + total[second, 2].sum()),
        "tied": int(total[first | second, 1].sum()),
        "beaten": int(total[first, 2].sum() + total[second, 0].sum()),
    }


def _pairs(results: Results, counts: Counts, fit: Fit, spread: Spread) -> list[dict[str, Any]]:
    """Every two rated detectors, also those that only others connect."""
    metric = main_metric(results)
    measured: list[dict[str, Any]] = next(
        (row["pairs"] for row in results.comparisons if row["metric"] == metric), []
    )
    table = {(int(a), int(b)): row for (a, b), row in zip(counts.pairs, counts.total, strict=True)}
    places = list(combinations(range(len(counts.names)), 2))
    differences = [float(fit.strengths[0, a] - fit.strengths[0, b]) for a, b in places]
    errors = None if spread.between is None else [float(spread.between[a, b]) for a, b in places]
    p: list[float | None] = [None] * len(places)
    if errors is not None:
        p = list(map(spread.p, differences, errors))
    rows = []
    for number, ((a, b), p_holm) in enumerate(zip(places, holm(p), strict=True)):
        difference, error = differences[number], None if errors is None else errors[number]
        won = table.get((a, b), (0, 0, 0))
        tied = p_holm is None or p_holm > LEVEL
        eye = None if p_holm is None else "tied" if tied else "a" if difference > 0 else "b"
        side = side_of(measured, counts.names[a], counts.names[b])
        row: dict[str, Any] = {"a": counts.names[a], "b": counts.names[b]}
        row |= {key: int(n) for key, n in zip(("a_preferred", "ties", "b_preferred"), won, strict=True)}
        row["difference"] = _interval(difference, error, counts.clusters("show"), spread)
        row |= {"p": _round(p[number]), "p_holm": _round(p_holm), "tied": tied}
        rows.append(row | {"eye": eye, "measure": side, "verdict": _verdict(eye, side)})
    return rows


def _interval(
    value: float,
    error: float | None,
    shows: int,
    spread: Spread,
    change: Callable[[float], float] = float,
) -> dict[str, Any]:
    """``change`` of the value and of its ends, which it must not swap."""
    low, high = (None, None) if error is None else spread.interval(value, error)
    mean, low, high = (None if end is None else _round(change(end)) for end in (value, low, high))
    return Interval(mean, low, high, shows, spread.reason).to_dict()


def _verdict(eye: str | None, measure: str | None) -> str | None:
    if eye is None or measure is None:
        return None
    if eye == measure:
        return "neither" if eye == "tied" else "same"
    if "tied" in (eye, measure):
        return "measure only" if eye == "tied" else "eye only"
    return "opposite"


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
