"""Which part of the network an operation comes from, as far as a package tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from flmcore.export.program import Operation

__all__ = ["common_parts", "scopes"]

# The converter names a weight after the module's path with underscores, and a weight that it computed const_12.
_WEIGHT = re.compile(r"^(?P<scope>[A-Za-z]\w*?)_(?:weight|bias|gamma|beta)(?:_.*)?$")
_WRAPPER = re.compile(r"^(?:network_)?(?:module_)?")  # of flmcore.export.deployed
_COMPUTED = re.compile(r"^(?:const|var|op|input|linear|concat|model)_?\d")


def scopes(operations: Sequence[Operation]) -> list[str]:
    """Per operation the module that its weights are named after (``head_gau_uv``), '' where it has none with a name.

    The name of the exporter's wrapper is left out.
    """
    return [_WRAPPER.sub("", _scope(operation)) for operation in operations]


def _scope(operation: Operation) -> str:
    for parameter in ("weight", "gamma", "bias", "beta"):
        argument = operation.argument(parameter)
        match = None if argument is None else _WEIGHT.match(argument.name)
        if match is not None and not _COMPUTED.match(argument.name if argument is not None else ""):
            return match["scope"]
    return ""


def common_parts(named: Iterable[str]) -> list[str]:
    """Names with one beginning as that beginning: ``head`` for ``head_mlp_1`` and ``head_gau_uv``."""
    groups: dict[str, list[str]] = {}
    for scope in filter(None, named):
        groups.setdefault(scope.partition("_")[0], []).append(scope)
    return [_shared(group) for group in groups.values()]


def _shared(group: Sequence[str]) -> str:
    parts = []
    for tokens in zip(*(scope.split("_") for scope in group), strict=False):
        if len(set(tokens)) > 1:
            break
        parts.append(tokens[0])
    return "_".join(parts)
