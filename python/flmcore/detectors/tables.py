"""Tables of a TOML file as dataclasses: known keys alone, each value checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from flmcore.detectors.checks import UnexpectedValue
from flmcore.errors import ConfigError
from flmcore.nearest import nearest

__all__ = ["checked", "read_table", "refuse_unknown"]

_T = TypeVar("_T")


def read_table(where: str, name: str, cls: type[_T], table: Mapping[str, Any]) -> _T:
    """The dataclass ``cls`` from ``[name]`` of a file: known keys, each through the check of its field."""
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    refuse_unknown(where, f"{name}.", table, fields)
    for key, field in fields.items():
        optional = (
            field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        )
        if key not in table and not optional:
            msg = f"{where}: {name}.{key}: expected to be there, got nothing"
            raise ConfigError(msg)
    values = {k: checked(where, f"{name}.{k}", fields[k].metadata["check"], v) for k, v in table.items()}
    return cls(**values)


def refuse_unknown(where: str, prefix: str, table: Mapping[str, Any], known: Any) -> None:
    """ConfigError, with the nearest name, where a table has a key that is not known."""
    for key in table:
        if key not in known:
            expected = f"one of {', '.join(known)}"
            msg = (
                f"{where}: {prefix}{key}: expected {expected}, got an unknown key{nearest(key, list(known))}"
            )
            raise ConfigError(msg)


def checked(where: str, key: str, check: Any, value: object) -> Any:
    """What ``check`` makes of a value; ConfigError that names file and key where it refuses it."""
    try:
        return check(value)
    except UnexpectedValue as error:
        msg = f"{where}: {key}: {error}"
        raise ConfigError(msg) from None
