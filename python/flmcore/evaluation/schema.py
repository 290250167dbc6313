"""The schema of ``results.json``, which ships with the package, and what a reader needs of it.

``results.schema.json`` is JSON Schema (draft 2020-12), so that other tools can validate with it. Reading checks every file
against it with the few keywords that it uses; a package for that would be a dependency of everyone for one command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, NoReturn

__all__ = ["FORMAT", "FORMAT_NUMBER", "check_record", "format_number", "results_schema"]

FORMAT_NUMBER = 1
FORMAT = f"flmcore results {FORMAT_NUMBER}"

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_SHOWN = 60  # characters of a value in a message


@lru_cache(maxsize=1)
def results_schema() -> dict[str, Any]:
    """The JSON Schema of ``results.json``; ``x-unit`` holds a key's unit."""
    text = resources.files("flmcore.evaluation").joinpath("results.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def format_number(text: object) -> int | None:
    """The number in ``flmcore results N``; None where that is no format of results."""
    match = re.fullmatch(r"flmcore results ([0-9]{1,9})", text) if isinstance(text, str) else None
    return None if match is None else int(match[1])


def check_record(record: object) -> None:
    """ValueError naming the place where a record is not what the schema says; keys that it does not know pass."""
    _check(record, results_schema(), "results")


def _check(value: Any, schema: Mapping[str, Any], where: str) -> None:
    if "$ref" in schema:
        schema = results_schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    if "const" in schema and value != schema["const"]:
        _refuse(where, repr(schema["const"]), repr(value))
    names = schema.get("type")
    if names is not None and type(value) not in _allowed(names):
        _refuse(where, names if isinstance(names, str) else " or ".join(names), repr(value))
    if isinstance(value, dict):
        _check_object(value, schema, where)
    elif isinstance(value, list):
        _check_array(value, schema, where)


def _check_object(value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> None:
    for key in schema.get("required", ()):
        if key not in value:
            _refuse(where, f"the key {key!r}", ", ".join(map(repr, value)) or "no key")
    known = schema.get("properties", {})
    other = schema.get("additionalProperties")
    for key, item in value.items():
        if key in known:
            _check(item, known[key], f"{where}.{key}")
        elif other is not None:
            _check(item, other, f"{where}.{key}")


def _check_array(value: Sequence[Any], schema: Mapping[str, Any], where: str) -> None:
    if "minItems" in schema and len(value) != schema["minItems"]:  # in this schema always maxItems too
        _refuse(where, f"{schema['minItems']} items", f"{len(value)} items")
    items = schema.get("items")
    if items is None:
        return
    # Nearly all of a file is long rows of numbers: their types are looked at together.
    if items.keys() <= {"type", "description", "x-unit"} and set(map(type, value)) <= _allowed(items["type"]):
        return
    for index, item in enumerate(value):
        _check(item, items, f"{where}[{index}]")


@lru_cache(maxsize=32)
def _types_of(names: tuple[str, ...]) -> frozenset[type]:
    return frozenset(kind for name in names for kind in _TYPES[name])


def _allowed(names: str | Sequence[str]) -> frozenset[type]:
    return _types_of((names,) if isinstance(names, str) else tuple(names))


def _refuse(where: str, expected: str, got: str) -> NoReturn:
    msg = f"{where}: expected {expected}, got {got if len(got) <= _SHOWN else got[: _SHOWN - 1] + '…'}"
    raise ValueError(msg)
