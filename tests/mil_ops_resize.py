"""Operations of Core ML's programs that read images between their pixels."""

from __future__ import annotations

import torch

from mil_ops import Numbers, UnsupportedError, op


@op("upsample_nearest_neighbor")
def upsample_nearest_neighbor(
    x: Numbers, scale_factor_height: Numbers | float = 1, scale_factor_width: Numbers | float = 1
) -> Numbers:
    """Whole factors alone: how others round, the format leaves open."""
    for axis, scale in ((-2, float(scale_factor_height)), (-1, float(scale_factor_width))):
        if scale != int(scale):
            msg = f"upsample_nearest_neighbor: expected whole factors, got {scale}"
            raise UnsupportedError(msg)
        x = x.repeat_interleave(int(scale), axis)
    return x


@op("upsample_bilinear")
def upsample_bilinear(
    x: Numbers,
    scale_factor_height: Numbers | float = 1,
    scale_factor_width: Numbers | float = 1,
    align_corners: Numbers | bool = True,
    half_pixel_centers: Numbers | bool | None = None,
) -> Numbers:
    half = not align_corners if half_pixel_centers is None else bool(half_pixel_centers)
    mode = "STRICT_ALIGN_CORNERS" if align_corners else "UNALIGN_CORNERS"
    if align_corners == half:
        msg = f"upsample_bilinear: expected half_pixel_centers {not half} with align_corners {bool(align_corners)}"
        raise UnsupportedError(msg)
    for axis, scale in ((-2, scale_factor_height), (-1, scale_factor_width)):
        x = _along(x, axis, int(x.shape[axis] * float(scale)), mode)
    return x


@op("resize_bilinear")
def resize_bilinear(
    x: Numbers,
    target_size_height: Numbers | int = 1,
    target_size_width: Numbers | int = 1,
    sampling_mode: str = "DEFAULT",
) -> Numbers:
    x = _along(x, -2, int(target_size_height), sampling_mode)
    return _along(x, -1, int(target_size_width), sampling_mode)


def _along(x: Numbers, axis: int, count: int, mode: str) -> Numbers:
    """``count`` samples along an axis, each between its two neighbours."""
    size = x.shape[axis]
    places = _grid(size, count, mode).clamp(0, size - 1)
    low = places.floor().long()
    high = (low + 1).clamp(max=size - 1)
    share = (places - low).to(x.dtype)
    if axis == -2:
        share = share[:, None]
    return x.index_select(axis, low) * (1 - share) + x.index_select(axis, high) * share


def _grid(size: int, count: int, mode: str) -> Numbers:
    """Where the samples lie, before they are kept inside."""
    steps = torch.arange(count, dtype=torch.float64)
    if mode == "UNALIGN_CORNERS":
        return (steps + 0.5) * (size / count) - 0.5
    if mode == "ALIGN_CORNERS" and count == 1:
        return steps + (size - 1) / 2
    if mode in ("STRICT_ALIGN_CORNERS", "ALIGN_CORNERS"):
        return steps * ((size - 1) / max(1, count - 1))
    if mode == "DEFAULT":
        return steps * ((size - size / count) / max(1, count - 1))
    if mode == "OFFSET_CORNERS":
        return (steps + 0.5) * (max(1, size - 1) / count)
    msg = f"sampling_mode: expected one of those that are documented, got {mode!r}"
    raise ValueError(msg)


@op("resample")
def resample(
    x: Numbers,
    coordinates: Numbers,
    sampling_mode: str,
    padding_mode: str,
    padding_value: Numbers,
    coordinates_mode: str,
    align_corners: Numbers | bool,
) -> Numbers:
    """``x`` (B, C, H, W) at ``coordinates`` (B, h, w, 2), x before y."""
    across, down = (
        _to_pixels(
            coordinates[..., axis].to(x.dtype), x.shape[3 - axis], coordinates_mode, bool(align_corners)
        )
        for axis in (0, 1)
    )

    def at(columns: Numbers, rows: Numbers) -> Numbers:
        return _fetch(x, columns, rows, padding_mode, float(padding_value))

    if sampling_mode == "nearest":
        return at(across.round(), down.round())
    left, top = across.floor(), down.floor()
    right_share, bottom_share = (across - left)[:, None], (down - top)[:, None]
    upper = at(left, top) * (1 - right_share) + at(left + 1, top) * right_share
    lower = at(left, top + 1) * (1 - right_share) + at(left + 1, top + 1) * right_share
    return upper * (1 - bottom_share) + lower * bottom_share


def _to_pixels(places: Numbers, size: int, mode: str, align_corners: bool) -> Numbers:
    """Pixel centres are whole numbers."""
    if mode == "unnormalized":
        return places
    if mode not in ("normalized_minus_one_to_one", "normalized_zero_to_one"):
        msg = f"coordinates_mode: expected one of those that are documented, got {mode!r}"
        raise ValueError(msg)
    shares = (places + 1) / 2 if mode == "normalized_minus_one_to_one" else places
    return shares * (size - 1) if align_corners else shares * size - 0.5


def _fetch(x: Numbers, columns: Numbers, rows: Numbers, padding: str, value: float) -> Numbers:
    """Pixels at whole places, (B, h, w) each, beyond the image by the rule of padding."""
    height, width = x.shape[2:]
    column, row = _inside(columns, width, padding), _inside(rows, height, padding)
    batch, channels, size = x.shape[0], x.shape[1], columns.shape[1:]
    places = (row * width + column).reshape(batch, 1, -1).expand(-1, channels, -1)
    found = x.flatten(2).gather(2, places).reshape(batch, channels, *size)
    if padding == "constant":
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        found = torch.where(inside[:, None], found, torch.full((), value))
    return found


def _inside(places: Numbers, size: int, padding: str) -> Numbers:
    if padding in ("constant", "border"):
        return places.clamp(0, size - 1).long()
    if padding == "reflection":  # the edge is not repeated
        period = max(1, 2 * (size - 1))
        back = places.remainder(period)
        return torch.minimum(back, period - back).clamp(max=size - 1).long()
    if padding == "symmetric":
        back = places.remainder(2 * size)
        return torch.minimum(back, 2 * size - 1 - back).long()
    msg = f"padding_mode: expected constant, border, reflection or symmetric, got {padding!r}"
    raise ValueError(msg)
