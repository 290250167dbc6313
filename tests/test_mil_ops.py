"""Each operation of the interpreter against PyTorch, coremltools' own evaluation, or an example worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import mil_interpreter
from flmcore.export.program import Argument, Block, Operation, Program, TensorType
from mil_ops import OPS, UnsupportedError

T = torch.tensor


def noise(*shape: int, seed: int = 0) -> Any:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def same(got: Any, expected: Any, *, atol: float = 1e-5) -> None:
    torch.testing.assert_close(got, torch.as_tensor(expected), rtol=1e-5, atol=atol)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(("stride", "dilation", "pad"), [(1, 1, 0), (2, 1, 1), (1, 2, 2), (3, 2, 1)])
def test_conv_is_pytorchs(groups: int, stride: int, dilation: int, pad: int) -> None:
    x, weight, bias = noise(1, 4, 11, 9), noise(6, 4 // groups, 3, 3, seed=1), noise(6, seed=2)
    got = OPS["conv"](
        x=x,
        weight=weight,
        bias=bias,
        strides=T([stride, stride]),
        pad_type="custom",
        pad=T([pad] * 4),
        dilations=T([dilation, dilation]),
        groups=T(groups),
    )
    same(got, torch.nn.functional.conv2d(x, weight, bias, stride, pad, dilation, groups))


def test_conv_pads_each_side_for_itself() -> None:
    x = torch.ones(1, 1, 2, 2)
    got = OPS["conv"](x=x, weight=torch.ones(1, 1, 1, 1), pad_type="custom", pad=T([1, 0, 0, 2]))
    same(got, [[[[0.0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]]])


@pytest.mark.parametrize(
    ("pad_type", "expected"),
    [("same", [3.0, 7.0, 5.0]), ("same_lower", [1.0, 5.0, 9.0]), ("valid", [3.0, 7.0])],
)
def test_conv_same_keeps_the_share_of_places(pad_type: str, expected: list[float]) -> None:
    x = torch.arange(1.0, 6.0).reshape(1, 1, 5)
    got = OPS["conv"](x=x, weight=torch.ones(1, 1, 2), strides=T([2]), pad_type=pad_type)
    same(got, [[expected]])


def test_conv_of_one_and_three_axes() -> None:
    same(
        OPS["conv"](x=noise(1, 2, 7), weight=noise(3, 2, 3)),
        torch.nn.functional.conv1d(noise(1, 2, 7), noise(3, 2, 3)),
    )
    same(
        OPS["conv"](x=noise(1, 2, 4, 5, 6), weight=noise(3, 2, 1, 2, 3)),
        torch.nn.functional.conv3d(noise(1, 2, 4, 5, 6), noise(3, 2, 1, 2, 3)),
    )


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("include", [False, True])
@pytest.mark.parametrize(("kernel", "stride", "pad"), [(2, 2, 0), (3, 2, 1), (3, 3, 1), (5, 3, 2), (3, 1, 1)])
@pytest.mark.parametrize("size", [(7, 9), (8, 10)])
def test_pooling_is_pytorchs(
    size: tuple[int, int], kernel: int, stride: int, pad: int, include: bool, ceil_mode: bool
) -> None:
    x = noise(1, 3, *size)
    how = {
        "x": x,
        "kernel_sizes": T([kernel, kernel]),
        "strides": T([stride, stride]),
        "pad_type": "custom",
        "pad": T([pad] * 4),
        "ceil_mode": T(ceil_mode),
    }
    functional = torch.nn.functional
    same(OPS["max_pool"](**how), functional.max_pool2d(x, kernel, stride, pad, ceil_mode=ceil_mode))
    same(
        OPS["avg_pool"](**how, exclude_padding_from_average=T(not include)),
        functional.avg_pool2d(x, kernel, stride, pad, ceil_mode=ceil_mode, count_include_pad=include),
    )


def test_pooling_same_by_hand() -> None:
    x = T([[[1.0, 2, 3]]])
    how = {"x": x, "kernel_sizes": T([2]), "strides": T([2]), "pad_type": "same"}
    same(OPS["avg_pool"](**how), [[[1.5, 1.5]]])
    same(OPS["avg_pool"](**how, exclude_padding_from_average=T(True)), [[[1.5, 3.0]]])
    same(OPS["avg_pool"](**{**how, "pad_type": "same_lower"}), [[[0.5, 2.5]]])
    same(OPS["max_pool"](**{**how, "x": -x}), [[[-1.0, -3.0]]])


def test_normalisation_is_pytorchs() -> None:
    x, mean, variance = noise(1, 3, 4, 5), noise(3, seed=1), noise(3, seed=2) ** 2
    gamma, beta = noise(3, seed=3), noise(3, seed=4)
    functional = torch.nn.functional
    same(
        OPS["batch_norm"](x=x, mean=mean, variance=variance, gamma=gamma, beta=beta, epsilon=T(1e-3)),
        functional.batch_norm(x, mean, variance, gamma, beta, eps=1e-3),
    )
    same(
        OPS["batch_norm"](x=x, mean=mean, variance=variance),
        functional.batch_norm(x, mean, variance, eps=1e-5),
    )
    gamma, beta = noise(4, 5, seed=3), noise(4, 5, seed=4)
    same(
        OPS["layer_norm"](x=x, axes=T([2, -1]), gamma=gamma, beta=beta, epsilon=T(1e-2)),
        functional.layer_norm(x, (4, 5), gamma, beta, 1e-2),
    )
    same(OPS["layer_norm"](x=x), functional.layer_norm(x, x.shape))
    same(OPS["softmax"](x=x, axis=T(1)), functional.softmax(x, 1))


def test_products() -> None:
    x, y = noise(2, 3, 4), noise(2, 4, 5, seed=1)
    same(OPS["matmul"](x=x, y=y), x @ y)
    same(OPS["matmul"](x=x.mT, y=y.mT, transpose_x=T(True), transpose_y=T(True)), x @ y)
    same(OPS["linear"](x=x, weight=noise(6, 4), bias=noise(6)), x @ noise(6, 4).T + noise(6))


@pytest.mark.parametrize(
    ("mode", "count", "expected"),
    [
        ("UNALIGN_CORNERS", 5, [0.0, 0.1, 0.5, 0.9, 1.0]),
        ("STRICT_ALIGN_CORNERS", 5, [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("DEFAULT", 5, [0.0, 0.4, 0.8, 1.0, 1.0]),
        ("OFFSET_CORNERS", 5, [0.1, 0.3, 0.5, 0.7, 0.9]),
        ("ALIGN_CORNERS", 1, [0.5]),
        ("UNALIGN_CORNERS", 6, [0.0, 0.0, 1 / 3, 2 / 3, 1.0, 1.0]),
        ("ALIGN_CORNERS", 6, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        ("DEFAULT", 6, [0.0, 1 / 3, 2 / 3, 1.0, 1.0, 1.0]),
    ],
)
def test_resize_samples_as_the_format_documents(mode: str, count: int, expected: list[float]) -> None:
    """The examples of Core ML's documentation: two pixels, 0 and 1."""
    got = OPS["resize_bilinear"](
        x=T([[[0.0, 1.0]]]), target_size_height=T(1), target_size_width=T(count), sampling_mode=mode
    )
    same(got, [[expected]])


@pytest.mark.parametrize("scale", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("align", [False, True])
def test_upsampling_is_pytorchs(scale: float, align: bool) -> None:
    x = noise(1, 2, 5, 7)
    factors = {"x": x, "scale_factor_height": T(scale), "scale_factor_width": T(2.0)}
    same(
        OPS["upsample_bilinear"](**factors, align_corners=T(align)),
        torch.nn.functional.interpolate(
            x, scale_factor=(scale, 2.0), mode="bilinear", align_corners=align, recompute_scale_factor=True
        ),
    )
    same(
        OPS["upsample_nearest_neighbor"](**factors),
        torch.nn.functional.interpolate(x, scale_factor=(scale, 2.0), mode="nearest"),
    )


@pytest.mark.parametrize(
    ("padding", "align"),
    [
        ("constant", False), ("constant", True), ("border", False), ("border", True), ("reflection", True),
        ("symmetric", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_resample_is_grid_sample(mode: str, padding: str, align: bool) -> None:
    """PyTorch reflects at pixel centres where corners are aligned, at pixel edges where they are not."""
    x, grid = noise(2, 3, 5, 6), noise(2, 4, 7, 2, seed=1) * 1.5
    got = OPS["resample"](
        x=x,
        coordinates=grid,
        sampling_mode=mode,
        padding_mode=padding,
        padding_value=T(0.0),
        coordinates_mode="normalized_minus_one_to_one",
        align_corners=T(align),
    )
    names = {"constant": "zeros", "symmetric": "reflection"}
    expected = torch.nn.functional.grid_sample(
        x, grid, mode=mode, padding_mode=names.get(padding, padding), align_corners=align
    )
    same(got, expected, atol=2e-5)


def test_resample_by_hand() -> None:
    how: dict[str, Any] = {
        "x": T([[[[0.0, 10, 20]]]]),
        "coordinates": T([[[[0.25, 0.0], [-1.0, 0.0], [3.0, 0.0]]]]),
        "sampling_mode": "bilinear",
        "padding_value": T(7.0),
        "coordinates_mode": "unnormalized",
        "align_corners": T(True),
    }
    same(OPS["resample"](**how, padding_mode="constant"), [[[[2.5, 7.0, 7.0]]]])
    same(OPS["resample"](**how, padding_mode="reflection"), [[[[2.5, 10.0, 10.0]]]])
    same(OPS["resample"](**how, padding_mode="symmetric"), [[[[2.5, 0.0, 20.0]]]])
    how |= {"coordinates": T([[[[0.5, 0.0]]]]), "coordinates_mode": "normalized_zero_to_one"}
    same(OPS["resample"](**how, padding_mode="border"), [[[[10.0]]]])


def test_slices() -> None:
    x = torch.arange(24).reshape(2, 3, 4)
    got = OPS["slice_by_index"](
        x=x,
        begin=T([-1, 9, 3]),
        end=T([9, 2, 0]),
        stride=T([1, 1, -2]),
        begin_mask=T([False, True, False]),
        squeeze_mask=T([True, False, False]),
    )
    assert got.tolist() == [[15, 13], [19, 17]]
    whole = OPS["slice_by_index"](x=x, begin=T([0, 1, 0]), end=T([0, 2, 0]), end_mask=T([True, False, True]))
    assert torch.equal(whole, x[:, 1:2])
    backwards = OPS["slice_by_index"](
        x=x, begin=T([0, 0, 0]), end=T([0, 0, 0]), stride=T([1, 1, -1]),
        begin_mask=T([True, True, True]), end_mask=T([True, True, True]),
    )  # fmt: skip
    assert torch.equal(backwards, x.flip(2))


def test_shapes() -> None:
    x = torch.arange(6.0).reshape(1, 2, 3)
    assert OPS["reshape"](x=x, shape=T([0, -1, 2])).shape == (1, 3, 2)
    assert OPS["expand_dims"](x=x, axes=T([0, -1])).shape == (1, 1, 2, 3, 1)
    assert OPS["squeeze"](x=x).shape == (2, 3)
    assert OPS["squeeze"](x=x, axes=T([0])).shape == (2, 3)
    assert torch.equal(OPS["transpose"](x=x, perm=T([2, 0, 1])), x.permute(2, 0, 1))
    assert torch.equal(OPS["tile"](x=x, reps=T([2, 1, 2])), x.repeat(2, 1, 2))
    assert torch.equal(OPS["reverse"](x=x, axes=T([-1])), x.flip(-1))
    assert [part.shape[2] for part in OPS["split"](x=x, axis=T(2), split_sizes=T([1, 2]))] == [1, 2]
    assert len(OPS["split"](x=x, axis=T(2), num_splits=T(3))) == 3
    assert torch.equal(OPS["stack"](values=(x, x), axis=T(-1)), torch.stack((x, x), -1))
    assert OPS["concat"](values=(x, -x), axis=T(2)).tolist() == [
        [[0, 1, 2, 0, -1, -2], [3, 4, 5, -3, -4, -5]]
    ]
    interleaved = OPS["concat"](values=(x, -x), axis=T(1), interleave=T(True))
    assert interleaved[0, :, 2].tolist() == [2, -2, 5, -5]
    assert OPS["shape"](x=x).tolist() == [1, 2, 3]
    assert OPS["fill"](shape=T([2]), value=T(3.0)).tolist() == [3, 3]
    assert OPS["fill_like"](ref_tensor=x, value=T(2.5)).unique().tolist() == [2.5]
    assert OPS["range_1d"](start=T(1), end=T(6), step=T(2)).tolist() == [1, 3, 5]


def test_padding_and_gathering() -> None:
    x = torch.arange(6.0).reshape(2, 3)
    assert OPS["pad"](x=x, pad=T([0, 0, 1, 2]), constant_val=T(9.0))[0].tolist() == [9, 0, 1, 2, 9, 9]
    assert OPS["pad"](x=x, pad=T([1, 0, 0, 0]))[:, 0].tolist() == [0, 0, 3]
    assert OPS["pad"](x=x, pad=T([0, 0, 2, 0]), mode="reflect")[0].tolist() == [2, 1, 0, 1, 2]
    assert OPS["gather"](x=x, indices=T([2, -3]), axis=T(1)).tolist() == [[2, 0], [5, 3]]
    assert OPS["gather"](x=x, indices=T(1), axis=T(0)).tolist() == [3, 4, 5]
    assert OPS["gather"](x=x, indices=T([[0, 1], [1, 1]]), axis=T(-1)).shape == (2, 2, 2)
    assert OPS["gather_along_axis"](x=x, indices=T([[2], [-1]]), axis=T(1)).tolist() == [[2], [5]]


def test_argmax_takes_the_first_of_equals() -> None:
    x = T([[1.0, 3, 3], [5, 5, 5]])
    got = OPS["reduce_argmax"](x=x, axis=T(-1))
    assert (got.tolist(), got.dtype) == ([1, 0], torch.int32)
    assert OPS["reduce_argmax"](x=x, axis=T(0), keep_dims=T(True)).tolist() == [[1, 1, 1]]


def test_casts_drop_the_fraction() -> None:
    x = T([-1.7, 2.5])
    assert OPS["cast"](x=x, dtype="int32").tolist() == [-1, 2]
    assert OPS["cast"](x=x, dtype="bool").tolist() == [True, True]
    assert OPS["cast"](x=T([3], dtype=torch.int32), dtype="fp32").dtype == torch.float32


@pytest.fixture(scope="module")
def builder() -> Any:
    """coremltools' builder, which evaluates operations on constants in NumPy."""
    from coreml_here import coremltools

    return coremltools().converters.mil.Builder


def evaluated(builder: Any, kind: str, **given: Any) -> Any:
    """What coremltools makes of the operation while it converts."""
    made: list[Any] = []

    @builder.program(input_specs=[builder.TensorSpec(shape=(1,))])
    def program(x: Any) -> Any:
        made.append(getattr(builder, kind)(**given).val)
        return builder.identity(x=x)

    return made[0]


NUMBERS = np.array([[-2.5, -1.5, -0.5, 0.0], [0.5, 0.75, 1.5, 2.5]], np.float32)
POSITIVE = np.abs(NUMBERS) + np.float32(0.25)
OTHER = np.array([[1.5, -2.0, 0.5, 3.0]], np.float32)


@pytest.mark.parametrize(
    "kind",
    [
        "abs", "ceil", "cos", "erf", "exp", "exp2", "floor", "relu", "relu6", "round", "sigmoid", "sign", "sin",
        "softplus", "softsign", "square", "tanh", "gelu",
    ],
)  # fmt: skip
def test_unary_is_coremltools(builder: Any, kind: str) -> None:
    same(OPS[kind](x=torch.from_numpy(NUMBERS)), evaluated(builder, kind, x=NUMBERS))


@pytest.mark.parametrize("kind", ["sqrt", "log", "rsqrt", "inverse"])
def test_unary_of_positive_numbers_is_coremltools(builder: Any, kind: str) -> None:
    same(OPS[kind](x=torch.from_numpy(POSITIVE)), evaluated(builder, kind, x=POSITIVE))
    if kind not in ("sqrt", "log"):
        same(
            OPS[kind](x=torch.from_numpy(POSITIVE), epsilon=T(0.5)),
            evaluated(builder, kind, x=POSITIVE, epsilon=np.float32(0.5)),
        )


def test_silu_is_coremltools_sigmoid_times_x(builder: Any) -> None:
    same(OPS["silu"](x=torch.from_numpy(NUMBERS)), NUMBERS * evaluated(builder, "sigmoid", x=NUMBERS))


@pytest.mark.parametrize(
    "kind",
    [
        "add", "sub", "mul", "real_div", "floor_div", "mod", "maximum", "minimum", "equal", "not_equal", "greater",
        "greater_equal", "less", "less_equal",
    ],
)  # fmt: skip
def test_binary_is_coremltools(builder: Any, kind: str) -> None:
    x, y = (torch.from_numpy(numbers) for numbers in (NUMBERS, OTHER))
    same(OPS[kind](x=x, y=y), evaluated(builder, kind, x=NUMBERS, y=OTHER))


def test_power_and_logic_are_coremltools(builder: Any) -> None:
    given = {"x": POSITIVE, "y": OTHER}
    same(
        OPS["pow"](**{key: torch.from_numpy(value) for key, value in given.items()}),
        evaluated(builder, "pow", **given),
    )
    truths = {"x": np.array([True, True, False, False]), "y": np.array([True, False, True, False])}
    for kind in ("logical_and", "logical_or", "logical_xor"):
        got = OPS[kind](**{key: torch.from_numpy(value) for key, value in truths.items()})
        same(got, evaluated(builder, kind, **truths))
    same(OPS["logical_not"](x=T([True, False])), [False, True])


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("clip", {"alpha": np.float32(-1), "beta": np.float32(1)}),
        ("elu", {"alpha": np.float32(0.3)}),
        ("leaky_relu", {"alpha": np.float32(0.1)}),
        ("sigmoid_hard", {"alpha": np.float32(1 / 6), "beta": np.float32(0.5)}),
        ("gelu", {"mode": "TANH_APPROXIMATION"}),
        ("gelu", {"mode": "SIGMOID_APPROXIMATION"}),
    ],
)  # fmt: skip
def test_activations_with_parameters_are_coremltools(builder: Any, kind: str, more: dict[str, Any]) -> None:
    mine = {key: T(value) if not isinstance(value, str) else value for key, value in more.items()}
    same(OPS[kind](x=torch.from_numpy(NUMBERS), **mine), evaluated(builder, kind, x=NUMBERS, **more))


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize(
    "kind",
    [
        "reduce_l1_norm", "reduce_l2_norm", "reduce_log_sum_exp", "reduce_max", "reduce_mean", "reduce_min",
        "reduce_sum", "reduce_sum_square",
    ],
)  # fmt: skip
def test_reductions_are_coremltools(builder: Any, kind: str, keep: bool) -> None:
    x = noise(2, 3, 4).numpy()
    for axes in ([-1], [0, 2]):
        got = OPS[kind](x=torch.from_numpy(x), axes=T(axes), keep_dims=T(keep))
        same(got, evaluated(builder, kind, x=x, axes=axes, keep_dims=keep))


def test_prelu_and_select() -> None:
    x = T([[[-1.0, 2.0], [-1.0, 2.0]]])
    assert OPS["prelu"](x=x, alpha=T([0.5, 0.25])).tolist() == [[[-0.5, 2], [-0.25, 2]]]
    assert OPS["select"](cond=T([True, False]), a=T([1.0, 2.0]), b=T([3.0, 4.0])).tolist() == [1, 4]


def program(kind: str, shape: tuple[int, ...], dtype: str = "float32") -> Program:
    """One operation on a 1×4 input."""
    given = Argument("x", TensorType("float32", (1, 4)))
    made = Argument("y", TensorType(dtype, shape))
    main = Block((given,), (Operation(kind, "only", {"x": (given,)}, (made,)),), ("y",))
    return Program(7, "CoreML6", {"x": given.type}, {"y": made.type}, main, {}, 0)


def test_interpreter_names_what_it_does_not_know() -> None:
    x = {"x": np.ones((1, 4), np.float32)}
    with pytest.raises(UnsupportedError, match="lstm only: expected an operation of the table"):
        mil_interpreter.execute(program("lstm", (1, 4)), x)


def test_interpreter_holds_the_program_to_its_types() -> None:
    x = {"x": np.full((1, 4), 1 / 3, np.float32)}
    with pytest.raises(ValueError, match=r"relu only: expected float32 \(1, 5\), got torch.float32 \(1, 4\)"):
        mil_interpreter.execute(program("relu", (1, 5)), x)
    with pytest.raises(ValueError, match="relu only: expected int32"):
        mil_interpreter.execute(program("relu", (1, 4), "int32"), x)
    full = mil_interpreter.execute(program("relu", (1, 4), "float16"), x)["y"]
    half = mil_interpreter.execute(program("relu", (1, 4), "float16"), x, half=True)["y"]
    assert (full[0, 0], half[0, 0]) == (np.float32(1 / 3), np.float32(np.float16(1 / 3)))
