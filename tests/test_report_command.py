"""``flmcore report``: everything again from the files alone."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from evaluated import KnownDetector
from flmcore.cli import main
from flmcore.evaluation import Results
from results_files import measure, write_changed


@pytest.fixture(scope="module")
def old() -> Results:
    return measure(
        KnownDetector("a", sigma=0.2), KnownDetector("five", scheme="five-5"), images=2, speed=True
    )


def test_report_draws_again_what_the_run_drew(
    old: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    first = {path.name: path.read_bytes() for path in old.report(tmp_path / "run")}
    assert main(["report", str(tmp_path / "run"), "-o", str(tmp_path / "again" / "deep")]) == 0
    again = {
        path.name: path.read_bytes() for path in (tmp_path / "again" / "deep").iterdir() if path.is_file()
    }
    table = again.pop("table.txt").decode()
    assert again == {
        name: data for name, data in first.items() if not name.startswith(("results.json", "overlays"))
    }
    assert table == old.table() + "\n"
    said = capsys.readouterr()
    assert table.strip("\n") in said.out
    assert "overlay_array-1.png" in said.out
    assert said.err == ""


def test_report_may_go_into_the_folder_of_the_run(old: Results, tmp_path: Path) -> None:
    old.write(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for _ in range(2):
        assert main(["report", str(tmp_path / "results.json"), "-o", str(tmp_path), "--no-figures"]) == 0
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    del after["table.txt"], after["index.html"]
    assert after == before
    assert (tmp_path / "page" / "data.js").is_file()


def test_report_without_page_and_with_nothing_to_open(
    old: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old.write(tmp_path)
    command = ["report", str(tmp_path), "-o", str(tmp_path / "out"), "--no-figures", "--no-page"]
    assert main(command) == 0
    assert not (tmp_path / "out" / "index.html").exists()
    assert main([*command, "--open"]) == 2
    assert "--open: expected a page to open" in capsys.readouterr().err


def test_report_opens_its_page(old: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    old.write(tmp_path)
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "a b"), "--no-figures", "--open"]) == 0
    assert opened == [(tmp_path / "a b" / "index.html").as_uri()]


def test_report_without_overlays_draws_the_rest(old: Results, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    old.to_json(tmp_path / "results.json")
    assert main(["report", str(tmp_path / "results.json"), "-o", str(tmp_path / "r")]) == 0
    drawn = {path.name for path in (tmp_path / "r").glob("*.png")}
    assert {"jitter_landmarks.png", "jitter_groups.png"} <= drawn
    assert not any(name.startswith("overlay") for name in drawn)


def test_report_writes_parquet(old: Results, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    old.to_json(tmp_path / "r.json")
    out = tmp_path / "r"
    assert main(["report", str(tmp_path / "r.json"), "-o", str(out), "--no-figures", "--parquet"]) == 0
    assert parquet.read_table(out / "units.parquet").num_rows == len(old.units)


def test_report_of_what_is_no_results_gets_one_line(
    old: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def newer(data: dict[str, object]) -> None:
        data["format"], data["version"] = "flmcore results 3", "2.0\x1b[31m"

    path = write_changed(old, tmp_path / "r.json", newer)
    assert main(["report", str(path), "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "upgrade flmcore" in error
    assert error.count("\n") == 1
    assert "\x1b" not in error
    assert not (tmp_path / "out").exists()
    old.to_json(tmp_path / "good.json")
    assert main(["report", str(tmp_path / "good.json"), "-o", str(path)]) == 2
    assert "expected a folder, got a file" in capsys.readouterr().err
