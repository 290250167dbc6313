"""The command as a user runs it: in a process of its own, in a pipe."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import flmcore
from flmcore.cli import main
from tiny_models import CENTROID, centroid_onnx, spots_image, write_config

SPOTS = [(30, 25), (45, 30), (38, 40)]
BOX = [26.0, 21.0, 50.0, 45.0]  # the crop's own size


def flmcore_command(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    # UTF-8 wherever the tests run: the table has a · and a –.
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "flmcore", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", cwd=cwd, env=environment, check=False
    )


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a real ONNX detector, three images and their boxes."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from PIL import Image

    centroid_onnx(tmp_path / "tiny.onnx")
    write_config(tmp_path, "onnx", "tiny.onnx", '[output]\nlandmarks = "points"\n' + CENTROID)
    images = tmp_path / "images"
    images.mkdir()
    for number in range(3):
        Image.fromarray(spots_image([(x + number, y) for x, y in SPOTS])).save(images / f"{number}.png")
    boxes = {f"{number}.png": [[BOX[0] + number, BOX[1], BOX[2] + number, BOX[3]]] for number in range(3)}
    (tmp_path / "boxes.json").write_text(json.dumps(boxes))
    return tmp_path


def evaluate(work: Path, *more: object) -> subprocess.CompletedProcess[str]:
    base = (
        "evaluate",
        work / "images",
        "-d",
        work / "tiny.toml",
        "--boxes",
        work / "boxes.json",
        "--frames",
        16,
    )
    return flmcore_command(*base, "-o", work / "out", "--no-figures", *more)


def one_line(done: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """The one line on standard error that a user's mistake gets."""
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("flmcore: ")
    assert "Traceback" not in done.stderr
    return done.stderr


def test_evaluate_prints_a_table_and_writes_everything(work: Path) -> None:
    done = evaluate(work)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines()[:20])) <= 100
    assert "tiny" in done.stdout
    record = json.loads((work / "out" / "results.json").read_text())
    assert record["complete"] is True
    assert len(record["units"]) == 3
    assert record["timing"]["speed"]["tiny"]["total"]["p50"] > 0
    rows = list(csv.DictReader((work / "out" / "results.csv").read_text().splitlines()))
    assert rows[0]["detector"] == "tiny"
    assert float(rows[0]["jitter"]) == record["summary"][0]["jitter"]["mean"]
    assert len(list(csv.DictReader((work / "out" / "units.csv").read_text().splitlines()))) == 3


def test_bright_spots_hold_still(work: Path) -> None:
    """A real network on crops of the core: bilinear weights keep a point's centroid, so nothing may jitter."""
    assert evaluate(work, "--no-speed").returncode == 0
    record = json.loads((work / "out" / "results.json").read_text())
    # float32 sums of brightness times coordinate are good to 1e-6 of 24 px, in per cent of a box of 24 px.
    assert record["summary"][0]["jitter"]["mean"] < 1e-3
    assert record["summary"][0]["gain"]["mean"] == pytest.approx(0, abs=1e-3)


def test_bad_files_are_listed_and_the_rest_is_measured(work: Path) -> None:
    from PIL import Image

    images = work / "images"
    (images / "text.jpg").write_text("hello")
    (images / "cut.png").write_bytes((images / "0.png").read_bytes()[:200])
    Image.new("RGB", (1, 1)).save(images / "dot.png")
    boxes = json.loads((work / "boxes.json").read_text())
    boxes["dot.png"] = [[0, 0, 0, 1]]
    boxes["2.png"] = [[500, 500, 600, 600]]
    (work / "boxes.json").write_text(json.dumps(boxes))
    done = evaluate(work)
    assert done.returncode == 0, done.stderr
    for text in ("text.jpg", "cut.png", "dot.png: box [0, 0, 0, 1]", "2.png: box", "lies outside the image"):
        assert text in done.stdout
    assert "Not measured (4)" in done.stdout


def test_nothing_measured_is_exit_code_1(work: Path) -> None:
    (work / "boxes.json").write_text("{}")
    done = evaluate(work)
    assert "nothing could be measured" in one_line(done, 1)
    assert (work / "out" / "results.json").exists()


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (("--sweep", "nosie"), "did you mean 'noise'"),
        (("--boxes", "none.json"), "none.json"),
        (("--boxes", "blazefase"), "did you mean 'blazeface'"),
        (("--box-kind", "sdf"), "did you mean 'sfd'"),
        (("--truth", "list.txt"), "truth: expected the true landmarks together with boxes='truth'"),
        (("--boxes", "truth", "--truth", "none.txt", "--truth-scheme", "wflw-98"), "none.txt"),
        (("-d", "no-such"), "no-such"),
        (("-d", "none.toml"), "none.toml"),
    ],
)
def test_mistakes_get_one_line(work: Path, more: tuple[str, ...], text: str) -> None:
    assert text in one_line(evaluate(work, *more))


def test_config_and_weights_mistakes_get_one_line(work: Path) -> None:
    config = work / "tiny.toml"
    good = config.read_text()
    config.write_text(good.replace("[crop]", "[crop]\nsclae = 2"))
    assert "sclae" in one_line(evaluate(work))
    config.write_text(good)
    (work / "tiny.onnx").write_bytes(b"not a model")
    one_line(evaluate(work))
    (work / "tiny.onnx").unlink()
    assert "tiny.onnx" in one_line(evaluate(work))


def test_folders_that_cannot_serve_get_one_line(work: Path) -> None:
    (work / "empty").mkdir()
    base = ("evaluate", "-d", work / "tiny.toml", "-o")
    assert "empty" in one_line(flmcore_command(*base, work / "out", work / "empty"))
    assert "no-folder" in one_line(flmcore_command(*base, work / "out", work / "no-folder"))
    (work / "file").write_text("")
    done = flmcore_command(*base, work / "file", work / "images", "--boxes", work / "boxes.json")
    assert "file: expected a folder, got a file" in one_line(done)


def test_debug_shows_the_traceback(work: Path) -> None:
    done = evaluate(work, "--sweep", "nosie", "--debug")
    assert done.returncode == 2
    assert "Traceback" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is not SIGINT there")
def test_ctrl_c_saves_and_resume_carries_on(work: Path) -> None:
    more = ("--frames", 20_000, "--batch", 8, "--no-speed", "--threads", 1)
    base = (
        "evaluate",
        work / "images",
        "-d",
        work / "tiny.toml",
        "--boxes",
        work / "boxes.json",
        "--no-figures",
    )
    command = [sys.executable, "-m", "flmcore", *map(str, (*base, "-o", work / "out", *more))]
    # A shell's background jobs start with SIGINT ignored, and so would their children.
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    journal = work / "out" / "partial" / "journal.jsonl"
    deadline = time.monotonic() + 120
    while not (journal.exists() and '"unit|' in journal.read_text()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "add --resume to carry on" in stderr
    assert "Traceback" not in stderr
    assert json.loads((work / "out" / "results.json").read_text())["complete"] is False
    assert "resume it, or restart" in one_line(flmcore_command(*base, "-o", work / "out", *more))
    assert "other protocol" in one_line(flmcore_command(*base, "-o", work / "out", "--resume"))
    assert evaluate(work, "--restart").returncode == 0


def test_detect_gives_json_and_a_picture(work: Path) -> None:
    from PIL import Image

    image, boxes = work / "images" / "0.png", ("--boxes", work / "boxes.json")
    done = flmcore_command("detect", image, "-d", work / "tiny.toml", *boxes)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    np.testing.assert_allclose(record["images"]["0.png"][0]["points"], SPOTS, atol=0.05)
    files = ("-o", work / "marks.json", "-o", work / "marks.png", "-o", work / "folder")
    assert flmcore_command("detect", image, "-d", work / "tiny.toml", *boxes, *files).returncode == 0
    assert json.loads((work / "marks.json").read_text()) == record
    assert json.loads((work / "folder" / "landmarks.json").read_text()) == record
    for picture in (work / "marks.png", work / "folder" / "0.png"):
        with Image.open(picture) as opened:
            assert opened.size == (800, 600)
    several = flmcore_command(
        "detect", work / "images", "-d", work / "tiny.toml", *boxes, "-o", work / "a.png"
    )
    assert "expected a folder for 3 images" in one_line(several)
    (work / "boxes.json").write_text('{"0.png": [[0, 0, 0, 0]]}')
    nothing = flmcore_command("detect", image, "-d", work / "tiny.toml", *boxes)
    assert nothing.returncode == 1
    assert "box without area" in nothing.stderr


def test_boxes_of_another_kind_are_converted(work: Path) -> None:
    boxes = {
        f"{n}.png": flmcore.convert_boxes([[26 + n, 21, 50 + n, 45]], "landmarks", "sfd").tolist()
        for n in range(3)
    }
    (work / "tall.json").write_text(json.dumps(boxes))
    tall = ("--boxes", work / "tall.json", "--box-kind", "sfd")
    done = evaluate(work, "--no-speed", *tall)
    assert done.returncode == 0, done.stderr
    assert "Boxes: from the given file, of the kind sfd" in done.stdout
    found = flmcore_command("detect", work / "images" / "0.png", "-d", work / "tiny.toml", *tall)
    record = json.loads(found.stdout)
    np.testing.assert_allclose(record["images"]["0.png"][0]["box"], BOX, atol=1e-9)
    assert record["boxes"]["kind"] == "sfd"
    assert "other protocol" in one_line(evaluate(work, "--no-speed", "--resume"))


def test_boxes_of_the_truth(work: Path) -> None:
    x, y = np.linspace(26, 49, 68), np.linspace(21, 44, 68)
    (work / "truth.json").write_text(json.dumps({"0.png": [np.stack([x, y], axis=1).tolist()]}))
    truth = ("--boxes", "truth", "--truth", work / "truth.json", "--truth-scheme", "300w-68")
    done = flmcore_command("detect", work / "images" / "0.png", "-d", work / "tiny.toml", *truth)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(json.loads(done.stdout)["images"]["0.png"][0]["box"], [26.5, 21.5, 49.5, 44.5])


@pytest.mark.parametrize("finder", ["dlib", "mediapipe"])
def test_boxes_of_a_finder(work: Path, finder: str) -> None:
    from flmcore.detectors.finders import open_finder
    from flmcore.errors import FlmcoreError

    try:
        open_finder(finder)
    except FlmcoreError as error:
        pytest.skip(str(error))
    done = evaluate(work, "--boxes", finder)  # three spots on black are no face
    assert done.returncode == 1
    assert "no face found" in done.stdout
    assert json.loads((work / "out" / "results.json").read_text())["protocol"]["boxes"]["source"] == finder


def test_help_names_every_finder_and_kind() -> None:
    from flmcore.data.box_kinds import box_kinds
    from flmcore.detectors.finders import names

    for command in ("evaluate", "detect"):
        text = " ".join(flmcore_command(command, "--help").stdout.split())
        boxes, kinds = text.split("--boxes SOURCE", 2)[-1].split("--box-kind KIND")[-2:]
        assert all(name in boxes for name in (*names(), "truth"))
        assert all(name in kinds.split("--truth FILE")[0] for name in box_kinds())


@pytest.mark.parametrize(
    "command",
    [
        *(
            "",
            "demo",
            "evaluate",
            "compare",
            "report",
            "explain",
            "detect",
            "convert",
            "detectors",
            "schemes",
            "info",
        ),
    ],
)
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*filter(None, [command]), "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert "example" in text
    assert f"flmcore {command}".strip() in text


def test_lists() -> None:
    assert flmcore_command("--version").stdout == f"flmcore {flmcore.__version__}\n"
    detectors = flmcore_command("detectors").stdout
    assert "dlib-68" in detectors
    assert "no commercial use" in " ".join(detectors.split())
    assert "wflw-98" in flmcore_command("schemes").stdout
    assert flmcore.build_info()["compiler"] in flmcore_command("info").stdout


def test_no_command_is_a_usage_error() -> None:
    done = flmcore_command()
    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert flmcore_command("evaluate", "x", "-d", "y", "-o", "z", "--frames", "2").returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="needs a shell's pipe")
def test_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m flmcore schemes | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_questions_about_jitter_are_asked_on_the_command_line(work: Path) -> None:
    done = evaluate(work, "--redecode", "--smooth", "--sweep", "all", "--limit", 1)
    assert done.returncode == 0, done.stderr
    assert "After smoothing" in done.stdout
    results = json.loads((work / "out" / "results.json").read_text(encoding="utf-8"))
    assert set(results["causes"]) == {"sweeps", "decoder_floor", "redecode", "smoothing"}
    assert len(results["causes"]["sweeps"]) == 6
    assert "decoder_floor" in (work / "out" / "results.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "expected milliseconds, got 'soon'" in evaluate(work, "--smooth", "soon").stderr
    assert "did you mean 'brightness'" in one_line(evaluate(work, "--sweep", "brightnes"))
    assert "attribute: expected one of dlib" in one_line(evaluate(work, "--attribute", "dlip"))
    assert "smooth: expected sweep shift or all" in one_line(
        evaluate(work, "--smooth", 33, "--sweep", "jpeg")
    )
