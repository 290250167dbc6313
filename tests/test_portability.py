"""Multiply-adds, segments and verdict of the portability report, on programs with known answers."""

from __future__ import annotations

import json

import pytest

from flmcore.evaluation.store import dump_json
from flmcore.export.portability import LEVELS, portability
from flmcore.export.portability.multiply_adds import multiply_adds
from flmcore.export.portability.scopes import common_parts, scopes
from flmcore.export.portability.verdict import MOST_SWITCHES, judge, percent
from flmcore.export.program import Operation
from flmcore.report.portability import render
from made_programs import constant, conv, operation, program, relu, resample, value, weight

CONV = 8 * 8 * 9 * 32 * 32


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (conv("y", "x"), CONV),
        (operation("conv", value("y", 2, 8, 4, 5), x=value("x", 2, 8, 8, 10), weight=weight("w", 8, 1, 3, 3)),
         2 * 8 * 4 * 5 * 9),
        (operation("conv_transpose", value("y", 1, 4, 8, 8), x=value("x", 1, 6, 4, 4), weight=weight("w", 6, 4, 2, 2)),
         6 * 4 * 4 * 16),
        (operation("linear", value("y", 1, 5, 7), x=value("x", 1, 5, 3), weight=weight("w", 7, 3)), 5 * 7 * 3),
        (operation("matmul", value("y", 2, 3, 5), x=value("x", 2, 3, 4), y=value("z", 2, 4, 5)), 2 * 3 * 4 * 5),
        (operation("matmul", value("y", 2, 3, 5), x=value("x", 2, 4, 3), y=value("z", 2, 4, 5),
                   transpose_x=constant(True), transpose_y=constant(False)), 2 * 3 * 4 * 5),
        (operation("matmul", value("y", 2, 3, 5), x=value("x", 2, 3, 4), y=value("z", 2, 5, 4),
                   transpose_y=constant(True)), 2 * 3 * 4 * 5),
        (operation("einsum", value("y", 1, 2, 3, 5), values=(value("a", 1, 4, 2, 3), value("b", 1, 5, 2, 4)),
                   equation=constant("bchq,bkhc->bkhq")), 4 * 2 * 3 * 5),
        (operation("scaled_dot_product_attention", value("y", 1, 2, 3, 6), query=value("q", 1, 2, 3, 4),
                   key=value("k", 1, 2, 5, 4), value=value("v", 1, 2, 5, 6)), 2 * 3 * 5 * (4 + 6)),
        (operation("lstm", value("y", 7, 1, 4), x=value("x", 7, 1, 3), weight_ih=weight("i", 16, 3),
                   weight_hh=weight("h", 16, 4)), 7 * 16 * (3 + 4)),
        (relu("y", "x"), 0),
        (operation("linear", value("y", None, 7), x=value("x", None, 3), weight=weight("w", 7, 3)), None),
    ],
)  # fmt: skip
def test_multiply_adds_follow_from_shapes(made: Operation, expected: int | None) -> None:
    assert multiply_adds(made) == expected


def chain(*kinds: str) -> list[Operation]:
    """Operations in a row, each on the result of the one before: s stays, c stays (a convolution), l leaves, f is free."""
    made = []
    for number, kind in enumerate(kinds):
        given, name = f"v{number}", f"v{number + 1}"
        if kind == "f":
            made.append(operation("cast", value(name, 1, 8, 32, 32), x=value(given, 1, 8, 32, 32)))
        else:
            made.append({"s": relu, "c": conv, "l": resample}[kind](name, given))
    return made


@pytest.mark.parametrize(
    ("kinds", "runs"),
    [
        ("cs", ["n2"]),
        ("l", ["e1"]),
        ("csl", ["n2", "e1"]),
        ("slls", ["n1", "e2", "n1"]),
        ("slslsl", ["n1", "e1", "n1", "e1", "n1", "e1"]),
        ("sfls", ["n1", "e2", "n1"]),  # what is free runs where the next one does
        ("slfs", ["n1", "e1", "n2"]),
        ("slf", ["n1", "e2"]),  # and at the end where the last one did
        ("fs", ["n2"]),
        ("ff", ["n2"]),
    ],
)
def test_segments_and_switches(kinds: str, runs: list[str]) -> None:
    report = portability(program(*chain(*kinds)))
    assert [f"{segment.unit[0].replace('c', 'e')}{segment.operations}" for segment in report.segments] == runs
    assert report.switches == len(runs) - 1


def test_shares_of_segments_and_of_what_leaves() -> None:
    shared = {"x": value("v3", 1, 8, 32, 32), "weight": weight("w", 8, 8, 3, 3)}
    off = operation("conv", value("v4", 1, 8, 32, 32, dtype="float32"), **shared)
    report = portability(program(*chain("c", "s", "c"), off))
    assert report.multiply_adds == 3 * CONV
    assert report.leaving == pytest.approx(1 / 3)
    assert [segment.share for segment in report.segments] == pytest.approx([2 / 3, 1 / 3])
    assert report.segments[1].rules == ("float32-compute",)
    assert report.segments[0].kinds == {"conv": 2, "relu": 1}
    assert report.verdict.level == "poor"  # a third of the work
    (hit,) = report.hits
    assert (hit.rule, hit.count, hit.multiply_adds, hit.share) == (
        "float32-compute",
        1,
        CONV,
        pytest.approx(1 / 3),
    )


def test_unknown_multiply_adds_are_counted_as_unknown() -> None:
    free = operation("linear", value("y", None, 7), x=value("x", None, 3), weight=weight("w", 7, 3))
    report = portability(program(*chain("c"), free))
    assert (report.uncounted, report.multiply_adds) == (1, CONV)
    assert "1 operation of unknown shape is not counted" in render(report)


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({"switches": 0, "leaving": 0.0, "slow": 0.0}, "whole"),
        ({"switches": 0, "leaving": 0.0, "slow": 0.04}, "whole"),
        ({"switches": 0, "leaving": 0.0, "slow": 0.06}, "slow"),
        ({"switches": 0, "leaving": 0.0, "slow": 0.51}, "poor"),
        ({"switches": 1, "leaving": 0.0, "slow": 0.0, "leave_by": ["resample"]}, "parts"),
        ({"switches": MOST_SWITCHES, "leaving": 0.0, "slow": 0.0, "leave_by": ["resample"]}, "poor"),
        ({"switches": 1, "leaving": 0.26, "slow": 0.0, "leave_by": ["float32-compute"]}, "poor"),
        ({"switches": 0, "leaving": 0.0, "slow": 0.0, "breaks": True}, "wrong"),
    ],
)
def test_verdict_by_thresholds(given: dict[str, object], level: str) -> None:
    verdict = judge(**given)  # type: ignore[arg-type]
    assert verdict.level == level
    assert verdict.text.startswith(LEVELS[level])
    assert "likely" in verdict.text


def test_percent_does_not_round_some_to_none() -> None:
    shares = (0.0, 0.001, 0.126, 0.999, 1.0)
    assert [percent(share) for share in shares] == ["0 %", "<1 %", "13 %", ">99 %", "100 %"]


def test_operations_are_named_after_the_modules_of_their_weights() -> None:
    made = [
        conv("a", "x", scope="head_gau_uv"),
        relu("b", "a"),
        operation("conv", value("c", 1, 8, 32, 32), x=value("b", 1, 8, 32, 32), weight=weight("const_4_to_fp16", 8, 8, 3, 3)),
        operation("layer_norm", value("d", 1, 8), x=value("c", 1, 8), gamma=weight("norm_weight_to_fp16", 8)),
    ]  # fmt: skip
    assert scopes(made) == ["head_gau_uv", "", "", "norm"]
    assert scopes([conv("a", "x", scope="network_module_a"), conv("b", "a", scope="swap")]) == ["a", "swap"]
    assert common_parts(["head_mlp_1", "", "head_gau_uv", "stem", "head_gau_o"]) == ["head", "stem"]


def test_names_from_a_package_are_shown_and_not_obeyed() -> None:
    wild = operation("resample", value("a\x1b[31m[red]", 1, 8), x=value("x", 1, 8))
    text = render(portability(program(wild, metadata={"flmcore.detector": "x\x1b]0;y"})))
    assert "\x1b" not in text
    assert r"a\x1b[31m[red]" in text


@pytest.mark.parametrize("width", [40, 80, 100, 120])
def test_the_terminal_is_wide_enough(width: int) -> None:
    report = portability(
        program(*chain(*"cslcslcslcslcsl" * 3)), notes=["A note of some length to be wrapped."]
    )
    text = render(report, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "6 more" in text  # 30 segments, 24 shown


def test_json_holds_everything_and_is_the_same_twice() -> None:
    made = program(*chain("c", "l", "s"))
    first, second = (dump_json(portability(made, name="me").to_dict()) for _ in range(2))
    assert first == second
    record = json.loads(first)
    assert record["format"] == "flmcore portability 1"
    assert [row["unit"] for row in record["operations"]] == ["neural engine", "cpu or gpu", "neural engine"]
    assert record["verdict"]["level"] == "parts"
    assert record["hits"][0]["rule"] == "resample"


def test_an_empty_program_is_whole() -> None:
    report = portability(program())
    assert (report.verdict.level, report.switches, report.segments) == ("whole", 0, ())
