"""Results files of other versions and other hands: read, or refused by name."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import flmcore
from evaluated import KnownDetector
from flmcore.errors import MissingExtraError, ResultsError
from flmcore.evaluation import Results
from results_files import measure, write_changed


@pytest.fixture(scope="module")
def results() -> Results:
    five = KnownDetector("five", scheme="five-5", sigma=0.1)
    return measure(KnownDetector("a", sigma=0.2, undefined=(5,)), five, images=3)


def refused(path: Path) -> str:
    with pytest.raises(ResultsError) as caught:
        Results.from_json(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    return text


def test_newer_format_names_both_versions_and_says_upgrade(results: Results, tmp_path: Path) -> None:
    path = write_changed(
        results, tmp_path / "r.json", lambda data: data.update(format="flmcore results 2", version="9.1.0")
    )
    text = refused(path)
    for part in ("flmcore results 1", flmcore.__version__, "flmcore results 2", "flmcore 9.1.0", "upgrade"):
        assert part in text


def test_newer_format_is_refused_before_anything_else_of_it_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"format": "flmcore results 12", "all": "other"}')
    assert "upgrade flmcore" in refused(tmp_path / "r.json")


def test_format_that_never_was_is_refused_by_name(results: Results, tmp_path: Path) -> None:
    path = write_changed(results, tmp_path / "r.json", lambda data: data.update(format="flmcore results 0"))
    assert "flmcore results 0" in refused(path)
    assert "upgrade" not in refused(path)


def test_results_of_the_first_version_are_read(results: Results, tmp_path: Path) -> None:
    """Before costs and kinds of boxes were known."""

    def age(data: dict[str, Any]) -> None:
        data["protocol"]["boxes"] = "given"
        for row in data["summary"]:
            for key in ("parameters", "multiply_adds", "boxes"):
                del row[key]
        for row in data["detectors"]:
            del row["cost"]

    old = Results.from_json(write_changed(results, tmp_path / "results.json", age))
    assert "five" in old.table()
    old.report(tmp_path / "again", figures=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "cannot be read"),
        ("null", "got a JSON NoneType"),
        ("[1, 2]", "got a JSON list"),
        ('{"units": []}', "got no key 'format'"),
        ('{"format": 1}', "got format 1"),
        ('{"format": "coco"}', "got format 'coco'"),
        ('{"format": "flmcore results 1"}', "expected the key 'version'"),
        ("[" * 100_000, "nested too deep"),
        ("\x00\x01", "cannot be read"),
    ],
)
def test_other_json_is_named(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "r.json").write_text(text)
    assert expected in refused(tmp_path / "r.json")


def test_half_written_file_is_named(results: Results, tmp_path: Path) -> None:
    results.to_json(tmp_path / "r.json")
    whole = (tmp_path / "r.json").read_bytes()
    for share in (0.1, 0.5, 0.999):
        (tmp_path / "r.json").write_bytes(whole[: int(share * len(whole)) - 2])
        assert "cannot be read" in refused(tmp_path / "r.json")


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.json")
    with pytest.raises(ResultsError, match=r"results\.json: cannot be read"):
        Results.from_json(tmp_path)


def set_value(*place: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: Any) -> None:
        for key in place[:-1]:
            data = data[key]
        data[place[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (set_value("units", 0, "jitter", value=math.nan), "NaN is no JSON"),
        (set_value("units", 0, "jitter", value=math.inf), "Infinity is no JSON"),
        (set_value("units", 1, "jitter", value="0.3"), "results.units[1].jitter: expected number or null, got '0.3'"),
        (set_value("complete", value=1), "results.complete: expected boolean, got 1"),
        (set_value("units", value={}), "results.units: expected array, got {}"),
        (set_value("images", 0, "faces", 0, "box", value=[1, 2]), "faces[0].box: expected 4 items, got 2 items"),
        (lambda data: data["images"].append(data["images"][0]), "images: expected different names, got 'array-0'"),
        (lambda data: data["detectors"].append(data["detectors"][0]), "detectors: expected different names, got 'a'"),
        (lambda data: data["units"].append(data["units"][0]), "got 'array-0 face 0 · a' more than once"),
    ],
)  # fmt: skip
def test_content_that_is_not_as_the_schema_says_is_named(
    results: Results, tmp_path: Path, change: Callable[[dict[str, Any]], None], expected: str
) -> None:
    assert expected in refused(write_changed(results, tmp_path / "r.json", change))


def test_a_folder_stands_for_its_results(results: Results, tmp_path: Path) -> None:
    results.write(tmp_path)
    read = Results.from_json(tmp_path)
    assert read.data == results.data
    assert read.overlays.keys() == results.overlays.keys()


def test_parquet_has_every_value(results: Results, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    results.to_parquet(tmp_path / "units.parquet")
    table = parquet.read_table(tmp_path / "units.parquet")
    rows = table.to_pylist()
    assert len(rows) == len(results.units) == 6
    for row, unit in zip(rows, results.units, strict=True):
        for key in (
            "image",
            "face",
            "detector",
            "jitter",
            "spread",
            "gain",
            "normaliser",
            "undefined",
            "shape",
        ):
            assert row[key] == unit[key]
        assert row["common.jitter"] == unit["common"]["jitter"]
        assert row["per_landmark.jitter"] == unit["per_landmark"]["jitter"]
        assert {k: row[f"per_group.{k}"] for k in unit["per_group"]} == unit["per_group"]
    about = {key.decode(): json.loads(value) for key, value in table.schema.metadata.items()}
    assert about["flmcore.protocol"] == results.protocol
    results.to_parquet(tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "units.parquet").read_bytes()


def test_parquet_of_nothing_has_its_columns(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    empty = measure(KnownDetector(undefined=tuple(range(68))), images=1)
    empty.to_parquet(tmp_path / "units.parquet")
    table = parquet.read_table(tmp_path / "units.parquet")
    assert table.num_rows == 0
    assert {"image", "face", "detector", "jitter"} <= set(table.column_names)


def test_without_pyarrow_the_extra_is_named(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'flmcore\[parquet\]'"):
        results.to_parquet(tmp_path / "units.parquet")


def test_unit_csv_agrees_with_the_units(results: Results, tmp_path: Path) -> None:
    results.to_unit_csv(tmp_path / "units.csv")
    rows = list(csv.DictReader((tmp_path / "units.csv").read_text().splitlines()))
    assert [float(row["jitter"]) for row in rows] == [unit["jitter"] for unit in results.units]
