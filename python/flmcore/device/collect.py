"""Timing packages on a Mac or on a device connected to it, with coremltools' benchmarker.

It cannot run where this was written: what is read from the benchmarker's results is tested with coremltools' own
classes, the calls themselves follow coremltools 9.0 to the letter (``docs/device.md`` says so too).
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flmcore.device import mac
from flmcore.device.benchmark import entry_of, identity_of, operation_order, plan_of
from flmcore.device.model_input import random_inputs, takes_pictures, with_tensor_inputs
from flmcore.errors import DeviceFileError, MissingExtraError

__all__ = ["Timing", "collect"]

Report = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Timing:
    """How packages are timed.

    Attributes:
        compute_units: what Core ML may use, one run each.
        iterations: timed predictions after one that is not.
        loads: how often each package is loaded; the first is the cold load.
    """

    compute_units: Sequence[str] = ("ALL",)
    iterations: int = 100
    loads: int = 5


def collect(
    packages: Sequence[Path],
    timing: Timing,
    *,
    device: str = "local",
    team: str = "",
    model: str | None = None,
    report: Report | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """A device file's record, and what could not be measured, a line each.

    Args:
        packages: ``.mlpackage`` folders.
        timing: how.
        device: ``local`` for this Mac, else the name, UDID or product of a connected device in developer mode.
        team: Apple development team that signs the app which coremltools puts on the device.
        model: what the device is called in the file, where Xcode does not say.
        report: told how many of how many runs are done, and which is next.

    Raises:
        DeviceFileError: no macOS, no Xcode, no such device, the same detector twice, or nothing could be measured.
        MissingExtraError: coremltools is not installed.
    """
    mac.require_mac()
    for package in packages:
        if not (package / "Manifest.json").is_file():
            msg = f"{package}: expected a Core ML package (.mlpackage), got none"
            raise DeviceFileError(msg)
    try:
        import coremltools
    except ImportError as error:
        package_name = "coremltools"
        raise MissingExtraError(package_name, "coreml", "flmcore device collect") from error
    about, entries, problems = asyncio.run(_collect(packages, timing, device, team, report))
    if not entries:
        msg = f"{device}: expected figures, got none: {'; '.join(problems)}"
        raise DeviceFileError(msg)
    measured = {
        "at": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tool": "coremltools MLModelBenchmarker",
        "tool_version": coremltools.__version__,
    }
    about |= {} if model is None else {"model": model}
    return {"flmcore_device": 1, "device": about, "measured": measured, "detectors": entries}, problems


async def _collect(
    packages: Sequence[Path], timing: Timing, device: str, team: str, report: Report | None
) -> tuple[dict[str, str], list[dict[str, Any]], list[str]]:
    """The device, its entries, and what failed; one run that fails does not take the others with it."""
    about, remote = await _prepared(device, team)
    entries: dict[tuple[str, str], dict[str, Any]] = {}
    problems: list[str] = []
    jobs = [(package, units) for package in packages for units in timing.compute_units]
    for done, (package, units) in enumerate(jobs):
        if report is not None:
            report(done, len(jobs), f"{package.name} · {units}")
        try:
            entry = await _measure(package, units, remote, timing)
        except Exception as error:  # noqa: BLE001 - coremltools raises whatever Core ML and Xcode said
            problems.append(
                f"{package.name}, {units}: {type(error).__name__}: {' '.join(str(error).split())}"
            )
            continue
        if entries.setdefault((entry["name"], units), entry) is not entry:
            problems.append(f"{package.name}, {units}: {entry['name']} is there from another package")
    return about, list(entries.values()), problems


async def _prepared(device: str, team: str) -> tuple[dict[str, str], Any]:
    """What the file says of the device, and coremltools' handle with its app running there; None for this Mac."""
    if device == "local":
        return mac.local_device(), None
    row = mac.find_device(mac.connected_devices(), device)
    from coremltools.models.ml_program.experimental.remote_device import AppSigningCredentials, Device

    handle = next((found for found in Device.get_devices() if found.identifier == row["identifier"]), None)
    if handle is None:
        msg = f"--device: expected a device that coremltools can use, got {device!r}: turn on its developer mode"
        raise DeviceFileError(msg)
    credentials = AppSigningCredentials(development_team=team)
    return mac.about_device(row), await handle.prepare_for_model_debugging(credentials=credentials)


async def _measure(package: Path, units: str, remote: Any, timing: Timing) -> dict[str, Any]:
    import coremltools
    from coremltools.models.ml_program.experimental.perf_utils import MLModelBenchmarker

    chosen = coremltools.ComputeUnit[units]
    model = coremltools.models.MLModel(str(package), compute_units=chosen, skip_model_load=True)
    specification = model.get_spec()
    identity = identity_of(dict(specification.description.metadata.userDefined), package)
    if remote is not None and takes_pictures(specification):
        specification = with_tensor_inputs(specification)
        model = coremltools.models.MLModel(
            specification, weights_dir=model.weights_dir, compute_units=chosen, skip_model_load=True
        )
    inputs = random_inputs(specification)
    benchmarker = MLModelBenchmarker(model=model, device=remote)
    load = await benchmarker.benchmark_load(iterations=timing.loads)
    predict = await benchmarker.benchmark_predict(inputs=inputs, iterations=timing.iterations, warmup=True)
    operations = await benchmarker.benchmark_operation_execution(inputs=inputs, iterations=1)
    plan = plan_of(operations, operation_order(specification))
    given = "image" if takes_pictures(specification) else "tensor"
    return entry_of(identity, units, load=load, predict=predict, plan=plan, given=given)
