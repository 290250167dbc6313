"""Operations of Core ML's programs that move numbers and leave them as they are; reductions."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from mil_ops import Numbers, UnsupportedError, ints, op


@op("concat")
def concat(values: tuple[Numbers, ...], axis: Numbers | int, interleave: Numbers | bool = False) -> Numbers:
    if not interleave:
        return torch.cat(values, int(axis))
    where = int(axis) % values[0].ndim
    return torch.stack(values, where + 1).flatten(where, where + 1)


@op("stack")
def stack(values: tuple[Numbers, ...], axis: Numbers | int) -> Numbers:
    return torch.stack(values, int(axis))


@op("split")
def split(
    x: Numbers,
    axis: Numbers | int,
    num_splits: Numbers | int | None = None,
    split_sizes: Numbers | None = None,
) -> tuple[Numbers, ...]:
    if split_sizes is not None:
        return torch.split(x, ints(split_sizes), int(axis))
    assert num_splits is not None
    assert x.shape[int(axis)] % int(num_splits) == 0
    return torch.split(x, x.shape[int(axis)] // int(num_splits), int(axis))


@op("reshape")
def reshape(x: Numbers, shape: Numbers) -> Numbers:
    """0 keeps a size where the number of axes stays, −1 is what is left."""
    sizes = ints(shape)
    if len(sizes) == x.ndim:
        sizes = [size or old for size, old in zip(sizes, x.shape, strict=True)]
    return x.reshape(sizes)


@op("transpose")
def transpose(x: Numbers, perm: Numbers) -> Numbers:
    return x.permute(ints(perm))


@op("expand_dims")
def expand_dims(x: Numbers, axes: Numbers) -> Numbers:
    """``axes`` count in the result."""
    rank = x.ndim + axes.numel()
    for axis in sorted(axis % rank for axis in ints(axes)):
        x = x.unsqueeze(axis)
    return x


@op("squeeze")
def squeeze(x: Numbers, axes: Numbers | None = None) -> Numbers:
    which = ints(axes, [axis for axis, size in enumerate(x.shape) if size == 1])
    assert all(x.shape[axis] == 1 for axis in which)
    return x.squeeze(tuple(which))


@op("tile")
def tile(x: Numbers, reps: Numbers) -> Numbers:
    return x.repeat(ints(reps))


@op("reverse")
def reverse(x: Numbers, axes: Numbers | None = None) -> Numbers:
    return x.flip(ints(axes, list(range(x.ndim))))


@op("slice_by_index")
def slice_by_index(
    x: Numbers,
    begin: Numbers,
    end: Numbers,
    stride: Numbers | None = None,
    begin_mask: Numbers | None = None,
    end_mask: Numbers | None = None,
    squeeze_mask: Numbers | None = None,
) -> Numbers:
    """Python's slices; ``squeeze_mask`` takes the element at ``begin`` alone and drops the axis."""
    none = [0] * x.ndim
    from_start, to_end, single = (ints(mask, none) for mask in (begin_mask, end_mask, squeeze_mask))
    steps = ints(stride, [1] * x.ndim)
    for axis, (first, last, step) in enumerate(zip(ints(begin), ints(end), steps, strict=True)):
        if single[axis]:
            places = [range(x.shape[axis])[first]]
        else:
            bounds = slice(None if from_start[axis] else first, None if to_end[axis] else last, step)
            places = list(range(x.shape[axis])[bounds])
        x = x.index_select(axis, torch.tensor(places, dtype=torch.long))
    return x.squeeze(tuple(axis for axis in range(x.ndim) if single[axis]))


@op("pad")
def pad(x: Numbers, pad: Numbers, mode: str = "constant", constant_val: Numbers | float = 0.0) -> Numbers:
    """Of the last axes; pairs in the order of the axes, PyTorch's begin at the last."""
    pairs = list(zip(ints(pad)[::2], ints(pad)[1::2], strict=True))
    while pairs and pairs[0] == (0, 0):
        pairs.pop(0)
    amounts = [number for pair in reversed(pairs) for number in pair]
    if mode == "constant":
        return F.pad(x, amounts, value=float(constant_val))
    return F.pad(x, amounts, mode=mode)


@op("shape")
def shape(x: Numbers) -> Numbers:
    return torch.tensor(x.shape, dtype=torch.int32)


@op("fill")
def fill(shape: Numbers, value: Numbers | float = 0.0) -> Numbers:
    return torch.full(ints(shape), value.item() if isinstance(value, torch.Tensor) else value)


@op("fill_like")
def fill_like(ref_tensor: Numbers, value: Numbers | float = 0.0) -> Numbers:
    """The shape of ``ref_tensor``, the type of ``value``."""
    return torch.full(ref_tensor.shape, value.item() if isinstance(value, torch.Tensor) else value)


@op("range_1d")
def range_1d(start: Numbers, end: Numbers, step: Numbers) -> Numbers:
    return torch.arange(start.item(), end.item(), step.item(), dtype=start.dtype)


@op("gather")
def gather(
    x: Numbers,
    indices: Numbers,
    axis: Numbers | int = 0,
    batch_dims: Numbers | int = 0,
    validate_indices: Numbers | bool = False,  # says only whether a device checks them
) -> Numbers:
    assert validate_indices in (True, False)
    if int(batch_dims):
        msg = f"gather: expected batch_dims 0, got {int(batch_dims)}"
        raise UnsupportedError(msg)
    where = int(axis) % x.ndim
    places = _places(indices, x.shape[where])
    return x.index_select(where, places.reshape(-1)).unflatten(where, places.shape or (1,)).squeeze(
        () if places.ndim else where
    )  # fmt: skip


@op("gather_along_axis")
def gather_along_axis(
    x: Numbers, indices: Numbers, axis: Numbers | int = 0, validate_indices: Numbers | bool = False
) -> Numbers:
    assert validate_indices in (True, False)
    return torch.take_along_dim(x, _places(indices, x.shape[int(axis)]), int(axis))


def _places(indices: Numbers, size: int) -> Numbers:
    """Negative ones count from the end."""
    return torch.where(indices < 0, indices + size, indices).long()


_REDUCE: dict[str, Callable[[Numbers, list[int], bool], Numbers]] = {
    "reduce_l1_norm": lambda x, axes, keep: x.abs().sum(axes, keep),
    "reduce_l2_norm": lambda x, axes, keep: torch.sqrt((x**2).sum(axes, keep)),
    "reduce_log_sum_exp": torch.logsumexp,
    "reduce_max": torch.amax,
    "reduce_mean": torch.mean,
    "reduce_min": torch.amin,
    "reduce_sum": torch.sum,
    "reduce_sum_square": lambda x, axes, keep: (x**2).sum(axes, keep),
}


def _enter_reduction(kind: str, function: Callable[[Numbers, list[int], bool], Numbers]) -> None:
    def reduce(x: Numbers, axes: Numbers | None = None, keep_dims: Numbers | bool = False) -> Numbers:
        return function(x, ints(axes, list(range(x.ndim))), bool(keep_dims))

    op(kind)(reduce)


for _kind, _function in _REDUCE.items():
    _enter_reduction(_kind, _function)


@op("reduce_argmax")
def reduce_argmax(
    x: Numbers, axis: Numbers | int = -1, keep_dims: Numbers | bool = False, output_dtype: str = "int32"
) -> Numbers:
    """The first of equal maxima; the format leaves open which."""
    assert output_dtype in ("int32", "uint16")
    most = x.amax(int(axis), keepdim=True)
    return (x == most).to(torch.uint8).argmax(int(axis), keepdim=bool(keep_dims)).to(torch.int32)
