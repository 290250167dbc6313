"""coremltools, loaded when it is needed and without its remarks about what this machine cannot do."""

from __future__ import annotations

import logging
import warnings
from importlib import import_module
from typing import Any

from flmcore.errors import MissingExtraError

__all__ = ["load_coremltools"]


def load_coremltools(part: str = "", *, what_for: str = "Core ML packages") -> Any:
    """The package coremltools, or its module ``part``; :class:`~flmcore.errors.MissingExtraError` where it is missing.

    Its first import tells on standard error which of Apple's libraries are missing, of which none is needed to
    convert and to read, and that it was not tested with this PyTorch; both would be noise for users.
    """
    logger = logging.getLogger("coremltools")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module(f"coremltools.{part}" if part else "coremltools")
    except ImportError as error:
        package = "coremltools"
        raise MissingExtraError(package, "coreml", what_for) from error
    finally:
        logger.setLevel(level)
