"""Batches in their order, made ahead of the training: by a thread, or by processes."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import FlmcoreError
from flmcore.train.plan import AUGMENT, Plan
from flmcore.train.sample import random_sample
from flmcore.train.schema import TrainConfig
from flmcore.train.sources import Source
from flmcore.worker import begin_worker

__all__ = ["Batch", "BatchMaker", "Batches"]

_AHEAD = 3  # batches that wait, beside one for each worker


@dataclass(frozen=True, eq=False)
class Batch:
    """Crops (N, H, W, 3) uint8 RGB and targets (N, K, 2) float32, shares of the crop; NaN where undefined."""

    crops: NDArray[np.uint8]
    targets: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class BatchMaker:
    """Makes any batch of a training: a function of the config, the epoch and the step, in every process the same."""

    config: TrainConfig
    plan: Plan
    sources: Sequence[Source]

    def make(self, epoch: int, step: int) -> Batch:
        crops, targets = [], []
        for slot, (source, number) in enumerate(self.plan.of_batch(epoch, step)):
            place = step * self.plan.batch + slot
            rng = np.random.default_rng([self.config.seed, AUGMENT, epoch, place])
            pixels, points = random_sample(self.sources[source].face(number), self.config, rng)
            crops.append(pixels)
            targets.append(points)
        return Batch(np.stack(crops), np.stack(targets))


class Batches:
    """An executor that makes batches ahead; to be closed.

    Args:
        workers: processes; 0: a thread of this one, which leaves the other cores to the network.
    """

    def __init__(self, maker: BatchMaker, workers: int) -> None:
        self._maker, self._ahead = maker, workers + _AHEAD
        self._executor: Executor
        if workers == 0:
            self._executor = ThreadPoolExecutor(1)
        else:  # a new interpreter: a copy of one whose libraries have threads may hang
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(workers, context, initializer=_start, initargs=(maker,))
        self._in_process = workers > 0

    def of_epoch(self, epoch: int, first: int) -> Iterator[Batch]:
        """The batches of an epoch from step ``first``.

        Raises:
            FlmcoreError: a worker has died.
        """
        waiting: deque[Future[Batch]] = deque()
        try:
            for step in range(first, self._maker.plan.steps):
                waiting.append(self._ask(epoch, step))
                if len(waiting) > self._ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            msg = "workers: expected processes that live as long as the training, got one that died (out of memory?)"
            raise FlmcoreError(msg) from None
        finally:
            for future in waiting:
                future.cancel()

    def _ask(self, epoch: int, step: int) -> Future[Batch]:
        if self._in_process:
            return self._executor.submit(_make, epoch, step)
        return self._executor.submit(self._maker.make, epoch, step)

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


_own: list[BatchMaker] = []  # of a worker


def _start(maker: BatchMaker) -> None:
    _own.append(maker)
    begin_worker()


def _make(epoch: int, step: int) -> Batch:
    return _own[0].make(epoch, step)
