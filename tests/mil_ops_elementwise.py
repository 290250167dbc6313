"""Operations of Core ML's programs that treat each number for itself, and casts."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F

from mil_ops import Numbers, op

_UNARY: dict[str, Callable[[Numbers], Numbers]] = {
    "abs": torch.abs,
    "ceil": torch.ceil,
    "cos": torch.cos,
    "erf": torch.erf,
    "exp": torch.exp,
    "exp2": torch.exp2,
    "floor": torch.floor,
    "identity": torch.clone,
    "logical_not": torch.logical_not,
    "relu": torch.relu,
    "relu6": lambda x: x.clamp(0, 6),
    "round": torch.round,
    "sigmoid": torch.sigmoid,
    "sign": torch.sign,
    "silu": lambda x: x * torch.sigmoid(x),
    "sin": torch.sin,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros(())),
    "softsign": lambda x: x / (1 + x.abs()),
    "sqrt": torch.sqrt,
    "square": torch.square,
    "tanh": torch.tanh,
}
_BINARY: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "add": torch.add,
    "equal": torch.eq,
    "floor_div": lambda x, y: torch.div(x, y, rounding_mode="floor"),
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "less": torch.lt,
    "less_equal": torch.le,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_xor": torch.logical_xor,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "mod": torch.remainder,  # the sign of y, as Python's %
    "mul": torch.mul,
    "not_equal": torch.ne,
    "pow": torch.pow,
    "real_div": torch.div,
    "sub": torch.sub,
}
_TYPES = {
    "bool": torch.bool,
    "fp16": torch.float32,  # rounded, where asked for, by the interpreter
    "fp32": torch.float32,
    **dict.fromkeys(("int8", "int16", "int32", "uint8", "uint16"), torch.int32),
}

for _name, _function in _UNARY.items():
    op(_name)(lambda x, _function=_function: _function(x))
for _name, _function in _BINARY.items():
    op(_name)(lambda x, y, _function=_function: _function(x, y))


@op("cast")
def cast(x: Numbers, dtype: str) -> Numbers:
    """To integers by dropping what is behind the point."""
    return x.to(_TYPES[dtype])


@op("clip")
def clip(x: Numbers, alpha: Numbers, beta: Numbers) -> Numbers:
    return torch.minimum(torch.maximum(x, alpha), beta)


@op("elu")
def elu(x: Numbers, alpha: Numbers) -> Numbers:
    return torch.where(x >= 0, x, alpha * torch.expm1(x))


@op("gelu")
def gelu(x: Numbers, mode: str = "EXACT") -> Numbers:
    if mode == "TANH_APPROXIMATION":
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    if mode == "SIGMOID_APPROXIMATION":
        return x * torch.sigmoid(1.702 * x)
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


@op("inverse")
def inverse(x: Numbers, epsilon: Numbers | float = 1e-4) -> Numbers:
    return 1 / (x + epsilon)


@op("leaky_relu")
def leaky_relu(x: Numbers, alpha: Numbers) -> Numbers:
    return torch.where(x >= 0, x, alpha * x)


@op("log")
def log(x: Numbers, epsilon: Numbers | float = 1e-45) -> Numbers:
    return torch.log(x + epsilon)


@op("prelu")
def prelu(x: Numbers, alpha: Numbers) -> Numbers:
    """One slope a channel, the second axis."""
    return F.prelu(x, alpha)


@op("rsqrt")
def rsqrt(x: Numbers, epsilon: Numbers | float = 1e-12) -> Numbers:
    return 1 / torch.sqrt(x + epsilon)


@op("select")
def select(cond: Numbers, a: Numbers, b: Numbers) -> Numbers:
    return torch.where(cond, a, b)


@op("sigmoid_hard")
def sigmoid_hard(x: Numbers, alpha: Numbers, beta: Numbers) -> Numbers:
    return (alpha * x + beta).clamp(0, 1)
