"""The schema describes what is really written, and reading refuses what it forbids."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluated import BOX, KnownDetector, face_shape
from flmcore.evaluation import Results
from flmcore.evaluation.schema import check_record, results_schema
from results_files import measure

DOCS = Path(__file__).parents[1] / "docs"


def runs() -> Iterator[Results]:
    known, five = KnownDetector("a", sigma=0.2, grid=1.0), KnownDetector("five", scheme="five-5", sigma=0.1)
    yield measure(known, five, speed=True)
    yield measure(known, KnownDetector("mine", scheme="my-68", undefined=(3,)), sweep="scale", images=2)
    yield measure(KnownDetector("broken", fails_on=0), known, sweep="rotate", images=2)
    truth = [("array-0", face_shape())]
    yield measure(known, five, sweep="all", images=1, smooth=33.0, redecode=True)
    yield measure(known, images=1, boxes="truth", truth=truth, truth_scheme="300w-68")
    yield measure(
        known, images=2, boxes=[[BOX], [[0, 0, 0, 0]]], faces="all", interocular={"array-0": [40.0]}
    )


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    """Runs of every kind: sweeps, problems, schemes that nobody knows, boxes of the truth, latency."""
    return [results.data for results in runs()]


def test_schema_is_of_its_draft_and_real_results_fit(records: list[dict[str, Any]]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = results_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for record in records:
        jsonschema.Draft202012Validator(schema).validate(record)
        check_record(record)


def test_results_of_a_real_detector_fit(shared: Path, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    pytest.importorskip("dlib")
    import flmcore
    from flmcore.errors import FlmcoreError

    image = next(path for path in sorted((shared / "faces").rglob("*")) if path.suffix in (".jpg", ".png"))
    try:
        results = flmcore.evaluate(image, "dlib-68", frames=8, out=tmp_path)
    except FlmcoreError as error:
        pytest.skip(str(error))
    jsonschema.Draft202012Validator(results_schema()).validate(
        json.loads((tmp_path / "results.json").read_text())
    )
    assert not list(undescribed(results.data, results_schema()))


def undescribed(value: Any, schema: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """Keys that the schema says nothing of."""
    if "$ref" in schema:
        schema = results_schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list) and "items" in schema:
        for item in value:
            yield from undescribed(item, schema["items"], f"{where}[]")
    elif isinstance(value, dict) and ("properties" in schema or "additionalProperties" in schema):
        for key, item in value.items():
            below = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if below is None:
                yield f"{where}.{key}"
            else:
                yield from undescribed(item, below, f"{where}.{key}")


def test_every_key_that_is_written_is_described(records: list[dict[str, Any]]) -> None:
    found = {key for record in records for key in undescribed(record, results_schema())}
    missing = {
        key for key in found if not key.startswith(".detectors[].")
    }  # of these the tests' detector makes its own
    assert not missing, "describe these in results.schema.json, then run docs/results_keys.py"


def test_docs_hold_the_table_of_the_schema() -> None:
    spec = importlib.util.spec_from_file_location("results_keys", DOCS / "results_keys.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    text = (DOCS / "results.md").read_text(encoding="utf-8")
    assert script.with_table(text) == text, "run: python docs/results_keys.py --write docs/results.md"


def test_unknown_keys_pass_and_are_kept(records: list[dict[str, Any]], tmp_path: Path) -> None:
    record = copy.deepcopy(records[0])
    record["new"] = record["units"][0]["new"] = record["protocol"]["sweep"]["new"] = {"deep": [1, None]}
    (tmp_path / "results.json").write_text(json.dumps(record))
    assert Results.from_json(tmp_path).data == record


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, item in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(item, (*path, key))


@pytest.fixture(scope="module")
def small() -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """A record of one measurement, and all places in it."""
    record = measure(KnownDetector("five", scheme="five-5", sigma=0.1), images=1, speed=True).data
    return record, list(places(record))


@given(st.data())
def test_own_check_agrees_with_jsonschema(
    small: tuple[dict[str, Any], list[tuple[Any, ...]]], data: st.DataObject
) -> None:
    """One thing is replaced or dropped, wherever; both refuse it or both let it pass."""
    jsonschema = pytest.importorskip("jsonschema")
    place = data.draw(st.sampled_from(small[1]))
    value = data.draw(st.sampled_from([None, True, 7, -1.5, "text", [], [0], {}, "drop"]))
    parent = record = copy.deepcopy(small[0])
    for key in place[:-1]:
        parent = parent[key]
    if value == "drop":
        del parent[place[-1]]
    else:
        parent[place[-1]] = value
    try:
        check_record(record)
        own = True
    except ValueError:
        own = False
    assert own == jsonschema.Draft202012Validator(results_schema()).is_valid(record)
