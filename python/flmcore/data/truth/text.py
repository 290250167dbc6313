"""The text of a landmark file."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["read_text"]


def read_text(file: Path) -> str:
    """UTF-8, with or without its mark; XML may say that it is Latin-1, as Dlib's does."""
    data = file.read_bytes()
    if file.suffix.lower() == ".xml" and re.match(
        rb"<\?xml[^>]*encoding=['\"]ISO-8859-1['\"]", data, re.IGNORECASE
    ):
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("latin-1")
    return data.decode("utf-8-sig")
