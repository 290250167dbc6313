"""On which line of a JSON text a value stands; the standard library's reader does not keep that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from flmcore.data.record_schema import Place

__all__ = ["line_of", "line_of_token", "places"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\n')


def places(text: str) -> Iterator[tuple[Place, int]]:
    """Place and line, from 1, of every value but the whole, in order.

    ``text`` is sound JSON. A place comes twice where an object has a key twice.
    """
    stack: list[str | int] = []  # key or index within each open bracket
    line, key_next, value_next = 1, False, False
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "\n":
            line += 1
            continue
        if value_next and token not in "]:":
            yield tuple(stack), line
            value_next = False
        if token in "{[":
            stack.append("" if token == "{" else 0)
            key_next, value_next = token == "{", token == "["
        elif token in "}]":
            stack.pop()
            key_next = value_next = False
        elif token == ",":
            last = stack[-1]
            if isinstance(last, int):
                stack[-1] = last + 1
            key_next, value_next = isinstance(last, str), isinstance(last, int)
        elif key_next and token != ":":
            stack[-1] = json.loads(token)
            key_next, value_next = False, True


def line_of(text: str, place: Place) -> int | None:
    """The line where ``place`` stands; None for the whole."""
    return next((line for found, line in places(text) if found == place), None)


def line_of_token(text: str, token: str) -> int | None:
    """The line of the first ``token`` that stands outside of texts."""
    found = next((match.start() for match in _TOKEN.finditer(text) if match[0] == token), None)
    return None if found is None else text.count("\n", 0, found) + 1
