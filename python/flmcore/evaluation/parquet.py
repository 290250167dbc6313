"""The measurements as a Parquet file (extra ``parquet``)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flmcore.errors import MissingExtraError, ResultsError
from flmcore.evaluation.store import write_bytes
from flmcore.evaluation.summary import METRICS

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["write_units"]

_KEPT = ("format", "version", "protocol")  # beside the rows, so that the file alone says what it is


def write_units(results: Results, path: Path) -> None:
    """One row per detector and face with every value: nested keys joined by dots, rows of numbers as lists.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", "writing Parquet") from None  # noqa: EM101
    rows = [dict(_flat(unit)) for unit in results.units]
    # Given types, as a column may hold nothing; given columns, so that files of several runs can be read as one.
    kinds = {"image": pyarrow.string(), "face": pyarrow.int64(), "detector": pyarrow.string()}
    kinds |= {".".join(path): pyarrow.float64() for path in METRICS.values()}
    arrays = {}
    for name in dict.fromkeys([*kinds, *(key for row in rows for key in row)]):
        try:
            arrays[name] = pyarrow.array([row.get(name) for row in rows], type=kinds.get(name))
        except pyarrow.ArrowException as error:
            msg = f"units: expected values of one type under {name!r}: {error}"
            raise ResultsError(msg) from error
    about = {f"flmcore.{key}": json.dumps(results.data[key], ensure_ascii=False) for key in _KEPT}
    table = pyarrow.table(arrays).replace_schema_metadata(about)
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    write_bytes(path, buffer.getvalue())


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, Mapping):
            yield from _flat(item, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", item
