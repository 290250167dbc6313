"""Smaller weights: a table of a few values, or whole numbers of 8 bits with a factor for each channel."""

from __future__ import annotations

from typing import Any

from flmcore.detectors.backends.coreml_tools import Shown, quietly
from flmcore.errors import ExportError
from flmcore.nearest import nearest

__all__ = ["COMPRESSIONS", "check_compression", "compress", "in_words"]

COMPRESSIONS = ("none", "palettize-8", "palettize-6", "palettize-4", "int8")

# Above this many half-precision numbers coremltools clusters them exactly (in one dimension the best clusters can be
# computed), with no seed and no further package; below, it would start scikit-learn's search, for a few kilobytes.
_PALETTE_FROM = 10_000
_INT8_FROM = 2_048  # coremltools' own


def check_compression(how: str, precision: str) -> None:
    """ValueError where there is no such compression, ExportError where it does not go with the precision."""
    if how not in COMPRESSIONS:
        msg = f"compress: expected one of {', '.join(COMPRESSIONS)}, got {how!r}{nearest(how, COMPRESSIONS)}"
        raise ValueError(msg)
    if how.startswith("palettize") and precision != "float16":
        msg = f"compress: expected none or int8 with precision {precision}, got {how!r}: palettes are of float16 values"
        raise ExportError(msg)


def in_words(how: str) -> str:
    """For the package's metadata: what was done to the weights."""
    if how == "none":
        return "none"
    if how == "int8":
        least = f"tensors of {_INT8_FROM:,} numbers or more"
        return f"int8: {least} as whole numbers of 8 bits, symmetric, with a factor for each output channel"
    bits = _bits(how)
    least = f"tensors of {_PALETTE_FROM:,} numbers or more"
    return f"{how}: {least} as places in a table of {2**bits} values each, the best by least squares"


def compress(ct: Any, model: Any, how: str, *, shown: Shown | None = None) -> Any:
    """The model with smaller weights, by the same bytes each time; the model itself for ``none``.

    Raises:
        ExportError: coremltools cannot; says why.
    """
    if how == "none":
        return model
    with quietly(shown):
        from coremltools.optimize import coreml as optimize

        try:
            if how == "int8":
                rule = optimize.OpLinearQuantizerConfig(
                    mode="linear_symmetric", dtype="int8", weight_threshold=_INT8_FROM
                )
                return optimize.linear_quantize_weights(
                    model, optimize.OptimizationConfig(global_config=rule)
                )
            rule = optimize.OpPalettizerConfig(
                mode="kmeans", nbits=_bits(how), weight_threshold=_PALETTE_FROM
            )
            return optimize.palettize_weights(model, optimize.OptimizationConfig(global_config=rule))
        except (ImportError, RuntimeError, ValueError, TypeError) as error:
            got = " ".join(str(error).split())
            msg = f"compress: expected weights that coremltools {ct.__version__} can compress, got {got}"
            raise ExportError(msg) from error


def _bits(how: str) -> int:
    return int(how.rpartition("-")[2])
