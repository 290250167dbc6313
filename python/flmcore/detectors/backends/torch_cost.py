"""Counts what a torch module costs, by running it once."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from flmcore.detectors.cost import Cost

__all__ = ["module_cost"]

_FUSED = ("_native_multi_head_attention", "_transformer_encoder_layer_fwd", "mkldnn_rnn_layer")


def module_cost(module: torch.nn.Module, shape: Sequence[int]) -> Cost:
    """Parameters of a module, TorchScript too, and the multiply-adds of one input.

    Args:
        module: in evaluation mode; it may lie on torch's meta device.
        shape: of one input, without the batch.
    """
    some = next(module.parameters(), torch.empty(0))
    inputs = torch.zeros((1, *shape), device=some.device, dtype=some.dtype)
    unknown: set[str] = _foreign_nodes(module)
    parameters, note = _parameters(module)

    def remember(name: str) -> Callable[..., int]:
        def count(*_arguments: Any, **_options: Any) -> int:
            unknown.add(name)
            return 0

        return count

    aten = torch.ops.aten
    formulas: dict[Any, Callable[..., int]] = {
        getattr(aten, name): remember(name) for name in _FUSED if hasattr(aten, name)
    }
    formulas |= {aten.mv: _matrix_vector, aten.dot: _matrix_vector, aten.addmv: _add_matrix_vector}
    # Not inference_mode: there the counter fails on a network that hands one of its parameters to a part of it.
    with torch.no_grad(), _taken_apart():
        counter = FlopCounterMode(display=False, custom_mapping=formulas)
        with counter:
            module(inputs)
    if unknown:
        return Cost(parameters, None, f"multiply-adds of {', '.join(sorted(unknown))} cannot be counted")
    return Cost(parameters, counter.get_total_flops() // 2, note)


def _matrix_vector(matrix: Sequence[int], *_vector: Any, **_options: Any) -> int:
    """FLOPs of a product with a vector, which torch's counter leaves out."""
    return 2 * math.prod(matrix)


def _add_matrix_vector(_sum: Any, matrix: Sequence[int], *_vector: Any, **_options: Any) -> int:
    return 2 * math.prod(matrix)


@contextlib.contextmanager
def _taken_apart() -> Iterator[None]:
    """Attention as matrix products: the counter does not know the processor's fused kernels and would count none."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):  # torch before 2.3 has no such choice
            from torch.nn.attention import SDPBackend, sdpa_kernel

            stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        mha = getattr(torch.backends, "mha", None)
        if mha is not None:
            stack.callback(mha.set_fastpath_enabled, mha.get_fastpath_enabled())
            mha.set_fastpath_enabled(False)
        yield


def _parameters(module: torch.nn.Module) -> tuple[int, str]:
    """Their number; frozen TorchScript has none, as freezing turns them into constants of the graph."""
    count = sum(parameter.numel() for parameter in module.parameters())
    if count or not isinstance(module, torch.jit.ScriptModule):
        return count, ""
    graph: Any = module.inlined_graph  # held: its nodes live no longer than it does
    values = (node.output().toIValue() for node in graph.findAllNodes("prim::Constant"))
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    count = sum(tensor.numel() for tensor in tensors if tensor.is_floating_point() and tensor.ndim)
    return count, "frozen TorchScript: its constants are counted as parameters" if count else ""


def _foreign_nodes(module: torch.nn.Module) -> set[str]:
    """Operators of a script that are not PyTorch's own (oneDNN, quantised), which the counter does not see."""
    if not isinstance(module, torch.jit.ScriptModule):
        return set()
    graph = module.inlined_graph
    kinds = {node.kind() for node in graph.nodes()}
    return {kind for kind in kinds if not kind.startswith(("aten::", "prim::")) or "mkldnn" in kind.lower()}
