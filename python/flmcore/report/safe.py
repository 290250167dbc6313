"""Text from files, made safe to show: a results file may come from anyone."""

from __future__ import annotations

import unicodedata

__all__ = ["plain_label", "printable"]

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


def plain_label(text: str) -> str:
    """For figures: matplotlib sets what is between dollar signs as a formula, and leaves out labels like ``_x``."""
    label = printable(text).replace("$", r"\$")
    return f" {label}" if label.startswith("_") else label
