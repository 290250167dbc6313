"""``flmcore detectors`` as a user runs it, and the mistakes it must name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import tiny_models as tiny
from flmcore.cli import main
from flmcore.detectors.config import ZOO, read_config
from flmcore.detectors.load import DetectorEntry, available_detectors
from flmcore.detectors.weights import locate_weights
from flmcore.errors import FlmcoreError
from flmcore.report.detectors import how_to_get

GOOD = """name = "mine"
scheme = "wflw-98"
licence = "MIT"
[model]
backend = "onnx"
weights = "mine.onnx"
[crop]
size = 112
[decode]
kind = "coordinates"
"""


@pytest.fixture
def _no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLMCORE_WEIGHTS", raising=False)
    monkeypatch.setenv("FLMCORE_SHARED", "no-such-folder")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(list(map(str, arguments)))
    found = capsys.readouterr()
    return code, found.out, found.err


@pytest.mark.usefixtures("_no_weights")
@pytest.mark.parametrize("width", [80, 100])
def test_list_is_a_table_and_how_to_get_the_rest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr("flmcore.commands.console._PIPE_WIDTH", width)
    code, out, err = run(capsys, "detectors")
    assert (code, err) == (0, "")
    for line in out.splitlines():
        # Addresses, commands, files and folders must stay whole to be copied.
        assert len(line) <= width or re.search(r"https?://|pip install|\.(pth|onnx|zip)|/\S+/", line), line
    assert re.search(r"pfld-98-ghostnet-slim +wflw-98 +98 +0\.74 +0\.16 +112×112 +no +no", out)
    assert re.search(r"dlib-68 +300w-68 +68 +– +– +384×384", out)
    text = " ".join(out.split())
    assert "AnthonyF333/PFLD_GhostOne (weights: Apache-2.0; training data: WFLW" in text
    assert "pfld-98-ghostone PFLD_GhostOne_112_1_opt_sim.onnx (2.8 MB)" in text
    assert "https://github.com/AnthonyF333/PFLD_GhostOne" in text
    assert "put the file into a folder and name the folder in FLMCORE_WEIGHTS" in text


@pytest.mark.usefixtures("_no_weights")
def test_json_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "detectors", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert code == 0
    assert {path.stem for path in ZOO.glob("*.toml")} <= set(rows)
    pfld = rows["pfld-68"]
    assert (pfld["parameters"], pfld["multiply_adds"], pfld["flops"]) == (730216, 153073280, 306146560)
    assert (pfld["scheme"], pfld["landmarks"], pfld["input_size"]) == ("300w-68", 68, [112, 112])
    assert (pfld["ready"], pfld["weights_found"], pfld["source"]["commercial"]) == (False, None, "no")
    assert pfld["source"]["bytes"] == 2987921


def test_many_detectors_stay_short() -> None:
    """35 of them, of six publishers, none ready: a few lines each publisher, one line each detector."""
    base = read_config(ZOO / "pfld-68.toml")
    entries = []
    for number in range(35):
        text = f'extends = "pfld-68"\nname = "net-{number}"\n[source]\npublisher = "someone-{number % 6}"\n'
        entry = DetectorEntry(
            f"net-{number}", "flmcore", _extended(base.path, text), None, (_reason(number),)
        )
        entries.append(entry)
    lines = how_to_get(entries, 100)
    assert len(lines) < 35 + 6 * 5 + 10
    assert sum("pfld68_cunjian.onnx (3.0 MB)" in line for line in lines) == 35
    assert max(map(len, lines)) <= 100


def _reason(number: int) -> str:
    return f"net-{number}: weights: expected the file 'pfld68_cunjian.onnx', got no such file"


def _extended(folder: Path | None, text: str) -> object:
    from flmcore.detectors.config import parse_config, tomllib

    assert folder is not None
    base, over = tomllib.loads(folder.read_text(encoding="utf-8")), tomllib.loads(text)
    return parse_config({**base, "name": over["name"], "source": {**base["source"], **over["source"]}})


WITH_SUM = [path for path in sorted(ZOO.glob("*.toml")) if read_config(path).model.sha256 is not None]


@pytest.mark.parametrize("path", WITH_SUM, ids=lambda path: path.stem)
def test_source_says_how_to_get_the_weights(path: Path) -> None:
    config = read_config(path)
    source = config.source
    assert source.publisher
    assert source.url
    assert source.url.startswith("https://")
    assert source.weights
    assert source.data
    try:
        file = locate_weights(config)
    except FlmcoreError:
        return
    beside = [file.with_suffix(".bin")] if file.suffix == ".xml" else []
    if file.suffix == ".onnx" and config.model.data_sha256 is not None:
        beside = [file.with_suffix(".safetensors")]
    if source.bytes is not None:
        assert source.bytes == sum(part.stat().st_size for part in [file, *beside])


def test_show_tells_everything(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "detectors", "show", "pfld-68")
    assert code == 0
    for text in (
        "pfld68_cunjian.onnx",
        "[crop]",
        "antialias         true",
        "300w-68, 68 landmarks",
        "730,216",
        "cunjian",
    ):
        assert text in out
    (tmp_path / "mine.toml").write_text(GOOD)
    code, out, _ = run(capsys, "detectors", "show", tmp_path / "mine.toml")
    assert code == 0
    assert "ready             no" in out
    assert "expected the file 'mine.onnx'" in out
    code, _, err = run(capsys, "detectors", "show", "pfld-86")
    assert code == 2
    assert "did you mean 'pfld-68'" in err


@pytest.mark.usefixtures("_no_weights")
def test_check_of_a_sound_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(GOOD)
    code, out, err = run(capsys, "detectors", "check", file)
    assert (code, err) == (0, "")
    first, *warnings = out.splitlines()
    assert first == f"{file}: ok: mine, wflw-98, 98 landmarks"
    assert len([line for line in warnings if "expected the file 'mine.onnx'" in line]) == 1
    assert all(line.startswith(f"{file}: warning: ") for line in warnings)
    (tmp_path / "no-suffix").write_text(GOOD)
    assert run(capsys, "detectors", "check", tmp_path / "no-suffix", "pfld-68")[0] == 0


def test_check_load_runs_the_model(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    tiny.centroid_onnx(tmp_path / "m.onnx")
    good = tiny.write_config(tmp_path, "onnx", "m.onnx", "[output]\nlandmarks = 1\n" + tiny.CENTROID)
    code, out, err = run(capsys, "detectors", "check", "--load", good)
    assert (code, err, out) == (0, "", f"{good}: ok: tiny, spots-3, 3 landmarks\n")
    good.write_text(good.read_text().replace("landmarks = 1", "landmarks = 0"))
    assert run(capsys, "detectors", "check", good)[0] == 0
    code, out, err = run(capsys, "detectors", "check", "--load", good)
    assert (code, out) == (2, "")
    assert re.fullmatch(r"flmcore: .*m\.onnx: expected a model that fits the config.*\n", err)


FAULTS = {
    "unknown key": (GOOD.replace("size", "szie"), r"crop\.szie: expected one of .*did you mean 'size'"),
    "wrong type": (GOOD.replace("112", '"big"'), r"crop\.size: expected \[width, height\]"),
    "syntax": (GOOD.replace("[crop]", "[crop"), "expected TOML, got"),
    "no file of TOML": ("\x00\x01\x02", "expected TOML, got"),
    "unknown network": (
        GOOD.replace('"onnx"', '"torch"\nnetwork = "facemash"'),
        r"model\.network: expected one of facemesh.*did you mean 'facemesh'",
    ),
    "empty": ("", "name: expected to be there"),
    "deep": ("a = " + "[" * 5000 + "]" * 5000, "expected"),
    "huge": (GOOD + "#" * 1_000_000, "expected a config file of at most 1,000,000 bytes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_check_names_a_fault_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, fault: str
) -> None:
    text, message = FAULTS[fault]
    file = tmp_path / "mine.toml"
    file.write_text(text)
    code, out, err = run(capsys, "detectors", "check", file)
    assert (code, out) == (2, "")
    assert err.startswith(f"flmcore: {file}: ")
    assert err.count("\n") == 1
    assert re.search(message, err), err


def test_check_of_what_is_no_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "good.toml").write_text(GOOD)
    names = ["model.toml", "none.toml", "good.toml", ""]
    code, out, err = run(capsys, "detectors", "check", *(tmp_path / name for name in names))
    assert code == 2
    assert out.startswith(f"{tmp_path / 'good.toml'}: ok: mine")  # one fault does not hide the others
    lines = err.splitlines()
    assert len(lines) == 3
    assert "model.toml: expected TOML, got" in lines[0]
    assert "none.toml: expected a config file that can be read, got No such file" in lines[1]
    assert f"{tmp_path}: expected a config file that can be read, got" in lines[2]


def _install(site: Path, package: str) -> None:
    (site / package).mkdir(parents=True)
    (site / package / "__init__.py").touch()
    (site / package / "mine.toml").write_text(GOOD)
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[flmcore.detectors]\nmine = {package}\n")


def test_two_packages_with_one_name_are_both_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("faces_a", "faces_b"):
        _install(tmp_path / package, package)
        monkeypatch.syspath_prepend(str(tmp_path / package))
    entries = [entry for entry in available_detectors() if entry.name == "mine"]
    assert {entry.origin for entry in entries} == {"faces_a", "faces_b"}
    assert not any(entry.ready for entry in entries)
    code, out, _ = run(capsys, "detectors")
    assert code == 0
    assert "expected one package with a detector of this name, got faces_" in " ".join(out.split())
    code, _, err = run(capsys, "detectors", "show", "mine")
    assert code == 2
    assert re.search(r"mine: expected one package .* got faces_[ab] and faces_[ab]: choose by file", err)


def test_package_cannot_take_a_name_of_the_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, "faces_c")
    (tmp_path / "faces_c" / "mine.toml").rename(tmp_path / "faces_c" / "pfld-68.toml")
    (tmp_path / "faces_c-1.0.dist-info" / "entry_points.txt").write_text(
        "[flmcore.detectors]\npfld-68 = faces_c\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    own, other = (entry for entry in available_detectors() if entry.name == "pfld-68")
    assert (own.origin, other.origin) == ("flmcore", "faces_c")
    assert not any("one package" in reason for reason in own.reasons)
    assert "got flmcore and faces_c: choose by file" in other.reasons[0]


def test_one_package_twice_on_the_path_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, "faces_d")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path / ".." / tmp_path.name))
    (entry,) = (entry for entry in available_detectors() if entry.name == "mine")
    assert not any("one package" in reason for reason in entry.reasons)
