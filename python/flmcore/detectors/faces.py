"""Dlib's face finder under the name it had before there were others (:mod:`flmcore.detectors.finders`)."""

from flmcore.detectors.finders.dlib import FaceFinder

__all__ = ["FaceFinder"]
