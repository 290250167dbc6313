"""Checks of single config values: each takes what TOML gave and returns what the schema holds."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from flmcore.nearest import nearest

__all__ = [
    "Check",
    "UnexpectedValue",
    "between",
    "choice",
    "count",
    "count_or_text",
    "digest",
    "flag",
    "grey_levels",
    "number",
    "numbers",
    "options",
    "positive",
    "rectangle",
    "size",
    "text",
    "whole",
]

Check = Callable[[object], Any]


class UnexpectedValue(Exception):
    """Raised by a check; its text is ``expected WHAT, got WHAT``."""

    def __init__(self, expected: str, value: object, hint: str = "") -> None:
        shown = repr(value)
        super().__init__(
            f"expected {expected}, got {shown if len(shown) <= 80 else shown[:77] + '...'}{hint}"
        )


def text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UnexpectedValue("a text that is not empty", value)
    return value


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnexpectedValue("true or false", value)
    return value


def choice(*names: str) -> Check:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            raise UnexpectedValue(f"one of {', '.join(names)}", value, nearest(value, names))
        return value

    return check


def count(least: int, most: int) -> Check:
    def check(value: object) -> int:
        if not _is_whole(value) or not least <= value <= most:  # type: ignore[operator]
            raise UnexpectedValue(f"a whole number from {least} to {most}", value)
        return int(value)  # type: ignore[call-overload, no-any-return]

    return check


def whole(value: object) -> int:
    if not _is_whole(value) or value < 0:  # type: ignore[operator]
        raise UnexpectedValue("a whole number, 0 or more", value)
    return int(value)  # type: ignore[call-overload, no-any-return]


def count_or_text(value: object) -> int | str:
    """An output of a model: its number from 0, or its name."""
    if _is_whole(value) and 0 <= value <= 1000:  # type: ignore[operator]
        return int(value)  # type: ignore[call-overload, no-any-return]
    if isinstance(value, str) and value:
        return value
    raise UnexpectedValue("the number (from 0) or the name of an output", value)


def between(low: float, high: float) -> Check:
    def check(value: object) -> float:
        if not _is_finite(value) or not low <= value <= high:  # type: ignore[operator]
            raise UnexpectedValue(f"a number from {low:g} to {high:g}", value)
        return float(value)  # type: ignore[arg-type]

    return check


def number(value: object) -> float:
    if not _is_finite(value):
        raise UnexpectedValue("a number", value)
    return float(value)  # type: ignore[arg-type]


def positive(value: object) -> float:
    if not _is_finite(value) or value <= 0:  # type: ignore[operator]
        raise UnexpectedValue("a number above 0", value)
    return float(value)  # type: ignore[arg-type]


def numbers(length: int, *, above_zero: bool = False, repeat: bool = False) -> Check:
    """``length`` finite numbers; with ``repeat``, one number stands for all."""
    what = f"{length} numbers{' above 0' if above_zero else ''}{', or one for all' if repeat else ''}"

    def check(value: object) -> tuple[float, ...]:
        listed = [value] * length if repeat and _is_finite(value) else value
        if not isinstance(listed, list) or len(listed) != length or not all(map(_is_finite, listed)):
            raise UnexpectedValue(what, value)
        if above_zero and min(listed) <= 0:
            raise UnexpectedValue(what, value)
        return tuple(float(number) for number in listed)

    return check


def grey_levels(value: object) -> tuple[float, ...]:
    levels: tuple[float, ...] = numbers(3, repeat=True)(value)
    if not all(0 <= level <= 255 for level in levels):
        raise UnexpectedValue("grey levels from 0 to 255", value)
    return levels


def size(value: object) -> tuple[int, int]:
    listed = [value, value] if _is_whole(value) else value
    whole = isinstance(listed, list) and len(listed) == 2 and all(map(_is_whole, listed))
    if not whole or not all(1 <= extent <= 4096 for extent in listed):  # type: ignore[attr-defined]
        raise UnexpectedValue("[width, height] in pixels, 1 to 4096", value)
    return listed[0], listed[1]  # type: ignore[index]


def rectangle(value: object) -> tuple[int, int, int, int]:
    if not isinstance(value, list) or len(value) != 4 or not all(map(_is_whole, value)):
        raise UnexpectedValue("four whole numbers x0, y0, x1, y1", value)
    x0, y0, x1, y1 = value
    if not (0 <= x0 < x1 and 0 <= y0 < y1):
        raise UnexpectedValue("x0, y0, x1, y1 inside the crop with x1 > x0 and y1 > y0", value)
    return x0, y0, x1, y1


def digest(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise UnexpectedValue("a SHA-256 sum of 64 hexadecimal digits", value)
    return value.lower()


def options(value: object) -> dict[str, Any]:
    plain = isinstance(value, dict) and all(
        isinstance(v, (str, bool)) or _is_finite(v) for v in value.values()
    )
    if not plain:
        raise UnexpectedValue("a table of numbers, texts, true or false", value)
    return dict(value)  # type: ignore[call-overload, no-any-return]


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
