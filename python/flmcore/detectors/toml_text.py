"""Values as TOML, to write a detector's file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from flmcore.errors import ConfigError

__all__ = ["toml_lines"]


def toml_lines(table: Mapping[str, Any]) -> list[str]:
    """``key = value`` for each that is not None or empty; ConfigError where TOML cannot hold a value."""
    return [f"{key} = {_toml(value)}" for key, value in table.items() if value not in (None, "")]


def _toml(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # inf and nan are TOML's words too
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        inside = ", ".join(f"{_toml(str(key))} = {_toml(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    try:
        text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML's escapes are JSON's
        text.encode()
    except (TypeError, UnicodeEncodeError) as error:
        msg = f"TOML: expected what TOML can hold, got {value!r}"
        raise ConfigError(msg) from error
    return text
