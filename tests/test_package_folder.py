"""A package and its detector file: both whole in their place, or nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flmcore.detectors.weights import sha256_of
from flmcore.errors import ExportError
from flmcore.export.package_folder import check_place, copy_package, put


def package(folder: Path, *, weights: bytes = b"1234", keys: tuple[str, str] = ("AAAA", "BBBB")) -> Path:
    """A package as coremltools writes it, with identifiers that it draws at random."""
    (folder / "Data/com.apple.CoreML/weights").mkdir(parents=True)
    (folder / "Data/com.apple.CoreML/model.mlmodel").write_bytes(b"spec")
    (folder / "Data/com.apple.CoreML/weights/weight.bin").write_bytes(weights)
    items = {
        key: {
            "author": "com.apple.CoreML",
            "description": "",
            "name": name,
            "path": f"com.apple.CoreML/{name}",
        }
        for key, name in zip(keys, ("model.mlmodel", "weights"), strict=True)
    }
    manifest = {"fileFormatVersion": "1.0.0", "itemInfoEntries": items, "rootModelIdentifier": keys[0]}
    (folder / "Manifest.json").write_text(json.dumps(manifest))
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_copies_have_identifiers_of_their_contents(tmp_path: Path) -> None:
    first, second, other = (
        package(tmp_path / "1"),
        package(tmp_path / "2", keys=("CCCC", "AAAA")),
        package(tmp_path / "3", weights=b"5678"),
    )
    for source, name in ((first, "a"), (second, "b"), (other, "c")):
        copy_package(source, b"new spec", tmp_path / name)
    a, b, c = (json.loads((tmp_path / name / "Manifest.json").read_text()) for name in "abc")
    assert a == b
    assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "b")
    root = a["itemInfoEntries"][a["rootModelIdentifier"]]
    assert root["path"] == "com.apple.CoreML/model.mlmodel"
    assert c["rootModelIdentifier"] == a["rootModelIdentifier"]  # the same specification
    assert set(c["itemInfoEntries"]) != set(a["itemInfoEntries"])  # other weights
    assert (tmp_path / "a/Data/com.apple.CoreML/model.mlmodel").read_bytes() == b"new spec"


def test_sum_of_a_package_is_that_of_its_files(tmp_path: Path) -> None:
    folder = package(tmp_path / "p.mlpackage")
    before = sha256_of(folder)
    command = "find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum | sha256sum"
    if sys.platform == "linux":
        done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=True)
        assert done.stdout.split()[0] == before
    (folder / "Data/com.apple.CoreML/weights/weight.bin").write_bytes(b"123")
    assert sha256_of(folder) != before


def test_put_makes_both_or_neither(tmp_path: Path) -> None:
    out = tmp_path / "net.mlpackage"
    put(out, lambda new: package(new), lambda new: f"sum = {sha256_of(new)}")
    assert names(tmp_path) == ["net.mlpackage", "net.toml"]
    assert (tmp_path / "net.toml").read_text() == f"sum = {sha256_of(out)}"
    before = sha256_of(out)

    def fails(new: Path) -> None:
        package(new)
        raise OSError(28, "No space left on device")

    with pytest.raises(ExportError, match=r"net\.mlpackage: cannot be written: No space left on device"):
        put(out, fails, lambda _: "")
    assert (names(tmp_path), sha256_of(out)) == (["net.mlpackage", "net.toml"], before)
    put(out, lambda new: package(new, weights=b"9"), lambda _: "second")
    assert sha256_of(out) != before
    assert (names(tmp_path), (tmp_path / "net.toml").read_text()) == (["net.mlpackage", "net.toml"], "second")


def test_what_was_there_comes_back_where_the_last_step_fails(tmp_path: Path) -> None:
    out = tmp_path / "net.mlpackage"
    package(out)
    before = sha256_of(out)
    (tmp_path / "net.toml").mkdir()  # a file cannot take its place
    with pytest.raises(ExportError, match="cannot be written"):
        put(out, lambda new: package(new, weights=b"9"), lambda _: "text")
    assert (names(tmp_path), sha256_of(out)) == (["net.mlpackage", "net.toml"], before)


def test_interrupt_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(new: Path) -> None:
        package(new)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put(tmp_path / "net.mlpackage", interrupted, lambda _: "")
    assert names(tmp_path) == []


def test_place_is_checked_ahead(tmp_path: Path) -> None:
    with pytest.raises(
        ExportError, match=r"out: expected a name that ends in \.mlpackage, got .*net\.mlmodel"
    ):
        check_place(tmp_path / "net.mlmodel", force=False)
    with pytest.raises(ExportError, match="cannot be written: No such file or directory"):
        check_place(tmp_path / "none/net.mlpackage", force=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be written: Not a directory"):
        check_place(tmp_path / "file/net.mlpackage", force=False)
    out = package(tmp_path / "net.mlpackage")
    with pytest.raises(
        ExportError, match=r"got .*net\.mlpackage, which is there: --force \(force=True\) replaces it"
    ):
        check_place(out, force=False)
    check_place(out, force=True)
    (tmp_path / "photos.mlpackage").mkdir()
    (tmp_path / "photos.mlpackage/face.jpg").write_bytes(b"")
    with pytest.raises(ExportError, match=r"expected a Core ML package to replace, got .*, which is none"):
        check_place(tmp_path / "photos.mlpackage", force=True)
    (tmp_path / "other.toml").write_text("mine")
    with pytest.raises(ExportError, match=r"got .*other\.toml, which is there"):
        check_place(tmp_path / "other.mlpackage", force=False)
    assert names(tmp_path) == ["file", "net.mlpackage", "other.toml", "photos.mlpackage"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs /sys, where nobody makes folders")
def test_folder_without_permission() -> None:
    with pytest.raises(ExportError, match=r"^/sys/net\.mlpackage: cannot be written: "):
        check_place(Path("/sys/net.mlpackage"), force=False)
    with pytest.raises(ExportError, match="cannot be written"):
        put(Path("/sys/net.mlpackage"), lambda new: package(new), lambda _: "")


def test_full_disk_leaves_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    assert resource
    code = f"""
import resource
from pathlib import Path
from test_package_folder import package
from flmcore.export.package_folder import copy_package, put
source = package(Path({str(tmp_path)!r}) / "source", weights=bytes(100_000))
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    put(Path({str(tmp_path)!r}) / "net.mlpackage", lambda new: copy_package(source, b"spec", new), lambda _: "")
except Exception as error:
    print(type(error).__name__, error)
"""
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        check=True,
    )
    assert done.stdout.startswith("ExportError")
    assert "net.mlpackage: cannot be written: File too large" in done.stdout
    assert names(tmp_path) == ["source"]
