"""What the fixture ``flmcore_gate`` gives."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flmcore.evaluation.comparison import Comparison, compare
from flmcore.evaluation.gate import judge
from flmcore.evaluation.results import Results

__all__ = ["Gate", "RegressionError"]

PathLike = str | os.PathLike[str]


class RegressionError(AssertionError):
    """Results are worse than the baseline, or cannot be judged; the text has the whole table."""


@dataclass(frozen=True)
class Gate:
    """Compares with ``baseline``; a relative path of the call is relative to the working folder."""

    baseline: Path | None

    def __call__(
        self,
        results: Results | PathLike,
        *,
        baseline: Results | PathLike | None = None,
        metrics: Sequence[str] | None = None,
        tolerance: Mapping[str, str | float] | None = None,
        detectors: Sequence[str] | None = None,
        any_protocol: bool = False,
    ) -> Comparison:
        """Compare ``results`` with a baseline, as ``flmcore compare --fail-on-regression`` does.

        Args:
            results: the new run, or its file or folder.
            baseline: the old one; None takes ``--flmcore-baseline`` or ``flmcore_baseline`` of the configuration.
            metrics: what is judged; None is jitter, every NME, latency on the same machine.
            tolerance: by metric, ``"5%"`` of the old mean or an amount in the metric's unit.
            detectors: only these.
            any_protocol: judge even runs that were measured in different ways.

        Returns:
            The comparison, for further assertions.

        Raises:
            RegressionError: worse beyond tolerance and interval, or not to be judged.
            ValueError: no baseline, or arguments that fit neither run.
        """
        __tracebackhide__ = True
        old = self.baseline if baseline is None else baseline
        if old is None:
            msg = "baseline: expected a results file, got none: pass baseline=, or set flmcore_baseline for pytest"
            raise ValueError(msg)
        comparison = compare(old, results, metrics=metrics, tolerance=tolerance, detectors=detectors)
        judgement = judge(comparison, metrics, any_protocol=any_protocol)
        if not judgement.passed:
            raise RegressionError("\n".join([*judgement.lines(), "", comparison.table()]))
        return comparison
