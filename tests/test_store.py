"""Files are whole or absent, JSON is strict, and a journal survives a kill."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flmcore.errors import ResultsError
from flmcore.evaluation.store import (
    Journal,
    Memory,
    dump_json,
    pack_arrays,
    plain,
    prepare_folder,
    write_bytes,
    write_csv,
)


def test_write_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_bytes(path, b"one")
    write_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_written_file_can_be_read_by_others(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"")
    (tmp_path / "b").write_bytes(b"")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "b").stat().st_mode)


def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    write_bytes(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResultsError, match=r"a\.json: cannot be written: No space left on device"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_output_folder_that_is_a_file_fails_at_once(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(ResultsError, match="out: expected a folder, got a file"):
        prepare_folder(tmp_path / "out")
    with pytest.raises(ResultsError, match="out: expected a folder, got a file"):
        prepare_folder(tmp_path / "out" / "below")


def test_json_is_strict_and_keeps_numbers_exactly() -> None:
    record = {
        "nan": np.nan,
        "inf": [np.inf, 1.5],
        "array": np.array([[0.1, np.nan]]),
        "count": np.int64(3),
        "path": Path("a"),
        "empty": [],
        "rows": [{"x": 0.1 + 0.2}],
        "map": {"é": None},
    }
    text = dump_json(record).decode()

    def refuse(name: str) -> None:
        raise AssertionError(name)

    read = json.loads(text, parse_constant=refuse)
    assert read["nan"] is None
    assert read["inf"] == [None, 1.5]
    assert read["array"] == [[0.1, None]]
    assert read["rows"][0]["x"] == 0.1 + 0.2
    assert read == plain(record)


def test_csv_has_empty_cells_for_what_is_missing(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [{"a": 1, "b": np.nan}, {"b": "x, y"}], ["a", "b"])
    assert (tmp_path / "a.csv").read_text() == 'a,b\n1,\n,"x, y"\n'


def test_journal_carries_on_where_it_was_cut(tmp_path: Path) -> None:
    journal = Journal(tmp_path, {"run": 1}, resume=False)
    journal.put("a", {"x": np.float64(0.1), "y": np.nan}, arrays={"cloud": np.eye(2)})
    journal.put("b", [1, 2])
    file = tmp_path / "partial" / "journal.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-3])  # a kill in the middle of the last line
    again = Journal(tmp_path, {"run": 1}, resume=True)
    assert again.entries == {"a": {"x": 0.1, "y": None}}
    np.testing.assert_array_equal(again.arrays("a")["cloud"], np.eye(2))
    assert again.arrays("b") == {}
    again.put("b", [1, 2])
    assert file.read_bytes() == whole
    again.close()
    assert not (tmp_path / "partial").exists()


def test_journal_of_another_run_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path, {"images": [1], "seed": 0}, resume=False).put("a", 1)
    with pytest.raises(ResultsError, match="holds an unfinished run"):
        Journal(tmp_path, {"images": [1], "seed": 0}, resume=False)
    with pytest.raises(ResultsError, match="holds a run of other images: choose another folder"):
        Journal(tmp_path, {"images": [2], "seed": 0}, resume=True)
    assert Journal(tmp_path, {"images": [2], "seed": 0}, resume=True, restart=True).entries == {}


def test_memory_gives_back_what_a_file_would(tmp_path: Path) -> None:
    value = {"x": np.float32(0.1), "n": np.nan, "rows": (1, 2)}
    assert Memory().put("a", value) == Journal(tmp_path, {}, resume=False).put("a", value)


def test_interrupt_while_arrays_are_packed_stays_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zipfile would put an error of its own in its place, and the run would end as if its input were bad."""

    opened = zipfile.ZipFile.open

    def open_and_stop(*arguments: Any, **options: Any) -> None:
        handles.append(opened(*arguments, **options))
        raise KeyboardInterrupt

    handles: list[Any] = []
    arrays = {"cloud": np.arange(6.0)}
    monkeypatch.setattr(zipfile.ZipFile, "open", open_and_stop)
    with pytest.raises(KeyboardInterrupt):
        pack_arrays(arrays)
    monkeypatch.undo()
    handles[0].close()  # lets go of the archive quietly
    with np.load(io.BytesIO(pack_arrays(arrays))) as archive:
        np.testing.assert_array_equal(archive["cloud"], arrays["cloud"])
