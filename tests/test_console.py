"""What the terminal, or a log, says of what goes on and of images that were not measured."""

from __future__ import annotations

from typing import Any

import pytest

from flmcore.commands.console import log_lines, progress_bar, show_problems
from flmcore.evaluation.run import Progress


def problem(image: str, reason: str, **more: Any) -> dict[str, Any]:
    return {"image": image, "face": None, "detector": None, "note": False, "reason": reason, **more}


def test_each_reason_is_one_line_with_its_first_images(capsys: pytest.CaptureFixture[str]) -> None:
    many = [problem(f"{i}.png", "no face found") for i in range(20)]
    show_problems([*many, problem("x.png", "box [0, 0]", face=2, detector="d")], "out/results.json")
    lines = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines == [
        "Not measured (21):",
        "0.png, 1.png, 2.png, … 17 more: no face found",
        "x.png face 2 · d: box [0, 0]",
        "each by name in out/results.json",
    ]


def test_a_few_images_are_all_named_and_a_reason_that_names_its_file_stands_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_problems(
        [problem(n, "no face found") for n in "abcd"] + [problem("e.png", "e.png: unreadable")], "r.json"
    )
    out = capsys.readouterr().out
    assert "  a, b, c, d: no face found\n" in out
    assert "  e.png: unreadable\n" in out
    assert "r.json" not in out


def test_a_log_is_told_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0.0, 59.0, 60.0, 119.0, 121.0])
    show = log_lines(lambda: next(times))
    for done in (1, 2, 3, 4):
        show(Progress(done, 8, f"face {done}\x1b[2J"))
    assert capsys.readouterr().err == " 25 %  face 2\\x1b[2J\n 50 %  face 4\\x1b[2J\n"


def test_without_a_terminal_a_short_run_is_told_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as show:
        show(Progress(1, 2, "a face"))
    assert capsys.readouterr().err == ""
