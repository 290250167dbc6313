"""A check of files that people write or hand on against their JSON Schema.

It differs from that of results: keys that are not known are refused with the nearest name, and every fault names its
place. It knows the keywords that flmcore's schemas use; a test compares it with jsonschema.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from flmcore.nearest import nearest

__all__ = ["Fault", "Place", "check_against", "check_version", "read_schema"]

Place = tuple[str | int, ...]
_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int, float),
    "number": (int, float),
}
_WORDS = {
    "object": "an object {…}",
    "array": "a list […]",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
}
_SHOWN = 60  # characters of a value in a message


class Fault(ValueError):
    """What is wrong in a record, and where: keys and list indices from the top."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


@lru_cache(maxsize=8)
def read_schema(package: str, name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that ships as ``name`` with ``package``."""
    schema: dict[str, Any] = json.loads(resources.files(package).joinpath(name).read_text(encoding="utf-8"))
    return schema


def check_version(record: object, key: str, what: str) -> None:
    """Fault where a record is not of the kind ``what``, whose version 1 stands under ``key``, or is of a later one.

    Ahead of all else: of a file of another kind, the rest says nothing.
    """
    if not isinstance(record, dict) or key not in record:
        got = "an object without it" if isinstance(record, dict) else "other JSON"
        msg = f'expected {what}, an object with the key "{key}", got {got}'
        raise Fault((), msg)
    version = record[key]
    if type(version) is int and version > 1:
        msg = "expected 1, which this version reads, got a later one: upgrade flmcore"
        raise Fault((key,), msg)


def check_against(record: object, schema: Mapping[str, Any]) -> None:
    """Fault where a record is not what the schema says."""
    _Check(schema).check(record, schema, ())


class _Check:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in schema:
            return schema
        found: Mapping[str, Any] = self._root["$defs"][schema["$ref"].rpartition("/")[2]]
        return found

    def check(self, value: Any, schema: Mapping[str, Any], place: Place) -> None:
        schema = self._resolved(schema)
        if "anyOf" in schema:
            fitting = [part for part in map(self._resolved, schema["anyOf"]) if _is_kind(value, part["type"])]
            if not fitting:  # the kinds of the choices differ, so at most one fits
                raise Fault(
                    place,
                    _unlike(" or ".join(self._wanted(self._resolved(p)) for p in schema["anyOf"]), value),
                )
            self.check(value, fitting[0], place)
        elif "const" in schema:
            if type(value) is bool or value != schema["const"]:
                raise Fault(place, _unlike(json.dumps(schema["const"]), value))
        elif "enum" in schema:
            if value not in schema["enum"]:
                words = (value.upper(), value.lower()) if isinstance(value, str) else ()
                near = next(filter(None, (nearest(word, schema["enum"]) for word in words)), "")
                raise Fault(place, _unlike("one of " + ", ".join(schema["enum"]), value) + near)
        else:
            self._check_kind(value, schema, place)

    def _check_kind(self, value: Any, schema: Mapping[str, Any], place: Place) -> None:
        if not _is_kind(value, schema["type"]):
            quoted = isinstance(value, str) and schema["type"] in ("number", "integer")
            wanted = f"{_WORDS[schema['type']]} without quotes" if quoted else self._wanted(schema)
            raise Fault(place, _unlike(wanted, value))
        if isinstance(value, dict):
            self._check_object(value, schema, place)
        elif isinstance(value, list):
            if not schema.get("minItems", 0) <= len(value) <= schema["maxItems"]:
                least = schema.get("minItems", 0)
                raise Fault(place, f"expected {least} to {schema['maxItems']} entries, got {len(value)}")
            for index, item in enumerate(value):
                self.check(item, schema["items"], (*place, index))
        elif not (_is_fitting_text(value, schema) if isinstance(value, str) else _is_in_range(value, schema)):
            raise Fault(place, _unlike(self._wanted(schema), value))

    def _check_object(self, value: Mapping[str, Any], schema: Mapping[str, Any], place: Place) -> None:
        known, required = schema["properties"], schema.get("required", ())
        for key, item in value.items():
            if key not in known:
                expected = f"expected one of {', '.join(known)}, got {_shown(key)}"
                raise Fault((*place, key), f"no such key: {expected}{nearest(key, known)}")
            if item is None:
                advice = "fill it in" if key in required else "fill it in, or delete the key"
                expected = self._wanted(self._resolved(known[key]))
                raise Fault((*place, key), f"expected {expected}, got null: {advice}")
        for key in required:
            if key not in value:
                got = ", ".join(map(_shown, value)) or "no key"
                raise Fault(place, f"expected the key {key!r}, got {got}")
        for key, item in value.items():
            self.check(item, known[key], (*place, key))

    def _wanted(self, schema: Mapping[str, Any]) -> str:
        if "x-expected" in schema:
            return str(schema["x-expected"])
        for key, join in (("anyOf", " or "), ("enum", ", ")):
            if key in schema:
                choices: Sequence[Any] = schema[key]
                words = [p if isinstance(p, str) else self._wanted(self._resolved(p)) for p in choices]
                return ("one of " if key == "enum" else "") + join.join(words)
        return _WORDS[schema["type"]] if "type" in schema else json.dumps(schema["const"])


def _is_kind(value: Any, kind: str) -> bool:
    if type(value) not in _KINDS[kind]:
        return False
    if not isinstance(value, float):
        return True
    return math.isfinite(value) and (kind == "number" or value.is_integer())


def _is_fitting_text(value: str, schema: Mapping[str, Any]) -> bool:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf):
        return False
    return "pattern" not in schema or re.search(schema["pattern"], value) is not None


def _is_in_range(value: float, schema: Mapping[str, Any]) -> bool:
    if value > schema.get("maximum", math.inf) or value < schema.get("minimum", -math.inf):
        return False
    return "exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"]


def _unlike(expected: str, got: Any) -> str:
    return f"expected {expected}, got {_shown(got)}"


def _shown(value: Any) -> str:
    """The value as JSON would have it, cut: it may be a megabyte."""
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number beyond what a double holds"
    if isinstance(value, int) and abs(value) > 1 << 64:
        return "a whole number of more than 64 bits"
    text = json.dumps(value if not isinstance(value, str) else value[:_SHOWN], ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
