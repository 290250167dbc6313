"""Fetch what is built in from elsewhere, or check that it is still to the letter what was fetched.

python third_party/fetch.py            download the packages of every ORIGIN (npm pack) and put their files here
python third_party/fetch.py --check    compare the files here with the sums in ORIGIN; no network
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent


def origins() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Folder and ORIGIN of each package: ``package``, ``version``, ``integrity``, ``files`` (name → path, sha256)."""
    for file in sorted(HERE.glob("*/ORIGIN")):
        yield file.parent, tomllib.loads(file.read_text(encoding="utf-8"))


def check() -> list[str]:
    """What differs from the sums, one line each; files that no ORIGIN names too."""
    wrong = []
    for folder, origin in origins():
        for name, about in origin["files"].items():
            file = folder / name
            found = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "no file"
            if found != about["sha256"]:
                wrong.append(f"{folder.name}/{name}: expected sha256 {about['sha256']}, got {found}")
        more = {path.name for path in folder.iterdir()} - {"ORIGIN", *origin["files"]}
        wrong += [f"{folder.name}/{name}: not named in ORIGIN" for name in sorted(more)]
    return wrong


def fetch() -> None:
    """Download, compare with the registry's sum, take the files out."""
    for folder, origin in origins():
        with tempfile.TemporaryDirectory() as work:
            wanted = f"{origin['package']}@{origin['version']}"
            subprocess.run(["npm", "pack", wanted], cwd=work, check=True, capture_output=True)
            archive = next(Path(work).glob("*.tgz"))
            _check_integrity(archive.read_bytes(), origin["integrity"], wanted)
            for name, data in _files(archive, origin["files"]):
                (folder / name).write_bytes(data)


def _check_integrity(data: bytes, integrity: str, name: str) -> None:
    found = f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}"
    if found != integrity:
        msg = f"{name}: expected integrity {integrity}, got {found}"
        raise SystemExit(msg)


def _files(archive: Path, wanted: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for name, about in wanted.items():
            member = tar.extractfile(about["path"])
            if member is None:
                msg = f"{about['path']}: not a file in {archive.name}"
                raise SystemExit(msg)
            yield name, member.read()


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    if not sys.argv[1:]:
        fetch()
    problems = check()
    print("\n".join(problems) or "third_party: every file is as its ORIGIN says")
    sys.exit(1 if problems else 0)
