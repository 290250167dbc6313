"""Ratings by eye: pairs of detectors judged blind on the report page, as a score with intervals."""

from flmcore.rating.join import add_ratings

__all__ = ["add_ratings"]
