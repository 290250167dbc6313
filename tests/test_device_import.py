"""Device files joined to results: columns that never mix devices, estimates or other detectors."""

from __future__ import annotations

import copy
import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from evaluated import KnownDetector
from flmcore.cli import main
from flmcore.detectors.load import find_config
from flmcore.device.join import add_devices
from flmcore.errors import DeviceFileError, ResultsError
from flmcore.evaluation import Results
from flmcore.evaluation.comparison import compare
from flmcore.evaluation.schema import check_record, results_schema
from results_files import changed, measure, with_latency
from test_results_schema import undescribed

FILES = Path(__file__).parent / "device_files"
XCODE, APP = FILES / "iphone14_xcode.json", FILES / "iphone15_app.json"
SUM = "0123456789abcdef" * 4


def as_dlib(data: dict[str, Any]) -> None:
    data["detectors"][2]["config"] = find_config("dlib-68").to_dict()
    data["detectors"][0]["weights_sha256"] = SUM


@pytest.fixture(scope="module")
def plain() -> Results:
    """A run of three detectors, the third of which says that it is Dlib's; the first says its weights."""
    names = ("known", "other", "dlib-68")
    run = measure(*(KnownDetector(name, sigma=0.1) for name in names), images=2)
    return changed(run, as_dlib)


@pytest.fixture
def folder(plain: Results, tmp_path: Path) -> Path:
    plain.write(tmp_path / "out")
    return tmp_path / "out"


def write(path: Path, change: Any, source: Path = XCODE) -> Path:
    """A device file with something done to it."""
    data = json.loads(source.read_text())
    change(data)
    path.write_text(json.dumps(data))
    return path


def words(text: str) -> str:
    return " ".join(text.split())


def test_two_devices_have_columns_of_their_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["device", "import", str(XCODE), str(APP), str(folder)]) == 0
    out = capsys.readouterr().out
    section = out.split("Measured on devices")[1].split("Estimated by")[0]
    rows = {line.split()[0]: line.split()[1:] for line in section.splitlines() if line.strip()}
    assert rows["known"] == ["1.87/–", "1.30/1.33", "9.61/9.92"]
    assert rows["other"] == ["21.4/22.1", "–", "–"]
    assert rows["dlib-68"] == ["–", "–", "–"]
    heading = section.split("known")[0]
    assert heading.count("[1] iPhone 14,") == 1
    assert heading.count("iPhone 15 Pro (lab),") == 2
    notes = words(section)
    assert "dlib-68: no figure on a device: Dlib's regression trees are no network" in notes
    assert (
        "Joined by name alone, as no sum of the weights is known on both sides: [1] known, other; [2] known; [3] known."
        in notes
    )
    assert "[3] not measured: other." in notes
    assert "how many predictions is not said for known" in notes
    assert "Xcode 16.2, 2025-06-01, iphone14_xcode.json" in notes
    assert "palettised, 4 bits: jitter and NME are of the model as it was evaluated" in notes
    estimated = words(out.split("Estimated by")[1])
    assert "not measured" in estimated
    assert "90/0/10" in estimated  # shares of the plan are in no other place
    assert "90/0/10" not in section


def test_report_renders_what_was_imported(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["device", "import", str(XCODE), str(folder)]) == 0
    assert main(["report", str(folder), "-o", str(tmp_path / "r"), "--no-figures"]) == 0
    capsys.readouterr()
    assert "21.4/22.1" in (tmp_path / "r" / "table.txt").read_text()
    for file in (tmp_path / "r" / "results.csv", folder / "results.csv"):
        with file.open(newline="") as lines:
            rows = {row["detector"]: row for row in csv.DictReader(lines)}
        column = "on iPhone 14, iOS 17.5, ALL: p50_ms"
        assert [rows[name][column] for name in ("known", "other", "dlib-68")] == ["1.87", "21.4", ""]
        assert rows["other"]["on iPhone 14, iOS 17.5, ALL: n"] == "100"


@pytest.mark.parametrize("width", [40, 60, 100, 140])
def test_table_fits_its_width(plain: Results, width: int) -> None:
    table = add_devices(plain, [XCODE, APP]).table(width)
    assert max(map(len, table.splitlines())) <= width
    assert "1.30/1.33" in table
    assert "21.4/22.1" in table


def test_joined_results_fit_the_schema_and_are_read_again(plain: Results, tmp_path: Path) -> None:
    joined = add_devices(plain, [XCODE, APP])
    assert "devices" not in plain.data
    check_record(joined.data)
    assert not [key for key in undescribed(joined.data, results_schema()) if key.startswith(".devices")]
    joined.to_json(tmp_path / "results.json")
    again = Results.from_json(tmp_path)
    assert again.data == joined.data
    assert again.table() == joined.table()
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator(results_schema()).validate(joined.data)
    assert plain.devices == []


def test_order_of_files_changes_only_the_order_of_columns(plain: Results) -> None:
    one, two = (add_devices(plain, files).devices for files in ([XCODE, APP], [APP, XCODE]))
    assert one == two[::-1]
    assert add_devices(plain, [XCODE, APP]).data == add_devices(add_devices(plain, [XCODE]), [APP]).data


def refused(results: Results, *files: Path, **options: Any) -> str:
    before = copy.deepcopy(results.data)
    with pytest.raises(DeviceFileError) as caught:
        add_devices(results, files, **options)
    assert results.data == before
    return str(caught.value)


def test_a_file_of_another_detector_is_refused(plain: Results, tmp_path: Path) -> None:
    other = write(tmp_path / "a.json", lambda d: d["detectors"][0].update(weights_sha256="f" * 64))
    said = refused(plain, other)
    assert (
        "a.json: detectors[0].weights_sha256 (line 1): expected the weights of known in the results, 0123456789ab…"
        in said
    )
    assert "got ffffffffffff…: a device file of another detector" in said
    same = write(tmp_path / "b.json", lambda d: d["detectors"][0].update(weights_sha256=SUM.upper()))
    figures = add_devices(plain, [same]).devices[0]["figures"]
    assert [figure["matched"] for figure in figures] == ["weights_sha256", None]
    assert "Joined by name alone, as no sum of the weights is known on both sides: [1] other." in words(
        add_devices(plain, [same]).table()
    )


def test_a_package_is_known_by_its_own_sum_where_it_was_evaluated(plain: Results, tmp_path: Path) -> None:
    def evaluated(data: dict[str, Any]) -> None:
        data["detectors"][0] |= {"config": {"model": {"backend": "coreml"}}, "weights_sha256": SUM}

    run = changed(plain, evaluated)
    sums = {"weights_sha256": "e" * 64, "package_sha256": SUM}
    file = write(tmp_path / "a.json", lambda d: d["detectors"][0].update(sums))
    assert add_devices(run, [file]).devices[0]["figures"][0]["matched"] == "package_sha256"
    file = write(tmp_path / "b.json", lambda d: d["detectors"][0].update(package_sha256="f" * 64))
    assert "package_sha256" in refused(run, file)


def test_unknown_detectors_are_refused_or_left_out(plain: Results, tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", lambda d: d["detectors"][1].update(name="knwon"))
    said = refused(plain, file)
    assert (
        "detectors[1].name (line 1): expected a detector of the results, known, other, dlib-68, got 'knwon'"
        in said
    )
    assert "did you mean 'known'" in said
    figures = add_devices(plain, [file], detectors=["known"]).devices[0]["figures"]
    assert [figure["detector"] for figure in figures] == ["known"]
    with pytest.raises(ValueError, match="did you mean 'other'"):
        add_devices(plain, [file], detectors=["othr"])


def test_dlib_has_no_figure_whatever_the_file_says(plain: Results, tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", lambda d: d["detectors"][1].update(name="dlib-68"))
    assert "got 'dlib-68': Dlib's regression trees are no network" in refused(plain, file)


def test_the_same_figures_again_need_replace(plain: Results, tmp_path: Path) -> None:
    joined = add_devices(plain, [XCODE])
    said = refused(joined, XCODE)
    assert "got known, ALL on iPhone 14, iOS 17.5, which is there from iphone14_xcode.json: --replace" in said
    faster = write(tmp_path / "a.json", lambda d: d["detectors"][0]["predict_ms"].update(p50=1.5))
    replaced = add_devices(joined, [faster], replace=True)
    assert len(replaced.devices) == 1
    assert [f["predict_ms"]["p50"] for f in replaced.devices[0]["figures"]] == [1.5, 21.4]
    assert "there from iphone14_xcode.json" in refused(plain, XCODE, XCODE, replace=True)  # twice in one go


def test_files_of_one_device_share_its_row(plain: Results, tmp_path: Path) -> None:
    def cpu(data: dict[str, Any]) -> None:
        data["device"] |= {"model": "iphone  14", "chip": "A15 Bionic"}
        for entry in data["detectors"]:
            entry["compute_units"] = "CPU_ONLY"

    joined = add_devices(plain, [XCODE, write(tmp_path / "a.json", cpu)])
    assert len(joined.devices) == 1
    assert joined.devices[0]["chip"] == "A15 Bionic"
    assert len(joined.devices[0]["figures"]) == 4

    def other_chip(data: dict[str, Any]) -> None:
        cpu(data)
        data["device"]["chip"] = "A16"
        for entry in data["detectors"]:
            entry["compute_units"] = "CPU_AND_NE"

    another = write(tmp_path / "b.json", other_chip)
    assert "device.chip (line 1): expected 'A15 Bionic' as" in (said := refused(joined, another))
    assert "give device.name in one of the files" in said
    named = write(tmp_path / "c.json", lambda d: d["device"].update(name="mine"))
    assert len(add_devices(joined, [named]).devices) == 2


@pytest.mark.parametrize("key", ["os", "power"])
def test_another_system_or_state_is_another_column(plain: Results, tmp_path: Path, key: str) -> None:
    value = {"os": "iOS 17.6", "power": "low power mode"}[key]
    other = write(tmp_path / "a.json", lambda d: d["device"].update({key: value}))
    joined = add_devices(plain, [XCODE, other])
    assert len(joined.devices) == 2
    assert value in words(joined.table(140))


def test_names_from_files_are_shown_and_never_obeyed(plain: Results, tmp_path: Path) -> None:
    evil = "=1+1\x1b[31m[bold]<script>$x$\u202e"
    file = write(tmp_path / "a.json", lambda d: d["device"].update(model=evil))
    joined = add_devices(plain, [file])
    for width in (60, 100):
        table = joined.table(width)
        assert "\x1b" not in table
        assert "\u202e" not in table
        assert r"\x1b[31m[bold]<script>" in re.sub(r"\s+", "", table)
    joined.to_csv(tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(newline="") as lines:
        assert not any(name.startswith("=") for name in next(csv.reader(lines)))


def test_compare_leaves_devices_alone(plain: Results, tmp_path: Path) -> None:
    """Two phones are no regression of each other, nor is a phone of this machine."""
    old, new = with_latency(plain, 2.0, 1.9), with_latency(plain, 2.0, 1.9)
    slow = write(tmp_path / "a.json", lambda d: d["device"].update(model="iPhone 8"))
    before = compare(old, new).data
    assert compare(add_devices(old, [XCODE]), add_devices(new, [slow])).data == before
    assert [row["old"] for row in before["latency"]] == [2.0, 2.0, 2.0]


def test_results_that_name_a_device_twice_are_refused(plain: Results, tmp_path: Path) -> None:
    joined = add_devices(plain, [XCODE])
    twice = changed(joined, lambda data: data["devices"].append(data["devices"][0]))
    twice.to_json(tmp_path / "a.json")
    with pytest.raises(
        ResultsError, match=r"devices: expected different names, got 'iphone 14, ios 17\.5' more than once"
    ):
        Results.from_json(tmp_path / "a.json")
    figures = changed(
        joined, lambda data: data["devices"][0]["figures"].append(data["devices"][0]["figures"][0])
    )
    figures.to_json(tmp_path / "b.json")
    with pytest.raises(ResultsError, match=r"figures of iPhone 14, iOS 17\.5"):
        Results.from_json(tmp_path / "b.json")


def test_import_writes_elsewhere_when_asked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["device", "import", str(XCODE), str(folder), "-o", str(tmp_path / "new")]) == 0
    assert main(["device", "import", str(XCODE), str(folder), "-o", str(tmp_path / "r.json")]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert (tmp_path / "new" / "results.json").read_bytes() == (tmp_path / "r.json").read_bytes()
    assert (tmp_path / "new" / "overlays.npz").read_bytes() == before["overlays.npz"]
    assert str(tmp_path / "r.json") in capsys.readouterr().out


def test_import_of_a_bad_file_changes_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    bad = tmp_path / "bad.json"
    bad.write_text(XCODE.read_text()[:-30])
    assert main(["device", "import", str(APP), str(bad), str(folder)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"flmcore: {bad}: line ")
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert main(["device", "import", str(APP), str(folder), "-o", str(bad / "x.json")]) == 2
    assert "cannot be written" in capsys.readouterr().err
