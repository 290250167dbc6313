"""The folder that a ``.mlpackage`` is: its manifest, where the model lies, what it may point to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flmcore.errors import ExportError

__all__ = ["inside", "model_file", "size_of"]

_HINTS = {
    ".mlmodelc": "a compiled model; give the .mlpackage from which it was compiled",
    ".mlmodel": "a model in a single file, which holds no ML program",
}


def model_file(package: Path) -> Path:
    """The file with the model's specification, as the manifest names it; ExportError where there is none."""
    hint = _HINTS.get(package.suffix.lower())
    if hint is not None:
        msg = f"{package}: expected a .mlpackage folder, got {hint}"
        raise ExportError(msg)
    if not package.is_dir():
        got = "a file" if package.exists() else "nothing there"
        msg = f"{package}: expected a .mlpackage folder, got {got}"
        raise ExportError(msg)
    path = inside(package, package / "Data", _root_path(package))
    if not path.is_file():
        msg = f"{path}: expected the model that {package.name}'s manifest names, got no such file"
        raise ExportError(msg)
    return path


def inside(package: Path, folder: Path, path: str) -> Path:
    """``folder / path`` where that lies in the package, links followed; ExportError where it leaves it."""
    try:
        found = folder / path
        lies_inside = found.resolve().is_relative_to(package.resolve())
    except (OSError, ValueError, RuntimeError) as error:  # a NUL byte, links in a circle
        msg = f"{package}: expected paths of files in the package, got {path!r}"
        raise ExportError(msg) from error
    if not lies_inside or ".." in Path(path).parts:
        msg = f"{package}: expected paths that stay in the package, got {path!r}"
        raise ExportError(msg)
    return found


def size_of(package: Path) -> int:
    """Bytes of all files in the package."""
    return sum(path.stat().st_size for path in package.rglob("*") if path.is_file())


def _root_path(package: Path) -> str:
    manifest = package / "Manifest.json"
    content = _read_manifest(manifest)
    entries = content.get("itemInfoEntries")
    root = content.get("rootModelIdentifier")
    entry = entries.get(root) if isinstance(entries, dict) and isinstance(root, str) else None
    path = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(path, str) or not path:
        msg = f"{manifest}: expected rootModelIdentifier to name an entry with a path, got {root!r}"
        raise ExportError(msg)
    return path


def _read_manifest(manifest: Path) -> dict[str, Any]:
    try:
        content = json.loads(manifest.read_text("utf-8"))
    except FileNotFoundError as error:
        msg = f"{manifest.parent}: expected a package with Manifest.json, got a folder without"
        raise ExportError(msg) from error
    except OSError as error:
        msg = f"{manifest}: expected a file that can be read, got {error.strerror}"
        raise ExportError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{manifest}: expected JSON, got {error}"
        raise ExportError(msg) from error
    if not isinstance(content, dict):
        msg = f"{manifest}: expected a JSON object, got {type(content).__name__}"
        raise ExportError(msg)
    return content
