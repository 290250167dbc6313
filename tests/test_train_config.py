"""A training's config: what is refused, with which words; settings over it; the example."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from flmcore.cli import main
from flmcore.errors import ConfigError
from flmcore.train.config import parse_train_config, read_train_config
from flmcore.train.schema import AugmentConfig, LossConfig, OptimiseConfig, RunConfig

GOOD: dict[str, Any] = {
    "name": "a",
    "scheme": "300w-68",
    "licence": "none",
    "data": [{"path": "x"}],
    "model": {"network": "resnet"},
    "crop": {"size": 64},
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"modle": {}}, r"config: modle: expected one of .*, got an unknown key; did you mean 'model'"),
        ({"model": {"network": "resnet18"}}, r"model.network: expected one of .*did you mean 'resnet'"),
        ({"model": {}}, r"model.network: expected to be there, got nothing"),
        ({"optimise": {"batch": 1}}, r"optimise.batch: expected a whole number from 2 to 65536, got 1"),
        ({"optimise": {"rte": 1}}, r"optimise.rte: .*unknown key; did you mean 'rate'"),
        ({"optimise": {"warmup": 1.0}}, r"optimise.warmup: expected a number from 0 to 0.9, got 1.0"),
        ({"augment": {"flip": "often"}}, r"augment.flip: expected a number from 0 to 1, got 'often'"),
        ({"augment": {"blur": float("nan")}}, r"augment.blur: expected a number from 0 to 1, got nan"),
        ({"loss": {"kind": "wings"}}, r"loss.kind: expected one of .*did you mean 'wing'"),
        (
            {"loss": {"groups": {"conture": 1}}},
            r"loss.groups: expected groups of 300w-68: .*did you mean 'contour'",
        ),
        ({"loss": {"groups": {"contour": -1}}}, r"loss.groups: expected a number from 0 to 1000, got -1"),
        ({"scheme": "300w-86"}, r"scheme: expected one of .*, got '300w-86'; did you mean '300w-68'"),
        ({"data": []}, r"data: expected at least one source, got none"),
        ({"data": {"path": "x"}}, r"data: expected tables \[\[data\]\], got"),
        ({"data": [{}]}, r"data.0: expected either path or stream, got neither"),
        ({"data": [{"path": "x", "stream": {}}]}, r"data.0: expected either path or stream, got both"),
        ({"data": [{"path": "x", "weight": 0}]}, r"data.0.weight: expected a number above 0, got 0"),
        (
            {"data": [{"path": "x", "weight": 1}, {"path": "y"}]},
            r"data: expected a weight for every source, or",
        ),
        (
            {"data": [{"path": "x"}, {"stream": {}}]},
            r"data: expected a weight for every source beside a stream",
        ),
        ({"data": [{"path": "x", "name": "n"}] * 2}, r"data: expected names that differ, got 'n' 2 times"),
        (
            {"validation": [{"stream": {}}]},
            r"validation.0.first: expected how many faces of the stream, got nothing",
        ),
        ({"crop": {"size": 64, "snap": "fan"}}, r"crop.snap: expected none in a training, got 'fan'"),
        ({"crop": {"size": 64, "box": "landmark"}}, r"crop.box: .*did you mean 'landmarks'"),
        (
            {"model": {"network": "resnet", "weights": "a", "backbone": "b"}},
            r"model: expected either backbone or",
        ),
        ({"seed": -1}, r"seed: expected a whole number from 0"),
        ({"run": []}, r"run: expected a table \[run\], got \[\]"),
    ],
)
def test_faults_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_train_config({**GOOD, **change})


@pytest.mark.parametrize("key", sorted(GOOD))
def test_needed_keys(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"config: {key}: expected to be there, got nothing"):
        parse_train_config({k: v for k, v in GOOD.items() if k != key})


def test_example_is_a_config_with_the_defaults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--example"]) == 0
    text = capsys.readouterr().out
    assert text == (files("flmcore.train") / "example.toml").read_text(encoding="utf-8")
    (tmp_path / "example.toml").write_text(text, encoding="utf-8")
    config = read_train_config(tmp_path / "example.toml")
    assert config.augment == AugmentConfig()
    assert config.loss == LossConfig()
    assert config.optimise == OptimiseConfig()
    assert config.run == RunConfig()
    assert config.folder == tmp_path
    for cls in (AugmentConfig, LossConfig, OptimiseConfig, RunConfig):
        for key in cls.__dataclass_fields__:
            assert f"\n{key} = " in text or f"\n# {key} = " in text, f"the example does not show {key}"


def test_settings_go_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        'name = "a"\nscheme = "300w-68"\nlicence = "none"\n[[data]]\npath = "x"\n'
        '[model]\nnetwork = "resnet"\n[crop]\nsize = 64\n'
    )
    settings = ["optimise.rate=0.5", "data.0.first=7", "model.options.depth=10", "loss.kind=l1", 'name="b=c"']
    config = read_train_config(tmp_path / "a.toml", settings)
    assert (config.optimise.rate, config.data[0].first, config.model.options) == (0.5, 7, {"depth": 10})
    assert (config.loss.kind, config.name) == ("l1", "b=c")
    deep = "[" * 100_000  # no TOML that can be read, so a text
    assert (
        read_train_config(tmp_path / "a.toml", ["model.options.depth=10", f"description={deep}"]).description
        == deep
    )
    for wrong in ("optimise.rate", "=3", "data.9.first=1", "name.x=1"):
        with pytest.raises(ConfigError, match="--set: expected"):
            read_train_config(tmp_path / "a.toml", [wrong])
    with pytest.raises(ConfigError, match=r"optimise.rat: .*did you mean 'rate'"):
        read_train_config(tmp_path / "a.toml", ["optimise.rat=1"])


def test_file_that_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a config file that can be read"):
        read_train_config(tmp_path / "none.toml")
    for data in (b"\xff\xfe", b"a = = 1"):
        (tmp_path / "bad.toml").write_bytes(data)
        with pytest.raises(ConfigError, match=r"bad\.toml: expected TOML, got"):
            read_train_config(tmp_path / "bad.toml")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "CONFIG.toml: expected a config"),
        (["train", "a.toml"], "--out: expected a folder"),
        (["train", "a.toml", "--check", "-o", "out"], "expected neither --out nor --resume"),
        (["train", "a.toml", "-o", "out"], "a.toml: expected a config file that can be read"),
    ],
)
def test_command_says_what_is_missing(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    pytest.importorskip("torch")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
