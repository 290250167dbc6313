"""What the terminal says of images that were not measured."""

from __future__ import annotations

from typing import Any

import pytest

from flmcore.commands.console import show_problems


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
