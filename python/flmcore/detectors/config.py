"""Reads and validates a detector's TOML file. A config is data: nothing in it is ever executed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flmcore import schemes
from flmcore.data.box_kinds import box_kinds
from flmcore.data.images import PathLike
from flmcore.detectors.checks import count, text
from flmcore.detectors.schema import (
    DECODERS,
    CoordinatesDecode,
    CropConfig,
    DecodeConfig,
    DetectorConfig,
    InputConfig,
    MappingConfig,
    ModelConfig,
    OutputConfig,
    SourceConfig,
)
from flmcore.detectors.tables import checked, read_table, refuse_unknown
from flmcore.errors import ConfigError
from flmcore.nearest import nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["NO_MAPPING", "ZOO", "parse_config", "read_config"]

ZOO = Path(__file__).parent / "zoo"
_TOP = {"name": text, "scheme": text, "licence": text, "landmarks": count(1, 100_000), "description": text}
NO_MAPPING = "none"  # in place of a mapping's file: of a detector without, or to leave out that of `extends`
_MOST = 1_000_000  # bytes of a config: who names a model in its place should hear so at once
_TABLES = ("model", "crop", "input", "output", "decode", "mapping", "source")
_FILES = {"model": "weights", "mapping": "file"}  # table → key of a file relative to the config that says it
_TORCH_KEYS = ("network", "options", "state", "mean_face")  # of [model], with backend torch alone


def read_config(path: PathLike) -> DetectorConfig:
    """The detector that a TOML file describes, ``extends`` resolved; docs/detectors.md lists every key.

    Raises:
        ConfigError: not readable, not TOML, an unknown key (with the nearest valid name), a missing key, or a value of
            another kind than expected; one line that names the file and the key.
    """
    file = Path(path)
    table, folders = _read_extended(file, ())
    return parse_config(
        table, path=file, weights_folder=folders.get("model"), mapping_folder=folders.get("mapping")
    )


def parse_config(
    table: Mapping[str, Any],
    *,
    path: Path | None = None,
    weights_folder: Path | None = None,
    mapping_folder: Path | None = None,
) -> DetectorConfig:
    """The detector that ``table`` (as TOML gives it, without ``extends``) describes. Errors as of :func:`read_config`."""
    where = str(path) if path is not None else "config"
    refuse_unknown(where, "", table, (*_TOP, *_TABLES))
    for key in _TABLES:
        if not isinstance(table.get(key, {}), dict):
            msg = f"{where}: {key}: expected a table [{key}], got {table[key]!r}"
            raise ConfigError(msg)
    top = {key: checked(where, key, check, table[key]) for key, check in _TOP.items() if key in table}
    for key in ("name", "scheme", "licence", "model", "crop"):
        if key not in table:
            msg = f"{where}: {key}: expected to be there, got nothing"
            raise ConfigError(msg)
    model = read_table(where, "model", ModelConfig, table["model"])
    crop = read_table(where, "crop", CropConfig, table["crop"])
    if crop.box not in (kinds := box_kinds()):
        msg = f"{where}: crop.box: expected one of {', '.join(kinds)}, got {crop.box!r}{nearest(crop.box, kinds)}"
        raise ConfigError(msg)
    _check_backend(where, model, crop, table)
    scheme, landmarks = _scheme(where, top["scheme"], top.get("landmarks"))
    return DetectorConfig(
        **{**top, "scheme": scheme, "landmarks": landmarks},
        model=model,
        crop=crop,
        input=read_table(where, "input", InputConfig, table.get("input", {})),
        output=read_table(where, "output", OutputConfig, table.get("output", {})),
        decode=_read_decode(where, model.backend, table.get("decode")),
        source=read_table(where, "source", SourceConfig, table.get("source", {})),
        mapping=_read_mapping(where, table.get("mapping")),
        path=path,
        weights_folder=weights_folder,
        mapping_folder=mapping_folder,
    )


def _read_extended(file: Path, chain: tuple[Path, ...]) -> tuple[dict[str, Any], dict[str, Path]]:
    """The file's table over that of the file it extends; by table the folder of the one that names the file in it."""
    if file.resolve() in chain:
        msg = f"{chain[0]}: extends: expected files that end somewhere, got a circle through '{file}'"
        raise ConfigError(msg)
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST + 1)
        if len(data) > _MOST:
            msg = f"{file}: expected a config file of at most {_MOST:,} bytes, got a longer one"
            raise ConfigError(msg)
        table = tomllib.loads(data.decode())
    except OSError as error:
        msg = f"{file}: expected a config file that can be read, got {error.strerror or error}"
        raise ConfigError(msg) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{file}: expected TOML, got {' '.join(str(error).split())}"
        raise ConfigError(msg) from None
    folders = {name: file.parent for name, key in _FILES.items() if key in _table(table, name)}
    if "extends" not in table:
        return table, folders
    name = checked(str(file), "extends", text, table.pop("extends"))
    base_file = file.parent / name if name.endswith(".toml") else ZOO / f"{name}.toml"
    if not base_file.is_file():
        expected = "a file beside this one, or the name of a detector of the zoo"
        msg = f"{file}: extends: expected {expected}, got {name!r}{nearest(name, [p.stem for p in ZOO.glob('*.toml')])}"
        raise ConfigError(msg)
    base, base_folders = _read_extended(base_file, (*chain, file.resolve()))
    return _merged(base, table), {**base_folders, **folders}


def _table(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = table.get(name)
    return value if isinstance(value, dict) else {}


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Table by table, key by key. Weights of another sum, another backend, a decoder of another kind start afresh."""
    merged = dict(base)
    for key, value in over.items():
        old = base.get(key)
        merged[key] = value
        if isinstance(value, dict) and isinstance(old, dict) and not _is_other_decoder(key, old, value):
            dropped = _stale_keys(key, old, value)
            merged[key] = {**{k: v for k, v in old.items() if k not in dropped}, **value}
    return merged


def _stale_keys(table: str, old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    """Keys of ``[model]`` that belong to the other file's weights or backend; of ``[mapping]``, to its mapping."""
    if table != "model":
        return {"sha256"} if table == "mapping" and "file" in new else set()
    stale = {"sha256", "data_sha256"} if "weights" in new else set()
    if new.get("backend", old.get("backend")) != old.get("backend"):
        stale |= {*_TORCH_KEYS, "rectangle", "data_sha256"}
    return stale


def _is_other_decoder(key: str, old: dict[str, Any], new: dict[str, Any]) -> bool:
    return key == "decode" and new.get("kind", old.get("kind")) != old.get("kind")


def _read_decode(where: str, backend: str, table: Mapping[str, Any] | None) -> DecodeConfig:
    if backend == "dlib":
        return read_table(where, "decode", DECODERS["coordinates"], {"units": "pixels", "origin": "centre"})
    kind = (table or {}).get("kind")
    if not isinstance(kind, str) or kind not in DECODERS:
        got = "nothing" if kind is None else f"{kind!r}{nearest(kind, DECODERS)}"
        msg = f"{where}: decode.kind: expected one of {', '.join(DECODERS)}, got {got}"
        raise ConfigError(msg)
    rest = {key: value for key, value in (table or {}).items() if key != "kind"}
    decode = read_table(where, "decode", DECODERS[kind], rest)
    if isinstance(decode, CoordinatesDecode) and (decode.units, decode.origin) == ("pixels", "corners"):
        msg = f"{where}: decode.origin: expected edge or centre with units = 'pixels', got 'corners'"
        raise ConfigError(msg)
    return decode


def _read_mapping(where: str, table: Mapping[str, Any] | None) -> MappingConfig | None:
    if table is None:
        return None
    mapping = read_table(where, "mapping", MappingConfig, table)
    return None if mapping.file == NO_MAPPING else mapping


def _check_backend(where: str, model: ModelConfig, crop: CropConfig, table: Mapping[str, Any]) -> None:
    """What one backend needs and the others do not take."""

    def fail(key: str, expected: str, got: str) -> None:
        msg = f"{where}: {key}: expected {expected}, got {got}"
        raise ConfigError(msg)

    if model.backend == "dlib":
        for key in ("input", "output", "decode"):
            if key in table:
                fail(key, "no such table with backend dlib, whose input and output are fixed", "one")
        x1, y1 = (model.rectangle or (0, 0, 0, 0))[2:]
        if model.rectangle is None or x1 > crop.size[0] or y1 > crop.size[1]:
            got = "nothing" if model.rectangle is None else str(list(model.rectangle))
            fail("model.rectangle", f"the face's x0, y0, x1, y1 inside the crop of {list(crop.size)}", got)
    elif model.rectangle is not None:
        fail("model.rectangle", f"no such key with backend {model.backend}", "one")
    if model.backend not in ("onnx", "openvino") and model.data_sha256 is not None:
        fail("model.data_sha256", "no such key without backend openvino or onnx", "one")
    if model.backend != "torch":
        for key in _TORCH_KEYS:
            if getattr(model, key):
                fail(f"model.{key}", "no such key without backend torch", "one")
        if model.weights is None:
            fail("model.weights", "to be there", "nothing")


def _scheme(where: str, name: str, landmarks: int | None) -> tuple[str, int]:
    """Name and landmark count: those of the registry, or the config's own for a scheme that flmcore does not know."""
    try:
        scheme = schemes.get(name)
    except ValueError:
        if landmarks is None:
            known = schemes.names()
            expected = f"one of {', '.join(known)}, or another with `landmarks = ...` beside it"
            msg = f"{where}: scheme: expected {expected}, got {name!r}{nearest(name, known)}"
            raise ConfigError(msg) from None
        return name, landmarks
    if landmarks not in (None, scheme.landmarks):
        msg = f"{where}: landmarks: expected {scheme.landmarks} as scheme {scheme.name} has, got {landmarks}"
        raise ConfigError(msg)
    return scheme.name, scheme.landmarks
