"""What a device is called, which is also what makes it the same device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ABOUT", "same_title", "title_of"]

ABOUT = ("model", "os", "os_build", "chip", "name", "power", "thermal")  # what is known of a device


def title_of(device: Mapping[str, Any]) -> str:
    """``iPhone 14 (lab), iOS 17.5, low power mode``: no two devices of a results file have one title."""
    name = f" ({device['name']})" if device.get("name") else ""
    warm = device.get("thermal") not in (None, "nominal")  # what is as it should be needs no word
    thermal = f"thermal state {device['thermal']}" if warm else None
    parts = [f"{device['model']}{name}", device["os"], device.get("power"), thermal]
    return ", ".join(part for part in parts if part)


def same_title(title: str) -> str:
    """For comparing titles: capitals and spaces make no other device."""
    return " ".join(title.split()).casefold()
