"""What a training says in a log: at once that it runs, then a line a minute."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

from flmcore.cli import main
from flmcore.commands.train_progress import Lines
from flmcore.train.run import Step
from toy_faces import config_of, write_folder


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def step(number: int, progress: float, epoch: int = 0) -> Step:
    return Step(progress, epoch, number, 9.8765, 1e-3, 212.4)


def test_a_line_at_once_and_then_each_minute(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = Lines(clock)
    for second in range(130):
        clock.now = 1000.0 + second
        lines.step(step(second + 1, 0.5 + second / 7200))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "epoch 1  step 1  50 %  loss 9.877  212 images/s  time left not known yet",
        "epoch 1  step 61  51 %  loss 9.877  212 images/s  59 min left",
        "epoch 1  step 121  52 %  loss 9.877  212 images/s  58 min left",
    ]


def test_hours_are_told_and_what_was_behind_on_resuming_is_no_pace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    lines = Lines(clock)
    lines.step(step(9000, 0.9, 8))
    clock.now += 60
    lines.step(step(9100, 0.901, 8))  # a thousandth a minute: 99 minutes
    assert capsys.readouterr().err.splitlines()[1].endswith("1 h 39 min left")


def test_reading_is_told_for_each_source(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = Lines(clock)
    for done in range(1, 901):
        clock.now += 0.125
        lines.loading("a\x1b[2J", done, 12_000)
    lines.loading("b", 1, 2)
    assert capsys.readouterr().err.splitlines() == [
        "reading a\\x1b[2J: 1 of 12,000 images",
        "reading a\\x1b[2J: 481 of 12,000 images",
        "reading b: 1 of 2 images",
    ]


def test_the_command_says_so_where_there_is_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(tmp_path / "faces", 8)
    config_of(tmp_path, optimise="epochs = 2\nepoch_samples = 16", validated=False)
    assert main(["train", str(tmp_path / "toy.toml"), "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    lines = said.err.splitlines()
    assert lines[0] == "reading faces: 1 of 8 images"
    assert lines[1].startswith("epoch 1  step 1  25 %  loss ")
    assert lines[1].endswith(" images/s  time left not known yet")
    assert [line.split("  ")[0] for line in said.out.splitlines()[:2]] == ["epoch 1", "epoch 2"]
