"""Strengths from paired comparisons with ties: Davidson's extension of the Bradley-Terry model, by maximum likelihood.

Davidson 1970, "On extending the Bradley-Terry model to accommodate ties in paired comparison experiments" (JASA 65):
with strengths π and ν ≥ 0, P(i preferred) = π_i / (π_i + π_j + ν√(π_i π_j)), P(tie) = ν√(π_i π_j) / (the same). In
θ = log π and η = log ν it is an exponential family, so the likelihood has one maximum, which Newton's method finds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PRIOR", "Fit", "fit_davidson"]

Floats = NDArray[np.float64]
Pairs = NDArray[np.intp]

PRIOR = 1.0
_STEPS, _LONGEST, _EXACT = 200, 2.0, 1e-10


@dataclass(frozen=True)
class Fit:
    """Maximum of each of B likelihoods.

    Attributes:
        strengths: (B, D) θ, natural logarithms; each row sums to 0, so 0 is the average detector.
        tie: (B,) η: the log odds of a tie, against one of the two winning, between detectors of one strength.
    """

    strengths: Floats
    tie: Floats


def fit_davidson(pairs: Pairs, counts: Floats, detectors: int, *, prior: float = PRIOR) -> Fit:
    """Fit B tables of counts at once.

    ``prior`` comparisons are added in halves: each detector is half preferred to, half beaten by, the average one, and
    two equal detectors are half told apart, half tied. Jeffreys' prior of one proportion does the same (Beta(½, ½)); it
    keeps the strength of a detector that never loses finite, and vanishes as ratings come in.

    Args:
        pairs: (P, 2) detectors compared, each pair once.
        counts: (B, P, 3): the first preferred, tied, the second preferred; may be fractions.
        detectors: D; all must be joined by pairs.
        prior: 0 is plain maximum likelihood, which is infinite for one that never loses, or without ties.
    """
    first, tied, second = (np.ascontiguousarray(counts[..., outcome]) for outcome in range(3))
    table = _Table(pairs, detectors, first - second, tied, first + tied + second, prior)
    x = np.zeros((len(counts), detectors + 1))
    height = table.height(x)
    for _ in range(_STEPS):
        step = table.newton(x)
        longest = np.abs(step).max(axis=1)
        step *= np.minimum(1, _LONGEST / np.maximum(longest, _EXACT))[:, None]
        for _ in range(30):  # a step that does not climb is halved
            reached = table.height(x + step)
            lower = reached < height - 1e-12 * np.abs(height)
            if not lower.any():
                break
            step[lower] /= 2
        x, height = x + step, table.height(x + step)
        if longest.max(initial=0) < _EXACT:
            break
    return Fit(x[:, :-1], x[:, -1])


@dataclass(frozen=True)
class _Table:
    """The log likelihood in x = (θ, η), with d = (θ_i − θ_j)/2: lead·d + tied·η − n·log(e^d + e^−d + e^η)."""

    pairs: Pairs
    detectors: int
    lead: Floats
    tied: Floats
    count: Floats
    prior: float

    def height(self, x: Floats) -> Floats:
        theta, eta = x[:, :-1], x[:, -1:]
        d = (theta[:, self.pairs[:, 0]] - theta[:, self.pairs[:, 1]]) / 2
        every = np.logaddexp(np.logaddexp(d, -d), eta)
        value = (self.lead * d + self.tied * eta - self.count * every).sum(axis=1)
        rest = (theta / 2 - np.logaddexp(0, theta)).sum(axis=1) + eta[:, 0] / 2
        return np.asarray(value + self.prior * (rest - np.logaddexp(np.log(2), eta[:, 0])))

    def newton(self, x: Floats) -> Floats:
        """The step to the maximum of the parabola at x, along Σθ = 0."""
        slope, bend = self._derivatives(x)
        size = self.detectors
        system = np.zeros((len(x), size + 2, size + 2))
        system[:, :-1, :-1] = bend
        system[:, -1, :size] = system[:, :size, -1] = 1
        right = np.concatenate([slope, np.zeros((len(x), 1))], axis=1)
        return np.asarray(np.linalg.solve(system, right[..., None])[:, :-1, 0])

    def _derivatives(self, x: Floats) -> tuple[Floats, Floats]:
        """Slope (B, D+1) and, negated, the second derivatives (B, D+1, D+1)."""
        theta, eta = x[:, :-1], x[:, -1:]
        i, j = self.pairs.T
        d = (theta[:, i] - theta[:, j]) / 2
        every = np.logaddexp(np.logaddexp(d, -d), eta)
        ahead, behind, even = np.exp(d - every), np.exp(-d - every), np.exp(eta - every)
        side = ahead - behind
        by_d = (self.lead - self.count * side) / 2
        signs = np.zeros((len(self.pairs), self.detectors))
        signs[np.arange(len(i)), i], signs[np.arange(len(j)), j] = 1, -1
        mean, tie = 1 / (1 + np.exp(-theta)), 1 / (1 + 2 * np.exp(-eta[:, 0]))
        at_eta = (self.tied - self.count * even).sum(axis=1) + self.prior * (0.5 - tie)
        slope = np.concatenate([by_d @ signs + self.prior * (0.5 - mean), at_eta[:, None]], axis=1)
        dd = self.count * (ahead + behind - side**2) / 4
        cross = -self.count * even * side / 2
        bend = np.zeros((len(x), self.detectors + 1, self.detectors + 1))
        bend[:, i, j] = bend[:, j, i] = -dd
        own = np.arange(self.detectors)
        bend[:, own, own] = dd @ np.abs(signs) + self.prior * mean * (1 - mean)
        bend[:, :-1, -1] = bend[:, -1, :-1] = cross @ signs
        bend[:, -1, -1] = (self.count * even * (1 - even)).sum(axis=1) + self.prior * tie * (1 - tie)
        return slope, bend
