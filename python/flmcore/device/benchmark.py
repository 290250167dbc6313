"""What coremltools' benchmarker gives, as an entry of a device file. Nothing here needs a Mac."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["entry_of", "identity_of", "operation_order", "package_sha256", "plan_of"]

_UNITS = {"MLNeuralEngineComputeDevice": "NE", "MLGPUComputeDevice": "GPU", "MLCPUComputeDevice": "CPU"}
_KEYS = {  # user-defined metadata that flmcore's export writes
    "name": "flmcore.detector",
    "weights_sha256": "flmcore.weights_sha256",
    "precision": "flmcore.precision",
    "compression": "flmcore.compression",
}
_NO_COMPRESSION = ("", "none")


def package_sha256(package: Path) -> str:
    """Of a ``.mlpackage``: SHA-256 over each file's path in it (``/`` between parts), NUL, length, NUL and content, by path.

    Files whose name begins with a dot, which a Mac leaves in folders it shows, do not count.
    """
    digest = hashlib.sha256()
    files = (path for path in package.rglob("*") if path.is_file() and not path.name.startswith("."))
    for name, file in sorted((file.relative_to(package).as_posix(), file) for file in files):
        content = file.read_bytes()
        digest.update(name.encode() + b"\0" + str(len(content)).encode() + b"\0" + content)
    return digest.hexdigest()


def identity_of(metadata: Mapping[str, str], package: Path) -> dict[str, str]:
    """Name, sums, precision and compression; the name is the file's where the package is not of flmcore's export."""
    found = {key: metadata[place] for key, place in _KEYS.items() if metadata.get(place)}
    if found.get("compression") in _NO_COMPRESSION:
        del found["compression"]
    return {"name": package.stem, **found, "package_sha256": package_sha256(package)}


def entry_of(
    identity: Mapping[str, str],
    compute_units: str,
    *,
    load: Any,
    predict: Any,
    plan: Sequence[Mapping[str, Any]],
    given: str,
) -> dict[str, Any]:
    """The entry of one package on one compute unit.

    Args:
        identity: of :func:`identity_of`.
        compute_units: ``ALL`` and so on.
        load: ``MLModelBenchmarker.Measurement`` in ms; the first sample is the cold load.
        predict: the same of predictions.
        plan: of :func:`plan_of`; may be empty.
        given: ``image`` or ``tensor``.
    """
    cold, *warm = load.samples
    loads: dict[str, Any] = {"cold": cold} | ({"warm": warm} if warm else {})
    entry: dict[str, Any] = {"name": identity["name"], "compute_units": compute_units, "input": given}
    entry |= {key: value for key, value in identity.items() if key != "name"}
    entry |= {"predict_ms": list(predict.samples), "load_ms": loads}
    return entry | ({"plan": list(plan)} if plan else {})


def operation_order(specification: Any) -> list[str]:
    """Names of the first outputs of a program's operations, in the order in which they run; inner blocks after theirs."""
    if specification.WhichOneof("Type") != "mlProgram":
        return []
    names: list[str] = []
    for function in specification.mlProgram.functions.values():
        names += _outputs(function.block_specializations[function.opset])
    return names


def _outputs(block: Any) -> Iterator[str]:
    for operation in block.operations:
        if operation.outputs:
            yield operation.outputs[0].name
        for inner in operation.blocks:
            yield from _outputs(inner)


def plan_of(operations: Sequence[Any], order: Sequence[str]) -> list[dict[str, Any]]:
    """What the compute plan prefers for each operation, and its estimated share of the cost, in the program's order.

    The benchmarker multiplies the predictions' times by the plan's costs and calls that a measurement; the division by
    their sum takes the plan's own estimate out of it again. Constants are left out.

    Args:
        operations: ``MLModelBenchmarker.OperationExecutionInfo``, in any order.
        order: of :func:`operation_order`.
    """
    places = {name: place for place, name in enumerate(order)}
    rows: list[tuple[int, dict[str, Any], float | None]] = []
    for info in operations:
        if info.spec.type == "const":
            continue
        row: dict[str, Any] = {"kind": info.spec.type}
        name = info.spec.outputs[0].name if info.spec.outputs else ""
        if name:
            row["name"] = name[:200]
        if info.compute_device_usage is not None:
            device = type(info.compute_device_usage.preferred_compute_device).__name__
            row |= {"unit": _UNITS[device]} if device in _UNITS else {}
        statistics = info.measurement.statistics
        rows.append((places.get(name, len(places)), row, None if statistics is None else statistics.median))
    rows.sort(key=lambda entry: entry[0])
    total = sum(time for _, _, time in rows if time is not None)
    if total > 0:
        for _, row, time in rows:
            row |= {} if time is None else {"share": round(time / total, 6)}
    return [row for _, row, _ in rows]
