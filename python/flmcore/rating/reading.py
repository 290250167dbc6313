"""Reading a ratings file: whole JSON, what the schema says, of these results, every detector and face known."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from flmcore.data.record_schema import Fault, check_against, check_version, read_schema
from flmcore.errors import RatingsFileError
from flmcore.nearest import nearest
from flmcore.rating.codes import detector_codes, results_id, show_ids

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["Known", "ratings_schema", "read_ratings"]

_LARGEST = 16 << 20  # bytes; the most ratings that a file may hold are about 3 MB


@dataclass(frozen=True)
class Known:
    """What results say that a file may name."""

    run: str
    detectors: Mapping[str, str]
    shows: frozenset[str]

    @classmethod
    def of(cls, results: Results) -> Known:
        return cls(results_id(results), detector_codes(results), frozenset(show_ids(results)))


def ratings_schema() -> dict[str, Any]:
    """The JSON Schema of a ratings file."""
    return read_schema("flmcore.rating", "ratings.schema.json")


def read_ratings(path: str | os.PathLike[str], known: Known) -> dict[str, Any]:
    """A session as results keep it: detectors by name, in the order in which the pairs came.

    Raises:
        RatingsFileError: it cannot be read, is no ratings file, is of other results, or names what those do not have.
    """
    file = Path(path)
    content = _content(file)
    try:
        record = json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
    except RecursionError:
        _refuse(file, "expected a ratings file, got brackets that are nested too deep")
    except ValueError as error:
        _refuse(file, f"expected a ratings file as the report page writes it, got no whole JSON ({error})")
    try:
        check_version(record, "flmcore_ratings", "a ratings file")
        check_against(record, ratings_schema())
        _check_run(record, known)
        ratings = [_named(row, number, known) for number, row in enumerate(record["ratings"])]
        _check_once(ratings)
    except Fault as fault:
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step:.60}" for step in fault.place)
        _refuse(file, f"{where.removeprefix('.')}: {fault}" if where else str(fault))
    return {
        "session": record["session"],
        "rater": " ".join(record.get("rater", "").split()),
        "file": file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "page": record["page"],
        "seed": int(record["seed"]),
        **{key: record[key] for key in ("started", "saved") if key in record},
        "ratings": ratings,
    }


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror or error}"
        raise RatingsFileError(msg) from error
    if len(content) > _LARGEST:
        _refuse(file, f"expected a ratings file of at most {_LARGEST >> 20} MB, got a larger one")
    return content


def _refuse(file: Path, message: str) -> NoReturn:
    msg = f"{file}: {message}"
    raise RatingsFileError(msg) from None


def _no_number(name: str) -> NoReturn:
    msg = f"{name} is no JSON"
    raise ValueError(msg)


def _check_run(record: Mapping[str, Any], known: Known) -> None:
    if record["results"] != known.run:
        msg = (
            f"expected ratings of these results, {known.run[:12]}…, got those of {record['results'][:12]}…: a ratings file "
            "of other results; import it into the results that its page was made from"
        )
        raise Fault(("results",), msg)


def _named(row: Mapping[str, Any], index: int, known: Known) -> dict[str, Any]:
    for side in ("left", "right"):
        if row[side] not in known.detectors:
            msg = f"expected the code of one of the {len(known.detectors)} detectors of the results, got {row[side]!r}"
            raise Fault(("ratings", index, side), msg)
    if row["show"] not in known.shows:
        near = nearest(row["show"], known.shows)
        msg = f"expected a face or clip of the results, got {row['show']!r:.80}{near}"
        raise Fault(("ratings", index, "show"), msg)
    sides = {side: known.detectors[row[side]] for side in ("left", "right")}
    return {
        "number": int(row["number"]),
        "show": row["show"],
        **sides,
        "verdict": row["verdict"],
        "seconds": float(row["seconds"]),
        "replays": int(row.get("replays", 0)),
    }


def _check_once(ratings: Sequence[Mapping[str, Any]]) -> None:
    seen: set[int] = set()
    for index, row in enumerate(ratings):
        if row["number"] in seen:
            msg = f"expected each pair once, got number {row['number']} again"
            raise Fault(("ratings", index, "number"), msg)
        seen.add(row["number"])
