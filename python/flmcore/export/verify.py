"""A package's weights against those of the network that it was made from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.export.package import read_package
from flmcore.export.program import Argument, Operation, Program
from flmcore.export.verify_fold import Fold, Tensors
from flmcore.export.verify_steps import half_steps, units

if TYPE_CHECKING:
    import torch

__all__ = ["Finding", "Verification", "verify_package"]

# Units in the last place by which folding in float32 may miss: variance + epsilon, root, quotient, product, and the sums
# of a bias, half a unit each.
_ROUNDINGS = 4.0


@dataclass(frozen=True)
class Finding:
    """One weight of the package.

    Attributes:
        name: its own in the package.
        operation: kind of the first operation that takes it, and as what: ``conv.weight``.
        how: ``equal``: byte for byte a tensor of the checkpoint in the package's type; ``part``: one of several equal parts of one;
            ``folded``: one with the batch normalisation behind it; ``compressed``: within half a step of the quantiser,
            folded or not; ``computed``: of no tensor alone, made by the converter; ``different``: near a tensor of the
            checkpoint, and not what rounding explains.
        sources: names of the tensors in the checkpoint; empty for ``computed``.
        difference: the largest; in units of the last place of the package's type, for compressed ones in half steps of
            the quantiser, rounding taken off.
    """

    name: str
    operation: str
    how: str
    sources: tuple[str, ...] = ()
    difference: float = 0.0


@dataclass(frozen=True)
class Verification:
    """Every weight of a package, and what of the checkpoint is in none of them.

    Attributes:
        findings: in the order in which the program uses them.
        missing: names of tensors in the checkpoint of which the package holds nothing: what the network does not use,
            or what a converter computed with.
    """

    findings: tuple[Finding, ...]
    missing: tuple[str, ...]

    def count(self, how: str) -> int:
        """Number of weights that were found so."""
        return sum(finding.how == how for finding in self.findings)

    @property
    def ok(self) -> bool:
        """Whether no weight is ``different``."""
        return not self.count("different")

    def summary(self) -> str:
        """One line for a terminal."""
        words = {
            "equal": "equal to the checkpoint",
            "part": "equal to parts of the checkpoint",
            "folded": "with batch norm folded in",
            "compressed": "within half a step of the compression",
            "computed": "computed by the converter",
            "different": "DIFFERENT from the checkpoint",
        }
        told = [f"{self.count(how)} {text}" for how, text in words.items() if self.count(how)]
        return f"{len(self.findings)} weights read back: {', '.join(told) or 'none'}"


def verify_package(path: str | os.PathLike[str], module: torch.nn.Module) -> Verification:
    """Read a package back and hold its weights against a module's.

    Weights are found by their numbers, not by their names, which converters change. Folding is computed in float64, so
    ``folded`` says how far the converter's own, in float32, is from it.

    Args:
        path: the ``.mlpackage`` folder.
        module: the network that was exported, with its weights.

    Raises:
        ExportError: the package cannot be read.
    """
    tensors = Tensors(
        {name: value.detach().cpu().numpy() for name, value in module.state_dict().items() if value.ndim},
        _epsilons(module),
    )
    findings = list(_findings(read_package(path), tensors))
    used = {source for finding in findings for source in finding.sources}
    missing = tuple(name for name in tensors.state if name not in used)
    return Verification(tuple(findings), missing)


def _epsilons(module: torch.nn.Module) -> dict[str, float]:
    return {
        f"{name}.": float(inner.eps)
        for name, inner in module.named_modules()
        if name and isinstance(getattr(inner, "eps", None), float)
    }


def _findings(program: Program, tensors: Tensors) -> Iterator[Finding]:
    seen: set[str] = set()
    for operation in program.operations():
        fold: Fold | None = None
        # A folded weight says which bias belongs to it.
        for parameter in sorted(operation.inputs, key=lambda name: (name != "weight", name)):
            for argument in operation.inputs[parameter]:
                if argument.name in seen or not _is_weight(argument):
                    continue
                seen.add(argument.name)
                finding, found = _finding(operation, parameter, argument, tensors, fold)
                fold = found or fold
                yield finding


def _is_weight(argument: Argument) -> bool:
    return argument.constant and argument.type.dtype in ("float16", "float32") and bool(argument.type.shape)


def _finding(
    operation: Operation, parameter: str, argument: Argument, tensors: Tensors, fold: Fold | None
) -> tuple[Finding, Fold | None]:
    value = argument.value()
    name, where = argument.name, f"{operation.kind}.{parameter}"
    if sources := tensors.equal(value):
        return Finding(name, where, "equal", sources), None
    if sources := tensors.part(value):
        return Finding(name, where, "part", sources), None
    if parameter == "bias" and fold is not None and fold.norm is not None:
        return _folded_bias(name, where, value, tensors, fold), None
    # Layers' weights alone: a table that is computed from a tensor may well look like it.
    found = tensors.fold(value) if parameter == "weight" and value.ndim > 1 else None
    if found is None:
        return Finding(name, where, "computed"), None
    sources = (found.source, *(found.norm.tensors() if found.norm else ()))
    sources = tuple(source for source in sources if source in tensors.state)
    if argument.unpacks is not None:
        difference = half_steps(argument, found.expected)
        how = "compressed" if difference <= 1.0 else "different"
    else:
        difference = units(value, found.expected)
        how = "folded" if found.norm and difference <= _ROUNDINGS else "different"
    return Finding(name, where, how, sources, difference), found


def _folded_bias(name: str, where: str, value: NDArray[Any], tensors: Tensors, fold: Fold) -> Finding:
    """shift + scale · the convolution's own bias, where it has one beside its weight."""
    assert fold.norm is not None
    own = f"{fold.source.removesuffix('weight')}bias"
    expected, size, sources = fold.norm.shift, fold.norm.size, fold.norm.tensors()
    if own in tensors.state and own != fold.source:
        moved = fold.norm.scale * tensors.state[own]
        expected, size, sources = expected + moved, size + np.abs(moved), (own, *sources)
    difference = units(value, expected, size=size)  # a sum may cancel: it is as exact as its terms are
    how = "folded" if difference <= _ROUNDINGS else "different"
    return Finding(name, where, how, tuple(one for one in sources if one in tensors.state), difference)
