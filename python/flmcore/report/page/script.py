"""Data as a script: a page on disk may not fetch files, but it may load scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flmcore.evaluation.store import plain

__all__ = ["as_script"]

# What could end a script element, open a comment or markup in it, or end a line of JavaScript: as \uXXXX it is text.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def as_script(name: str, value: Mapping[str, Any]) -> bytes:
    """``window.NAME = {…};`` in strict JSON of ASCII; NaN becomes null."""
    text = json.dumps(plain(value), allow_nan=False, separators=(",", ":"))
    return f'"use strict";\nwindow.{name} = {text.translate(_ESCAPES)};\n'.encode("ascii")
