"""Detector configs: what a good one gives, and the one line that each fault gets."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from flmcore.detectors.config import ZOO, parse_config, read_config
from flmcore.detectors.schema import (
    DECODERS,
    CropConfig,
    HeatmapDecode,
    InputConfig,
    ModelConfig,
    OutputConfig,
    SourceConfig,
)
from flmcore.errors import ConfigError

GOOD = """
name = "mine"
scheme = "wflw-98"
licence = "MIT"
[model]
backend = "onnx"
weights = "mine.onnx"
[crop]
size = [96, 112]
scale = 1.25
shift = [0, -0.05]
[input]
channels = "bgr"
mean = 127.5
std = [1, 2, 3]
[decode]
kind = "coordinates"
"""


def write(folder: Path, text: str, name: str = "mine.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_good_config_is_read(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, GOOD))
    assert (config.name, config.scheme, config.licence, config.landmarks) == ("mine", "wflw-98", "MIT", 98)
    assert config.crop == CropConfig(size=(96, 112), scale=1.25, shift=(0.0, -0.05))
    assert config.input == InputConfig(channels="bgr", mean=(127.5,) * 3, std=(1.0, 2.0, 3.0))
    assert (config.decode.kind, config.decode.units, config.decode.origin) == (
        "coordinates",
        "normalized",
        "edge",
    )
    assert config.path == tmp_path / "mine.toml"
    with pytest.raises(AttributeError):
        config.name = "other"  # type: ignore[misc]


def test_to_dict_is_plain_and_reads_back(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, GOOD))
    table = json.loads(json.dumps(config.to_dict()))
    assert table.pop("path") == str(tmp_path / "mine.toml")
    without_none = {
        k: {a: b for a, b in v.items() if b is not None} if isinstance(v, dict) else v
        for k, v in table.items()
    }
    again = parse_config({k: v for k, v in without_none.items() if v != ""})
    assert (again.model, again.crop, again.input, again.output) == (
        config.model,
        config.crop,
        config.input,
        config.output,
    )
    assert again.decode == config.decode


def test_scheme_alias_becomes_its_name(tmp_path: Path) -> None:
    assert read_config(write(tmp_path, GOOD.replace("wflw-98", "if-106"))).scheme == "insightface-106"


def test_unknown_scheme_needs_its_landmark_count(tmp_path: Path) -> None:
    text = GOOD.replace("wflw-98", "my-12")
    with pytest.raises(ConfigError, match=r"scheme: expected one of .*got 'my-12'"):
        read_config(write(tmp_path, text))
    assert read_config(write(tmp_path, "landmarks = 12\n" + text)).landmarks == 12


def test_extends_takes_over_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    write(
        tmp_path / "base",
        GOOD.replace('weights = "mine.onnx"', f'weights = "mine.onnx"\nsha256 = "{"0" * 64}"'),
    )
    child = read_config(
        write(tmp_path, 'extends = "base/mine.toml"\nname = "child"\n[crop]\nscale = 1.5\n', "child.toml")
    )
    assert (child.name, child.crop.scale, child.crop.size) == ("child", 1.5, (96, 112))
    assert child.weights_folder == tmp_path / "base"  # of the file that names the weights
    assert child.model.sha256 == "0" * 64
    other = 'extends = "base/mine.toml"\nname = "other"\n[model]\nweights = "o.onnx"\n[decode]\nkind = "heatmap"\n'
    config = read_config(write(tmp_path, other, "other.toml"))
    assert config.weights_folder == tmp_path
    assert config.model.sha256 is None  # the sum belonged to the other weights
    assert config.decode == HeatmapDecode()


def test_extends_with_another_backend_drops_what_only_the_old_one_takes(tmp_path: Path) -> None:
    torch = 'backend = "torch"\nnetwork = "facemesh"\noptions = { a = 1 }\nstate = "model"\nbatch = 4'
    write(tmp_path, GOOD.replace('backend = "onnx"', torch))
    text = 'extends = "mine.toml"\nname = "script"\n[model]\nbackend = "torchscript"\n'
    model = read_config(write(tmp_path, text, "script.toml")).model
    assert (model.network, model.options, model.state, model.batch) == (None, {}, None, 4)
    assert model.weights == "mine.onnx"


def test_extends_a_detector_of_the_zoo(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, 'extends = "pfld-68"\nname = "mine"\n'))
    assert config.model.weights == "pfld68_cunjian.onnx"
    assert config.weights_folder == ZOO


def test_extends_in_a_circle_is_refused(tmp_path: Path) -> None:
    write(tmp_path, 'extends = "b.toml"\n', "a.toml")
    write(tmp_path, 'extends = "a.toml"\n', "b.toml")
    with pytest.raises(ConfigError, match="extends: expected files that end somewhere, got a circle"):
        read_config(tmp_path / "a.toml")


# (what to replace, by what, part of the message)
FAULTS = {
    "unknown key": (
        "scale = 1.25",
        "sacle = 1.25",
        "crop.sacle: expected one of size, rule, box, scale, shift",
    ),
    "nearest key": ("scale = 1.25", "sacle = 1.25", "got an unknown key; did you mean 'scale'"),
    "unknown table": ("[input]", "[inputs]", "inputs: expected one of .*; did you mean 'input'"),
    "table is a number": ("[crop]", "crop = 3\n[crops]", "crop.*: expected"),
    "missing name": ('name = "mine"', "", "name: expected to be there, got nothing"),
    "missing size": ("size = [96, 112]", "", "crop.size: expected to be there, got nothing"),
    "missing weights": ('weights = "mine.onnx"', "", "model.weights: expected to be there, got nothing"),
    "missing decode": (
        '[decode]\nkind = "coordinates"',
        "",
        "decode.kind: expected one of coordinates.*, got nothing",
    ),
    "kind": ('"coordinates"', '"coordinate"', "got 'coordinate'; did you mean 'coordinates'"),
    "backend": ('"onnx"', '"onxn"', "model.backend: expected one of onnx, .*got 'onxn'; did you mean 'onnx'"),
    "rule": (
        "scale = 1.25",
        'rule = "sqare"',
        "crop.rule: expected one of square, .*; did you mean 'square'",
    ),
    "text for number": ("scale = 1.25", 'scale = "big"', "crop.scale: expected a number above 0, got 'big'"),
    "zero scale": ("scale = 1.25", "scale = 0", "crop.scale: expected a number above 0, got 0"),
    "nan scale": ("scale = 1.25", "scale = nan", "crop.scale: expected a number above 0, got nan"),
    "true size": (
        "size = [96, 112]",
        "size = true",
        r"crop.size: expected \[width, height\] in pixels, 1 to 4096, got True",
    ),
    "three sizes": ("size = [96, 112]", "size = [1, 2, 3]", "crop.size: expected"),
    "zero std": (
        "std = [1, 2, 3]",
        "std = [1, 0, 3]",
        "input.std: expected 3 numbers above 0, or one for all",
    ),
    "two means": ("mean = 127.5", "mean = [1, 2]", "input.mean: expected 3 numbers, or one for all"),
    "border": ("scale = 1.25", "border_value = 300", "crop.border_value: expected grey levels from 0 to 255"),
    "sum": (
        'weights = "mine.onnx"',
        'weights = "a"\nsha256 = "12"',
        "model.sha256: expected a SHA-256 sum of 64",
    ),
    "network": (
        'weights = "mine.onnx"',
        'weights = "a"\nnetwork = "n"',
        "model.network: expected no such key without",
    ),
    "rectangle": (
        'weights = "mine.onnx"',
        'weights = "a"\nrectangle = [0,0,9,9]',
        "model.rectangle: expected no such key",
    ),
    "landmarks": (
        'name = "mine"',
        'name = "mine"\nlandmarks = 68',
        "landmarks: expected 98 as scheme wflw-98 has, got 68",
    ),
    "no base": (
        'name = "mine"',
        'name = "mine"\nextends = "pfld-86"',
        "extends: expected .* got 'pfld-86'; did you mean 'pfld-68'",
    ),
    "decoder's key": (
        '"coordinates"',
        '"coordinates"\nsplit_ratio = 2',
        "decode.split_ratio: expected one of units, origin",
    ),
    "stride": (
        '"coordinates"',
        '"coordinates"\nstride = 1',
        "decode.stride: expected a whole number from 2 to 16, got 1",
    ),
    "corners of pixels": (
        '"coordinates"',
        '"coordinates"\nunits = "pixels"\norigin = "corners"',
        "decode.origin: expected edge or centre",
    ),
    "not TOML": ("[crop]", "[crop", "expected TOML, got"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_gets_one_line_with_file_and_key(tmp_path: Path, fault: str) -> None:
    old, new, message = FAULTS[fault]
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert re.search(message, text), text
    assert "\n" not in text
    assert "invalid" not in text.lower() or fault == "not TOML"


DLIB = GOOD.split("[input]")[0].replace('"onnx"', '"dlib"\nrectangle = [10, 10, 90, 90]')


def test_dlib_config_has_no_decoder_of_its_own(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, DLIB))
    assert (config.decode.units, config.decode.origin) == ("pixels", "centre")
    with pytest.raises(ConfigError, match="decode: expected no such table with backend dlib"):
        read_config(write(tmp_path, DLIB + '[decode]\nkind = "heatmap"\n'))


@pytest.mark.parametrize("rectangle", ["", "rectangle = [10, 10, 97, 90]", "rectangle = [10, 10, 90, 113]"])
def test_dlib_rectangle_lies_in_the_crop(tmp_path: Path, rectangle: str) -> None:
    text = DLIB.replace("rectangle = [10, 10, 90, 90]", rectangle)
    with pytest.raises(
        ConfigError,
        match=r"model.rectangle: expected the face's x0, y0, x1, y1 inside the crop of \[96, 112\]",
    ):
        read_config(write(tmp_path, text))


def test_missing_file_and_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"nothing\.toml: expected a config file that can be read, got No such file"
    ):
        read_config(tmp_path / "nothing.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"bytes\.toml: expected TOML"):
        read_config(tmp_path / "bytes.toml")


@pytest.mark.parametrize("path", sorted(ZOO.glob("*.toml")), ids=lambda path: path.stem)
def test_zoo_config_is_whole(path: Path) -> None:
    config = read_config(path)
    assert config.name == path.stem
    assert config.model.sha256 is not None or config.source.url is not None
    assert len(config.licence) >= len("Apache-2.0")
    assert config.description


def test_docs_list_every_key() -> None:
    text = (Path(__file__).parents[1] / "docs" / "detectors.md").read_text(encoding="utf-8")
    for table, cls in (
        ("model", ModelConfig),
        ("crop", CropConfig),
        ("input", InputConfig),
        ("output", OutputConfig),
        ("source", SourceConfig),
    ):
        section = text.split(f"### `[{table}]`")[1].split("###")[0]
        assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == [
            field.name for field in dataclasses.fields(cls)
        ], table
    for kind, cls in DECODERS.items():
        section = text.split(f'### `[decode]` with `kind = "{kind}"`')[1].split("###")[0]
        assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == [
            field.name for field in dataclasses.fields(cls)
        ], kind
