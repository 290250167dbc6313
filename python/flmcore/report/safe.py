"""Text from files, made safe to show: a results file may come from anyone."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["plain_label", "printable", "printable_record", "safe_results"]

# Controls, what turns the direction of writing, lone surrogates, and separators of lines.
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def printable(text: str) -> str:
    r"""One line without anything that a terminal obeys: an escape is shown as ``\x1b``, a line break as a space."""
    return "".join(
        " "
        if letter in "\n\r\t"
        else letter.encode("unicode_escape").decode()
        if unicodedata.category(letter) in _HIDDEN
        else letter
        for letter in text
    )


def printable_record(record: Any) -> Any:
    """A record as JSON has it, every text of it :func:`printable`, keys too."""
    return _each(record, printable)


def plain_label(text: str) -> str:
    """For figures: matplotlib sets what is between dollar signs as a formula, and leaves out labels like ``_x``."""
    label = printable(text).replace("$", r"\$")
    return f" {label}" if label.startswith("_") else label


def safe_results(results: Results, change: Callable[[str], str] = printable) -> Results:
    """The same results with every text changed, names in keys too; the results themselves where nothing changes."""
    data = _each(results.data, change)
    if data is results.data:
        return results
    overlays = {change(image): _each(arrays, change) for image, arrays in results.overlays.items()}
    return type(results)(data, overlays)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return value if value.isalnum() else changed if (changed := change(value)) != value else value
    if isinstance(value, dict):
        pairs = [(_each(key, change), _each(item, change)) for key, item in value.items()]
        same = all(
            a is b
            for pair, old in zip(pairs, value.items(), strict=True)
            for a, b in zip(pair, old, strict=True)
        )
        return value if same else dict(pairs)
    if (
        isinstance(value, list) and value and isinstance(value[-1], (str, dict, list))
    ):  # rows of numbers are long
        rows = [_each(item, change) for item in value]
        return value if all(a is b for a, b in zip(rows, value, strict=True)) else rows
    return value
