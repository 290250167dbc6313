"""Reads and validates a training's TOML file. A config is data: nothing in it is ever executed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flmcore import schemes
from flmcore.data.box_kinds import box_kinds
from flmcore.data.images import PathLike
from flmcore.detectors import nets
from flmcore.detectors.checks import count, text
from flmcore.detectors.schema import CropConfig, InputConfig
from flmcore.detectors.tables import checked, read_table, refuse_unknown
from flmcore.errors import ConfigError
from flmcore.nearest import nearest
from flmcore.train.schema import (
    AugmentConfig,
    DataConfig,
    LossConfig,
    NetworkConfig,
    OptimiseConfig,
    RunConfig,
    TrainConfig,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["parse_train_config", "read_train_config"]

_TOP = {"name": text, "scheme": text, "licence": text, "description": text, "seed": count(0, 2**63 - 1)}
_TABLES = {
    "model": NetworkConfig,
    "crop": CropConfig,
    "input": InputConfig,
    "loss": LossConfig,
    "augment": AugmentConfig,
    "optimise": OptimiseConfig,
    "run": RunConfig,
}
_LISTS = ("data", "validation")
_NEEDED = ("name", "scheme", "licence", "model", "crop", "data")
_MOST = 1_000_000  # bytes


def read_train_config(path: PathLike, settings: Iterable[str] = ()) -> TrainConfig:
    """The training that a TOML file describes; docs/train.md lists every key.

    Args:
        path: the file. Paths in it count from its folder.
        settings: ``key=value`` over what the file says: ``optimise.rate=0.002``, ``data.0.first=1000``. The value is
            TOML; what is none is taken for a text.

    Raises:
        ConfigError: not readable, not TOML, an unknown key (with the nearest valid name), a missing key, or a value of
            another kind than expected; one line that names the file and the key.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST + 1)
    except OSError as error:
        msg = f"{file}: expected a config file that can be read, got {error.strerror or error}"
        raise ConfigError(msg) from None
    if len(data) > _MOST:
        msg = f"{file}: expected a config file of at most {_MOST:,} bytes, got a longer one"
        raise ConfigError(msg)
    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{file}: expected TOML, got {' '.join(str(error).split())}"
        raise ConfigError(msg) from None
    for setting in settings:
        _put(table, setting)
    return parse_train_config(table, where=str(file), folder=file.parent)


def parse_train_config(
    table: Mapping[str, Any], *, where: str = "config", folder: Path = Path()
) -> TrainConfig:
    """The training that ``table`` (as TOML gives it) describes. Errors as of :func:`read_train_config`."""
    refuse_unknown(where, "", table, (*_TOP, *_TABLES, *_LISTS))
    for key in _NEEDED:
        if key not in table:
            msg = f"{where}: {key}: expected to be there, got nothing"
            raise ConfigError(msg)
    for key in _TABLES:
        if not isinstance(table.get(key, {}), dict):
            msg = f"{where}: {key}: expected a table [{key}], got {table[key]!r}"
            raise ConfigError(msg)
    top = {key: checked(where, key, check, table[key]) for key, check in _TOP.items() if key in table}
    try:
        scheme = schemes.get(top["scheme"])
    except ValueError:
        expected = f"expected one of {', '.join(schemes.names())}"
        msg = f"{where}: scheme: {expected}, got {top['scheme']!r}{nearest(top['scheme'], schemes.names())}"
        raise ConfigError(msg) from None
    tables: dict[str, Any] = {
        key: read_table(where, key, cls, table[key]) for key, cls in _TABLES.items() if key in table
    }
    lists: dict[str, Any] = {key: _sources(where, key, table.get(key, [])) for key in _LISTS}
    config = TrainConfig(
        **{**top, "scheme": scheme.name, "landmarks": scheme.landmarks}, **tables, **lists, folder=folder
    )
    _check(where, config)
    return config


def _sources(where: str, key: str, rows: Any) -> tuple[DataConfig, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        msg = f"{where}: {key}: expected tables [[{key}]], got {rows!r}"
        raise ConfigError(msg)
    sources = tuple(read_table(where, f"{key}.{n}", DataConfig, row) for n, row in enumerate(rows))
    for number, source in enumerate(sources):
        if (source.path is None) == (source.stream is None):
            got = "neither" if source.path is None else "both"
            msg = f"{where}: {key}.{number}: expected either path or stream, got {got}"
            raise ConfigError(msg)
    names = [source.name for source in sources if source.name is not None]
    for name in names:
        if names.count(name) > 1:
            msg = f"{where}: {key}: expected names that differ, got {name!r} {names.count(name)} times"
            raise ConfigError(msg)
    return sources


def _check(where: str, config: TrainConfig) -> None:
    """What no key can be told by itself."""

    def fail(key: str, expected: str, got: object) -> None:
        msg = f"{where}: {key}: expected {expected}, got {got}"
        raise ConfigError(msg)

    nets.require_name(config.model.network, f"{where}: model.network")
    if not config.data:
        fail("data", "at least one source", "none")
    kinds, groups = box_kinds(), schemes.get(config.scheme).groups
    if config.crop.box not in kinds:
        near = nearest(config.crop.box, kinds)
        fail("crop.box", f"one of {', '.join(kinds)}", f"{config.crop.box!r}{near}")
    if config.crop.snap != "none":
        fail("crop.snap", "none in a training", repr(config.crop.snap))
    if config.input.layout != "nchw":
        fail("input.layout", "nchw in a training", repr(config.input.layout))
    for group in config.loss.groups:
        if group not in groups:
            fail(
                "loss.groups",
                f"groups of {config.scheme}: {', '.join(groups)}",
                f"{group!r}{nearest(group, groups)}",
            )
    weighed = [source.weight is not None for source in config.data]
    if any(weighed) and not all(weighed):
        fail("data", "a weight for every source, or for none", f"{sum(weighed)} of {len(weighed)}")
    if len(config.data) > 1 and not all(weighed) and any(s.stream is not None for s in config.data):
        fail("data", "a weight for every source beside a stream, which has no end", "none")
    if config.model.backbone is not None and config.model.weights is not None:
        fail("model", "either backbone or weights", "both")
    for number, source in enumerate(config.validation):
        if source.stream is not None and source.first is None:
            fail(f"validation.{number}.first", "how many faces of the stream", "nothing")


def _put(table: dict[str, Any], setting: str) -> None:
    """``a.b=value`` into nested tables; a number is the place in a list."""
    name, equals, value = setting.partition("=")
    keys = name.strip().split(".")
    if not equals or not all(keys):
        msg = f"--set: expected key=value, got {setting!r}"
        raise ConfigError(msg)
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        parsed = value.strip()
    place: Any = table
    for key in keys[:-1]:
        if isinstance(place, list):
            place = place[int(key)] if key.isdecimal() and int(key) < len(place) else None
        elif isinstance(place, dict):
            place = place.setdefault(key, {})
    if not isinstance(place, dict):
        msg = f"--set: expected the key of a table, got {name!r}"
        raise ConfigError(msg)
    place[keys[-1]] = parsed
