"""Which face is seen when: a function of the seed and the sample's number alone, so that any process can tell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import ConfigError
from flmcore.train.schema import OptimiseConfig

__all__ = ["AUGMENT", "Plan"]

_MIX, _ORDER, AUGMENT = 1, 2, 3  # streams of random numbers, beside the seed
_STREAM_EPOCH = 10_000  # samples of an epoch where nothing says


class Plan:
    """The order of a training's samples.

    An epoch is ``steps`` batches. Sources share it by their weights, or by their numbers of faces; each is gone
    through in a random order, all of it before any face comes again, a stream in its own order without end.

    Args:
        lengths: faces of each source; None for a stream.
        weights: of each; None: as many samples as faces.
    """

    def __init__(
        self,
        lengths: Sequence[int | None],
        weights: Sequence[float] | None,
        optimise: OptimiseConfig,
        seed: int,
    ) -> None:
        finite = sum(length for length in lengths if length is not None)
        samples = optimise.epoch_samples or finite or _STREAM_EPOCH
        self.batch = optimise.batch
        self.steps = max(1, round(samples / self.batch))
        self._lengths, self._seed = tuple(lengths), seed
        shares = (
            [1.0 if length is None else float(length) for length in lengths] if weights is None else weights
        )
        self.counts = _divided(self.steps * self.batch, shares)
        if 0 in self.counts:
            msg = f"data: expected epochs in which every source has a sample, got {self.counts} samples"
            raise ConfigError(msg)

    @property
    def samples(self) -> int:
        """Of an epoch."""
        return self.steps * self.batch

    def of_batch(self, epoch: int, step: int) -> list[tuple[int, int]]:
        """``(source, number of the face)`` of each sample."""
        mix = self._mix(epoch)
        picked = []
        for place in range(step * self.batch, (step + 1) * self.batch):
            source, drawn = int(mix[0][place]), int(mix[1][place])
            picked.append((source, self._number(source, epoch * self.counts[source] + drawn)))
        return picked

    @lru_cache(maxsize=2)  # noqa: B019 - a plan lives as long as its training
    def _mix(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each sample of an epoch its source, and how many of that source came before it in the epoch."""
        rng = np.random.default_rng([self._seed, _MIX, epoch])
        sources = rng.permutation(np.repeat(np.arange(len(self.counts)), self.counts))
        before = np.empty(len(sources), dtype=np.int64)
        for source, count in enumerate(self.counts):
            before[sources == source] = np.arange(count)
        return sources, before

    def _number(self, source: int, drawn: int) -> int:
        length = self._lengths[source]
        if length is None:
            return drawn
        return int(self._order(source, drawn // length, length)[drawn % length])

    @lru_cache(maxsize=16)  # noqa: B019
    def _order(self, source: int, turn: int, length: int) -> NDArray[np.int64]:
        return np.random.default_rng([self._seed, _ORDER, source, turn]).permutation(length)


def _divided(total: int, shares: Sequence[float]) -> list[int]:
    """``total`` as whole numbers in proportion to ``shares``: largest remainders, the first where they tie."""
    exact = np.array(shares, dtype=np.float64) / sum(shares) * total
    counts = np.floor(exact).astype(int)
    rest = np.argsort(-(exact - counts), kind="stable")[: total - int(counts.sum())]
    counts[rest] += 1
    return [int(count) for count in counts]
