"""The Mac that collects, and the devices on its cable: the thin part that runs on macOS alone."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flmcore.errors import DeviceFileError

__all__ = ["about_device", "connected_devices", "find_device", "local_device", "require_mac"]

_TIMEOUT = 60  # seconds for a command of Xcode's


def require_mac() -> None:
    """DeviceFileError on any other system: Core ML predicts on macOS alone."""
    if sys.platform != "darwin":
        msg = (
            f"flmcore device collect: expected macOS with Xcode, got {platform.system() or sys.platform}: Core ML runs on "
            "Apple's systems alone; run it on a Mac, or write the file by hand ('flmcore device template') and import it"
        )
        raise DeviceFileError(msg)


def local_device() -> dict[str, str]:
    """This Mac, as ``device`` of a device file."""
    return {
        "model": _run(["sysctl", "-n", "hw.model"]).strip(),
        "chip": _run(["sysctl", "-n", "machdep.cpu.brand_string"]).strip(),
        "os": f"macOS {platform.mac_ver()[0]}",
        "os_build": _run(["sw_vers", "-buildVersion"]).strip(),
    }


def connected_devices() -> list[dict[str, Any]]:
    """What Xcode's ``devicectl`` says of each device that it knows.

    Raises:
        DeviceFileError: Xcode 15 or later is not installed, or the command fails.
    """
    if shutil.which("xcrun") is None or shutil.which("xcodebuild") is None:
        msg = "--device: expected Xcode 15 or later for a connected device, got none: install it, then 'xcode-select --install'"
        raise DeviceFileError(msg)
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder, "devices.json")
        _run(["xcrun", "devicectl", "list", "devices", "--json-output", str(listing)])
        found: list[dict[str, Any]] = json.loads(listing.read_text(encoding="utf-8"))["result"]["devices"]
    return found


def find_device(devices: Sequence[Mapping[str, Any]], wanted: str) -> Mapping[str, Any]:
    """The one that is called ``wanted``: by its name, UDID, identifier or product.

    Raises:
        DeviceFileError: none, or several.
    """
    matches = [device for device in devices if wanted.casefold() in map(str.casefold, _names(device))]
    if len(matches) != 1:
        known = ", ".join(f"{_names(device)[0]} ({about_device(device)['model']})" for device in devices)
        got = f"{len(matches)} of that name" if matches else "none of that name"
        msg = f"--device: expected local or one of {known or 'no connected device'}, got {wanted!r}: {got}"
        raise DeviceFileError(msg)
    return matches[0]


def _names(device: Mapping[str, Any]) -> list[str]:
    hardware, properties = device.get("hardwareProperties", {}), device.get("deviceProperties", {})
    names = (
        properties.get("name"),
        hardware.get("udid"),
        device.get("identifier"),
        hardware.get("marketingName"),
    )
    return [name for name in names if name] or ["without a name"]


def about_device(device: Mapping[str, Any]) -> dict[str, str]:
    """A row of ``devicectl list devices`` as ``device`` of a device file.

    The owner's name of the device and its UDID stay out of the file: it is made to be passed on.
    """
    hardware, properties = device.get("hardwareProperties", {}), device.get("deviceProperties", {})
    model = hardware.get("marketingName") or hardware.get("productType") or "unknown device"
    system, version = hardware.get("platform"), properties.get("osVersionNumber")
    about = {"model": model} | ({"os": f"{system} {version}"} if system and version else {})
    build = properties.get("osBuildUpdate")
    return about | ({"os_build": build} if build else {})


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_TIMEOUT)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or error
        msg = f"{' '.join(command[:3])}: expected an answer, got {' '.join(str(said).split())}"
        raise DeviceFileError(msg) from error
    return done.stdout
