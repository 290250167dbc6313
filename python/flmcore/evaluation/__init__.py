"""Evaluation of detectors: the window sweep, its measurement, speed, statistics, and the run that ties them."""

from flmcore.evaluation.results import Results
from flmcore.evaluation.run import Progress
from flmcore.evaluation.runner import EvaluationInterrupted, evaluate

__all__ = ["EvaluationInterrupted", "Progress", "Results", "evaluate"]
