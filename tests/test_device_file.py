"""Device files as people write them: what is sound is read, what is not is refused with its place and line."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flmcore.cli import main
from flmcore.data.record_schema import check_against
from flmcore.device.lines import line_of, places
from flmcore.device.reading import LARGEST, device_schema, read_device_file
from flmcore.device.times import percentiles
from flmcore.errors import DeviceFileError

FILES = Path(__file__).parent / "device_files"
XCODE, APP = FILES / "iphone14_xcode.json", FILES / "iphone15_app.json"
TEXT = XCODE.read_text()


def refusal(tmp_path: Path, text: str | bytes) -> str:
    """What reading says of it, after the file's name."""
    file = tmp_path / "phone.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DeviceFileError) as caught:
        read_device_file(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert "\n" not in message
    assert len(message) < 600
    assert not message.endswith(".")
    return message.removeprefix(f"{file}: ")


def test_a_file_of_ten_lines_is_enough() -> None:
    file = read_device_file(XCODE)
    assert len(TEXT.splitlines()) <= 10
    assert file.title == "iPhone 14, iOS 17.5"
    assert read_device_file(APP).title == "iPhone 15 Pro (lab), iOS 18.1, plugged in"


def test_the_example_in_the_docs_is_a_device_file(tmp_path: Path) -> None:
    text = (FILES.parents[1] / "docs" / "device.md").read_text(encoding="utf-8")
    example = text.split("```json\n")[1].split("```")[0]
    (tmp_path / "my_iphone.json").write_text(example)
    assert len(read_device_file(tmp_path / "my_iphone.json").data["detectors"]) == 2
    said = refusal(tmp_path, example.replace("1.87", '"1.87"'))
    assert f"my_iphone.json: {said}\n" in text


def test_the_docs_name_every_key_of_the_schema() -> None:
    text = (FILES.parents[1] / "docs" / "device.md").read_text(encoding="utf-8")
    parts = device_schema()["properties"]
    entry = parts["detectors"]["items"]["properties"]
    keys = [*parts["device"]["properties"], *parts["measured"]["properties"], *entry]
    keys += [*entry["plan"]["items"]["properties"], *device_schema()["$defs"]["percentiles"]["properties"]]
    assert not [key for key in keys if not re.search(rf"[`.\"]{key}[`.\"]", text)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"p50": 1.87', '"p50": "1.87"', "detectors[0].predict_ms.p50 (line 6): expected a number without quotes"),
        ("1.87", "null", "detectors[0].predict_ms.p50 (line 6): expected milliseconds above 0, at most an hour, got null: fill"),
        ("1.87", "-1.87", "detectors[0].predict_ms.p50 (line 6): expected milliseconds above 0, at most an hour, got -1.87"),
        ("1.87", "0", "expected milliseconds above 0"),
        ("1.87", "1e999", "got a number beyond what a double holds"),
        ("1.87", "1" * 400, "got a whole number of more than 64 bits"),
        ("1.87", "NaN", "line 6: expected a number, got NaN: delete the key"),
        ("1.87", "-Infinity", "line 6: expected a number, got -Infinity"),
        ("1.87", "true", "detectors[0].predict_ms.p50 (line 6)"),
        ("21.4", "22.4", "detectors[1].predict_ms.p50 (line 7): expected p50 ≤ p90, got p50 22.4 and p90 22.05"),
        ('"n": 100', '"n": 99.5', "detectors[1].predict_ms.n (line 7): expected a whole number from 1, got 99.5"),
        ('"n": 100', '"n": 1', "expected percentiles that are all the same, as n is 1"),
        ('{"p50": 1.87}', "1.87", 'expected a list of times [1.9, 1.8, …] or an object such as {"p50": 1.87}, got 1.87'),
        ('{"p50": 1.87}', "[]", "detectors[0].predict_ms (line 6): expected 1 to 1000000 entries, got 0"),
        ('{"p50": 1.87}', "[1.8, -1]", "detectors[0].predict_ms[1] (line 6): expected milliseconds"),
        ('{"p50": 1.87}', '{"p90": 1.87}', "expected the key 'p50', got \"p90\""),
        ('{"p50": 1.87}', '{"median": 1.87}', "detectors[0].predict_ms.median (line 6): no such key: expected one of p50"),
        ('"os": ', '"osversion": ', "device.osversion (line 3): no such key"),
        ('"model"', '"modle"', "got \"modle\"; did you mean 'model'"),
        ('"iOS 17.5"', '"iOS"', 'device.os (line 3): expected name and version such as "iOS 17.5", got "iOS"'),
        ('"iPhone 14"', '""', "device.model (line 3): expected a text of 1 to 200 characters"),
        ('"ALL"', '"All"', "did you mean 'ALL'"),
        ('"ALL"', '"CPU and Neural Engine"', "detectors[0].compute_units (line 6): expected one of ALL, CPU_ONLY"),
        ('"name": "other"', '"name": "known"', "detectors[1] (line 7): expected one entry for known and ALL, got detectors[0]"),
        ('"known",', '"known", "name": "known",', "detectors[0].name (line 6): expected a key once, got it twice"),
        ('"known",', '"known", "weights_sha256": "abc",', "weights_sha256 (line 6): expected 64 hexadecimal digits"),
        ('"2025-06-01"', '"June"', 'measured.at (line 4): expected a date such as "2025-06-01"'),
        ('"flmcore_device": 1', '"flmcore_device": 2', "flmcore_device (line 2): expected 1, which this version reads"),
        ('"flmcore_device": 1', '"flmcore_device": "1"', 'flmcore_device (line 2): expected 1, got "1"'),
        ('"flmcore_device": 1', '"flmcore_device": true', "flmcore_device (line 2): expected 1, got true"),
        ('"flmcore_device": 1,', "", 'expected a device file, an object with the key "flmcore_device"'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    changed = TEXT.replace(old, new, 1)
    assert changed != TEXT
    assert said in refusal(tmp_path, changed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: expected JSON, got the end of the file: is it whole?"),
        (TEXT[: TEXT.index("21.4")], "line 7: expected JSON, got the end of the file: is it whole?"),
        (TEXT.replace("}},\n", "}}\n"), "line 7: expected JSON, got"),
        ("[]", "expected a device file"),
        ("[" * 100_000, "expected a device file, got brackets that are nested too deep"),
        ("7" * 5000, ""),
        (b"\xff\xfe\x00", "expected JSON in UTF-8"),
        (TEXT[: TEXT.index("[")] + "[]}", "detectors (line 5): expected 1 to 1000 entries, got 0"),
    ],
    ids=["empty", "cut", "comma", "list", "deep", "digits", "bytes", "no-detectors"],
)
def test_files_that_are_no_device_file(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "huge.json"
    with file.open("wb") as stream:
        stream.truncate(LARGEST * 100)  # a hole: it takes no room
    with pytest.raises(DeviceFileError, match="at most 64 MB, got a larger one"):
        read_device_file(file)
    with pytest.raises(DeviceFileError, match="cannot be read"):
        read_device_file(tmp_path)


def test_every_value_has_the_line_where_it_begins() -> None:
    text = '{\n "a": [\n  {"b": 1},\n\n  [],\n  "]\\",{"\n ],\n "c":\n  null\n}'
    assert [line_of(text, place) for place in [("a",), ("a", 0, "b"), ("a", 1), ("a", 2), ("c",)]] == [
        2,
        3,
        5,
        6,
        9,
    ]
    assert line_of(text, ("a", 3)) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def walk(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    for key, item in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from walk(item, (*place, key))


@given(json_values, st.sampled_from([None, 0, 2]))
def test_places_are_those_of_the_value(value: Any, indent: int | None) -> None:
    assert [place for place, _ in places(json.dumps(value, indent=indent))] == list(walk(value))


def test_schema_is_of_its_draft_and_takes_the_files() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(device_schema())
    for file in (XCODE, APP):
        jsonschema.Draft202012Validator(device_schema()).validate(json.loads(file.read_text()))


RECORD = json.loads(APP.read_text())
VALUES = [
    None,
    True,
    0,
    1,
    7,
    -1.5,
    0.5,
    2.0,
    "text",
    "ALL",
    "",
    [],
    [0],
    [1.5],
    {},
    {"p50": 1},
    "drop",
    "add",
]


@given(st.sampled_from(list(walk(RECORD))), st.sampled_from(VALUES))
def test_own_check_agrees_with_jsonschema(place: tuple[Any, ...], value: Any) -> None:
    """One thing is replaced, dropped or added, wherever; both refuse it or both let it pass."""
    jsonschema = pytest.importorskip("jsonschema")
    parent = record = copy.deepcopy(RECORD)
    for key in place[:-1]:
        parent = parent[key]
    if value == "drop":
        del parent[place[-1]]
    elif value == "add" and isinstance(parent, dict):
        parent["another"] = 1
    else:
        parent[place[-1]] = value
    try:
        check_against(record, device_schema())
        own = True
    except ValueError:
        own = False
    assert own == jsonschema.Draft202012Validator(device_schema()).is_valid(record)


def test_percentiles_of_times() -> None:
    assert percentiles([3.0, 1.0, 2.0]) == {"p50": 2, "p90": None, "p99": None, "min": 1, "max": 3, "n": 3}
    many = percentiles(list(range(1, 102)))
    assert many == {"p50": 51, "p90": 91, "p99": 100, "min": 1, "max": 101, "n": 101}
    assert percentiles(8) == {"p50": 8, "p90": None, "p99": None, "min": 8, "max": 8, "n": 1}
    assert percentiles({"p50": 2, "n": 9.0}) == {
        "p50": 2,
        "p90": None,
        "p99": None,
        "min": None,
        "max": None,
        "n": 9,
    }


def test_show_prints_measured_apart_from_estimated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["device", "show", str(APP)]) == 0
    measured, estimated = capsys.readouterr().out.split("Estimated by Core ML's compute plan, not measured")
    assert "iPhone 15 Pro" in measured
    assert "our own app" in measured
    assert "1.30" in measured
    assert "812/41.5" in measured
    assert "9.61" in measured
    assert "2/0/1" in estimated
    assert "90/0/10" in estimated


def test_show_obeys_nothing_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "evil.json"
    file.write_text(
        TEXT.replace("iPhone 14", r"\u001b[31m[bold]<script>\u202e").replace("known", r"[/]\u001b]0;x")
    )
    assert main(["device", "show", str(file)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert r"\x1b[31m[bold]<script>\u202e" in out
    assert r"[/]\x1b]0;x" in out


def test_show_of_a_broken_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.json"
    file.write_text(TEXT.replace('"os"', r'"os\u001b[1m"'))
    assert main(["device", "show", str(file)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "\x1b" not in error


def test_template_is_refused_until_it_is_filled_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["device", "template", "-d", "rtmpose-t", "-d", "fan4"]) == 0
    text = capsys.readouterr().out
    assert "device.model (line 4): expected a text of 1 to 200 characters, got null: fill it in" in refusal(
        tmp_path, text
    )
    for key, value in (("model", '"iPhone 14"'), ("os", '"iOS 17.5"'), ("tool", '"Xcode"'), ("p50", "2.5")):
        text = text.replace(f'"{key}": null', f'"{key}": {value}').replace(
            f'"{key}":null', f'"{key}":{value}'
        )
    assert "measured.at (line 8): expected a date" in (said := refusal(tmp_path, text))
    assert "fill it in, or delete the key" in said
    file = tmp_path / "phone.json"
    file.write_text(text.replace('"at": null', '"at": "2025-06-01"'))
    assert [entry["name"] for entry in read_device_file(file).data["detectors"]] == ["rtmpose-t", "fan4"]


def test_template_for_dlib_says_why_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["device", "template", "-d", "dlib-68"]) == 2
    assert "Dlib's regression trees are no network" in capsys.readouterr().err
    assert main(["device", "template", "-d", "fan44"]) == 2
    assert "did you mean 'fan4'" in capsys.readouterr().err
