"""Writes the table of keys in docs/results.md from the schema: python docs/results_keys.py --write docs/results.md"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flmcore.evaluation.schema import results_schema

BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"


def key_table() -> str:
    """One row per key: place, type, unit, meaning."""
    schema = results_schema()
    rows = ["| key | type | unit | holds |", "| --- | --- | --- | --- |"]
    rows += [line for key, part in schema["properties"].items() for line in _rows(f"**`{key}`**", key, part)]
    for name, part in schema["$defs"].items():
        rows += _rows(f"**{name}**", name, part)
    return "\n".join(rows)


def _rows(shown: str, place: str, part: Mapping[str, Any]) -> Iterator[str]:
    unit = part.get("x-unit", part.get("items", {}).get("x-unit", ""))
    yield f"| {shown} | {_type(part)} | {unit} | {part.get('description', '')} |"
    inner = part
    while "items" in inner or isinstance(inner.get("additionalProperties"), dict):
        place += "[]" if "items" in inner else ".*"
        inner = inner["items"] if "items" in inner else inner["additionalProperties"]
    required = inner.get("required", ())
    for key, below in inner.get("properties", {}).items():
        optional = "" if key in required else " ?"
        yield from _rows(f"`{place}.{key}`{optional}", f"{place}.{key}", below)


def _type(part: Mapping[str, Any]) -> str:
    if "$ref" in part:
        return str(part["$ref"].rpartition("/")[2])
    names = part.get("type", "string")
    said = names if isinstance(names, str) else " or ".join(names)
    if "items" in part:
        said = f"{said} of {_type(part['items'])}"
    elif isinstance(part.get("additionalProperties"), dict):
        said = f"{said} of {_type(part['additionalProperties'])}"
    return said


def with_table(text: str) -> str:
    """``text`` with the table between its marks."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{key_table()}\n\n{END}{rest.split(END)[1]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, required=True, metavar="FILE")
    path = parser.parse_args().write
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
