"""Evaluation of detectors: the window sweep, its measurement, speed, statistics, and the run that ties them."""

from flmcore.evaluation.comparison import Comparison, compare
from flmcore.evaluation.gate import Judgement, judge
from flmcore.evaluation.results import Results
from flmcore.evaluation.run import Progress
from flmcore.evaluation.runner import EvaluationInterrupted, evaluate

__all__ = [
    "Comparison",
    "EvaluationInterrupted",
    "Judgement",
    "Progress",
    "Results",
    "compare",
    "evaluate",
    "judge",
]
