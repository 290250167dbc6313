"""Detectors on clips: temporal stability on real motion (``docs/video.md``)."""

from flmcore.evaluation.video.runner import evaluate_video

__all__ = ["evaluate_video"]
