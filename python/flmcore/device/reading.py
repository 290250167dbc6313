"""Reading a device file: whole JSON, what the schema says, and times that can be."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from flmcore.data.record_schema import Fault, Place, check_against, check_version, read_schema
from flmcore.device.lines import line_of, line_of_token, places
from flmcore.device.times import check_order
from flmcore.device.title import title_of
from flmcore.errors import DeviceFileError

__all__ = ["DeviceFile", "device_schema", "read_device_file"]

LARGEST = 64 << 20  # bytes; a million times in ms are about 20 MB


@dataclass(frozen=True)
class DeviceFile:
    """A device file that was read and checked.

    Attributes:
        path: where it lies.
        sha256: of its bytes.
        data: what it says, as ``device.schema.json`` describes it.
        text: as it was read, to say on which line something stands.
    """

    path: Path
    sha256: str
    data: dict[str, Any]
    text: str

    @property
    def title(self) -> str:
        """Model, system and state of the device."""
        return title_of(self.data["device"])

    def refuse(self, place: Place, message: str) -> NoReturn:
        """DeviceFileError that names file, place and line."""
        raise DeviceFileError(_located(self.path, self.text, place, message))


def device_schema() -> dict[str, Any]:
    """The JSON Schema of a device file."""
    return read_schema("flmcore.device", "device.schema.json")


def read_device_file(path: str | os.PathLike[str]) -> DeviceFile:
    """The file, checked.

    Raises:
        DeviceFileError: it cannot be read, is cut, is larger than 64 MB, has a key twice, or is not what the schema says;
            names the place, its line and what was expected.
    """
    file = Path(path)
    text, digest = _load(file)
    data = _parse(file, text)
    try:
        check_version(data, "flmcore_device", "a device file")
        check_against(data, device_schema())
        for index, entry in enumerate(data["detectors"]):
            place: Place = ("detectors", index)
            check_order(entry["predict_ms"], (*place, "predict_ms"))
            for state, times in entry.get("load_ms", {}).items():
                check_order(times, (*place, "load_ms", state))
        _check_once(data["detectors"])
    except Fault as fault:
        raise DeviceFileError(_located(file, text, fault.place, str(fault))) from fault
    return DeviceFile(file, digest, data, text)


def _load(file: Path) -> tuple[str, str]:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            msg = f"{file}: expected a device file of at most {LARGEST >> 20} MB, got a larger one: give percentiles in place of every time"
            raise DeviceFileError(msg)
        return content.decode("utf-8-sig"), hashlib.sha256(content).hexdigest()
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror or error}"
        raise DeviceFileError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{file}: expected JSON in UTF-8, got bytes that are none"
        raise DeviceFileError(msg) from error


def _parse(file: Path, text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_key_twice)
    except json.JSONDecodeError as error:
        end = not text[error.pos :].strip()
        line = text.count("\n", 0, error.pos) + 1
        got = "the end of the file: is it whole?" if end else f"{text[error.pos : error.pos + 20]!r}"
        msg = f"{file}: line {line}: expected JSON, got {got} ({error.msg})"
        raise DeviceFileError(msg) from error
    except RecursionError:
        msg = f"{file}: expected a device file, got brackets that are nested too deep"
        raise DeviceFileError(msg) from None
    except _KeyTwice:
        place, line = _first_twice(text)
        msg = f"{file}: {_written(place)} (line {line}): expected a key once, got it twice in one object"
        raise DeviceFileError(msg) from None
    except _NoNumber as error:
        line = line_of_token(text, str(error)) or 1
        msg = (
            f"{file}: line {line}: expected a number, got {error}: delete the key where nothing was measured"
        )
        raise DeviceFileError(msg) from None
    except ValueError as error:
        msg = f"{file}: {error}"
        raise DeviceFileError(msg) from error


def _first_twice(text: str) -> tuple[Place, int]:
    seen: set[Place] = set()
    for place, line in places(text):
        if place in seen:
            return place, line
        seen.add(place)
    return (), 1


class _NoNumber(ValueError):
    pass


class _KeyTwice(ValueError):
    pass


def _no_key_twice(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise _KeyTwice
    return record


def _no_constant(name: str) -> NoReturn:
    raise _NoNumber(name)


def _check_once(entries: Sequence[dict[str, Any]]) -> None:
    first: dict[tuple[str, str], int] = {}
    for index, entry in enumerate(entries):
        key = (entry["name"], entry["compute_units"])
        if first.setdefault(key, index) != index:
            msg = f"expected one entry for {key[0]} and {key[1]}, got detectors[{first[key]}] already"
            raise Fault(("detectors", index), msg)


def _located(file: Path, text: str, place: Place, message: str) -> str:
    if not place:
        return f"{file}: {message}"
    line = line_of(text, place)
    return f"{file}: {_written(place)}{'' if line is None else f' (line {line})'}: {message}"


def _written(place: Place) -> str:
    """``detectors[0].predict_ms.p50``."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step[:60]}" for step in place)
    return "".join(steps).removeprefix(".")
