"""Each rule of the portability report on the smallest program that it must hit, and on one that it must not."""

from __future__ import annotations

import math
import re

import pytest

from flmcore.export.portability import RULES, RULES_VERSION, SEVERITIES, portability
from flmcore.export.program import Argument, Block, Operation
from flmcore.export.ranges import Range, Ranges
from made_programs import constant, conv, operation, program, relu, resample, value, weight


def map_(name: str = "x", *shape: int | None, dtype: str = "float16") -> Argument:
    return value(name, *(shape or (1, 8, 32, 32)), dtype=dtype)


def pool(side: int, step: int, kind: str = "max_pool") -> Operation:
    return operation(
        kind, map_("y"), x=map_(), kernel_sizes=constant([side, side]), strides=constant([step, step])
    )


def upsample(kind: str, before: int, after: int) -> Operation:
    return operation(kind, map_("y", 1, 8, after, after), x=map_("x", 1, 8, before, before))


def convolution(side: int = 3, dilation: int = 1) -> Operation:
    return operation(
        "conv", map_("y"), x=map_(), weight=weight("w", 8, 8, side, side), dilations=constant([dilation] * 2)
    )


def linear(*rows: int | None) -> Operation:
    return operation("linear", map_("y", *rows, 6), x=map_("x", *rows, 4), weight=weight("w", 6, 4))


def matmul(*batch: int) -> Operation:
    return operation("matmul", map_("s", *batch, 5, 5), x=map_("q", *batch, 5, 4), y=map_("k", *batch, 4, 5))


def layer_norm() -> Operation:
    return operation("layer_norm", map_("y", 1, 5, 4), x=map_("x", 1, 5, 4), axes=constant([2]))


def transposes(count: int) -> list[Operation]:
    swap = {"x": map_("x", 1, 4, 40), "perm": constant([0, 2, 1])}
    return [operation("transpose", map_(f"t{number}", 1, 40, 4), **swap) for number in range(count)]


def reshapes(count: int, last: int) -> list[Operation]:
    return [operation("reshape", map_(f"t{n}", 2, 2, last), x=map_("x", 4, 40)) for n in range(count)]


def slice_at(begin: object) -> Operation:
    return operation("slice_by_index", map_("y", 1, 8), x=map_("x", 4, 8), begin=begin, end=constant([1, 8]))


def branch() -> Operation:
    inner = Block((), (relu("inner", "x"),), ("inner",))
    return Operation("cond", "choice", {"pred": (value("flag", dtype="bool"),)}, (map_("y"),), (inner, inner))


HIT = {
    "symbolic-shape": [operation("relu", map_("y", None, 8), x=map_("x", None, 8))],
    "rank-above-5": [operation("relu", map_("y", 1, 2, 3, 4, 5, 6), x=map_("x", 1, 2, 3, 4, 5, 6))],
    "float32-compute": [
        operation("relu", map_("y", 1, 8, dtype="float32"), x=map_("x", 1, 8, dtype="float32"))
    ],
    "integer-compute": [operation("reduce_argmax", map_("y", 1, 8, dtype="int32"), x=map_("x", 1, 8, 4))],
    "resample": [resample("y", "x")],
    "index-fed": [operation("topk", (map_("y", 1, 4), map_("z", 1, 4)), x=map_("x", 1, 8))],
    "recurrent": [operation("gru", map_("y", 5, 1, 4), x=map_("x", 5, 1, 4), weight_ih=weight("w", 12, 4),
                            weight_hh=weight("v", 12, 4))],
    "control-flow": [branch()],
    "custom-op": [operation("custom_layer", map_("y"), x=map_())],
    "large-pooling": [pool(15, 1)],
    "large-kernel": [convolution(15)],
    "large-upsampling": [upsample("upsample_bilinear", 16, 64)],
    "dilated-conv": [convolution(dilation=2)],
    "sequence-matmul": [linear(1, 5)],
    "layout-changes": transposes(8),
    "last-axis-padding": [operation("relu", map_("y", 1, 256, 686, 7), x=map_("x", 1, 256, 686, 7))],
}  # fmt: skip
ALSO_HIT = {
    "index-fed": [
        [operation("gather_along_axis", map_("y", 1, 4), x=map_("x", 1, 8), indices=value("i", 1, 4))],
        [slice_at(value("place", 2))],
        [operation("scatter_nd", map_("y", 1, 4), data=map_("x", 1, 4))],
    ],
    "large-pooling": [[pool(3, 3)], [pool(15, 2, "avg_pool")]],
    "large-upsampling": [
        [upsample("upsample_nearest_neighbor", 8, 32)],
        [upsample("resize_bilinear", 8, 17)],
    ],
    "sequence-matmul": [[linear(1, 6, 98)], [linear(1, None)], [matmul(1)]],
    "layout-changes": [reshapes(8, last=10)],
    "control-flow": [[operation("list_read", map_("y"), ls=value("kept"), index=constant(0))]],
    "rank-above-5": [[operation("reduce_sum", map_("y", 1), x=map_("x", 1, 1, 1, 1, 1, 1))]],
}
MISSED = {
    "symbolic-shape": [[relu("y", "x")]],
    "layer-norm-flexible": [[layer_norm()]],
    "rank-above-5": [[operation("relu", map_("y", 1, 2, 3, 4, 5), x=map_("x", 1, 2, 3, 4, 5))]],
    "float32-compute": [
        [relu("y", "x")],
        # What the converter writes for a picture's scale, and the casts at both ends.
        [
            operation("mul", value("scaled", 1, 3, 8, 8, dtype="float32"),
                      x=value("image", 1, 3, 8, 8, dtype="float32"), y=constant(0.5, dtype="float32")),
            operation("cast", value("half", 1, 3, 8, 8), x=value("scaled", 1, 3, 8, 8, dtype="float32")),
            relu("y", "half"),
            operation("cast", map_("z", dtype="float32"), x=map_("y")),
        ],
    ],
    "integer-compute": [[relu("y", "x")], [slice_at(constant([0, 0]))]],
    "index-fed": [[slice_at(constant([0, 0]))], [operation("slice_by_size", map_("y"), x=map_(),
                                                           begin=constant([0]), size=constant([1]))]],
    "large-pooling": [[pool(13, 2)], [pool(3, 1, "avg_pool")]],
    "large-kernel": [[convolution(13)]],
    "large-upsampling": [[upsample("upsample_nearest_neighbor", 4, 8)]],
    "dilated-conv": [[convolution()]],
    "sequence-matmul": [[linear(1)], [linear(1, 1)], [matmul(1, 8)]],
    "layout-changes": [transposes(7), reshapes(12, last=40)],
    "last-axis-padding": [
        [operation("relu", map_("y", 1, 192, 8, 8), x=map_("x", 1, 192, 8, 8))],
        [operation("relu", map_("y", 1, 256, 686, 32), x=map_("x", 1, 256, 686, 32))],
    ],
}  # fmt: skip


def hit_by(*operations: Operation) -> set[str]:
    return {hit.rule for hit in portability(program(*operations)).hits}


@pytest.mark.parametrize("rule", HIT)
def test_rule_hits_what_it_describes(rule: str) -> None:
    assert rule in hit_by(*HIT[rule])


@pytest.mark.parametrize(
    ("rule", "case"), [(rule, n) for rule, all_ in ALSO_HIT.items() for n in range(len(all_))]
)
def test_rule_hits_other_forms(rule: str, case: int) -> None:
    assert rule in hit_by(*ALSO_HIT[rule][case])


@pytest.mark.parametrize(
    ("rule", "case"), [(rule, n) for rule, all_ in MISSED.items() for n in range(len(all_))]
)
def test_rule_leaves_the_rest_alone(rule: str, case: int) -> None:
    assert rule not in hit_by(*MISSED[rule][case])


def test_layer_norm_of_a_model_with_several_shapes() -> None:
    report = portability(program(layer_norm(), image=(1, 3, None, None)))
    assert "layer-norm-flexible" in {hit.rule for hit in report.hits}


@pytest.mark.parametrize(
    ("largest", "small", "rules"),
    [
        (1000.0, 0.5, set()),
        (32752.5, 0.0, {"float16-near-overflow"}),
        (65504.0, 0.0, {"float16-near-overflow"}),
        (65505.0, 0.0, {"float16-overflow"}),
        (math.inf, 0.0, {"float16-overflow"}),
        (1.0, 0.51, {"float16-underflow"}),
    ],
)
def test_range_of_float16(largest: float, small: float, rules: set[str]) -> None:
    ranges = Ranges(("a.png",), 1, (Range("quiet: relu", 1.0, 0.0), Range("loud: mul", largest, small)))
    report = portability(program(relu("y", "x")), ranges=ranges)
    assert {hit.rule for hit in report.hits} == rules
    assert all(hit.first == "loud: mul" and hit.count == 1 and hit.measured for hit in report.hits)
    assert (report.verdict.level == "wrong") is ("float16-overflow" in rules)


def test_every_rule_is_tried_here() -> None:
    tried = {*HIT, "layer-norm-flexible", "float16-overflow", "float16-near-overflow", "float16-underflow"}
    assert tried == {rule.id for rule in RULES}


def test_every_rule_has_its_parts() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert re.fullmatch(r"\d{4}\.\d+", RULES_VERSION)
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9-]+", rule.id)
        assert rule.severity in SEVERITIES
        assert rule.sources
        assert all(source.startswith("https://") for source in rule.sources)
        assert rule.why.endswith(".")
        assert rule.rewrite.endswith(".")


def test_what_follows_from_constants_is_free() -> None:
    unpacked = operation(
        "constexpr_lut_to_dense", weight("w", 8, 8, 3, 3), indices=constant([1, 2], dtype="uint8")
    )
    picked = operation(
        "gather", value("shape", 2, dtype="int32"), x=constant([1, 2]), indices=constant([0, 1])
    )
    reused = operation("cast", value("turned", 2), x=value("shape", 2, dtype="int32"))
    assert hit_by(unpacked, picked, reused, conv("y", "x")) == set()
