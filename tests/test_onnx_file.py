"""ONNX models in zip archives, as MMDeploy publishes them, and archives that are something else."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

import flmcore
import tiny_models as tiny
from flmcore.detectors.backends import onnx_file
from flmcore.errors import WeightsError

IMAGE = tiny.spots_image([(10, 8), (12, 9), (9, 14)])
BOX = [0.0, 0.0, 24.0, 24.0]
NAMED = '[output]\nlandmarks = "points"\n' + tiny.CENTROID


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return path


def test_zipped_model_runs_as_the_bare_one(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    bare = tiny.centroid_onnx(tmp_path / "m.onnx")
    files = {
        "20230831/rtmpose/end2end.onnx": bare.read_bytes(),
        "20230831/rtmpose/pipeline.json": b"{}",
        "__MACOSX/20230831/rtmpose/._end2end.onnx": b"\x00\x05\x16\x07",
    }
    archive(tmp_path / "m.zip", files)
    archive(tmp_path / "renamed.onnx", files)
    expected = flmcore.load_detector(tiny.write_config(tmp_path, "onnx", "m.onnx", NAMED))(IMAGE, [BOX] * 40)
    np.testing.assert_allclose(expected.points[0], [(10, 8), (12, 9), (9, 14)], atol=1e-4)
    for name in ("m.zip", "renamed.onnx"):
        detector = flmcore.load_detector(tiny.write_config(tmp_path, "onnx", name, NAMED), threads=2)
        np.testing.assert_array_equal(detector(IMAGE, [BOX] * 40).points, expected.points)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "m.onnx",
        "m.zip",
        "renamed.onnx",
        "tiny.toml",
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"expected an archive with one \.onnx file, got none"),
        ({"readme.txt": b"x"}, r"expected an archive with one \.onnx file, got none"),
        (
            {"a/m.onnx": b"x", "n.ONNX": b"y"},
            r"expected an archive with one \.onnx file, got a/m\.onnx, n\.ONNX",
        ),
        ({"m.onnx": b"no model"}, "expected an ONNX model, got"),
    ],
)
def test_archive_without_one_model_is_refused(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    pytest.importorskip("onnxruntime")
    archive(tmp_path / "m.zip", files)
    with pytest.raises(WeightsError, match=rf"m\.zip: {message}") as caught:
        flmcore.load_detector(tiny.write_config(tmp_path, "onnx", "m.zip", NAMED))
    assert "\n" not in str(caught.value)


def test_archive_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path / "m.zip", {"m.onnx": bytes(1 << 24)})
    assert path.stat().st_size < 1 << 15
    monkeypatch.setattr(onnx_file, "MOST_BYTES", 1 << 20)
    with pytest.raises(
        WeightsError, match=r"m\.zip: expected m\.onnx of at most 1048576 bytes, got 16777216"
    ):
        onnx_file.read_model(path)
    # The stated size may lie: then no more than it says is unpacked, and the sum does not fit.
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = content.find(signature) + offset
        content[start : start + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError, match="expected a zip archive with an ONNX model, got Bad CRC-32"):
            onnx_file.read_model(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    whole = archive(tmp_path / "m.zip", {"m.onnx": np.random.default_rng(0).bytes(4000)}).read_bytes()
    flipped, locked = bytearray(whole), bytearray(whole)
    flipped[200] ^= 0xFF
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.find(signature) + offset] |= 1
    for content in (b"", b"no archive", whole[:2000], bytes(flipped), bytes(locked)):
        (tmp_path / "m.zip").write_bytes(content)
        with pytest.raises(WeightsError, match=r"m\.zip: expected") as caught:
            onnx_file.read_model(tmp_path / "m.zip")
        assert "\n" not in str(caught.value)
    with pytest.raises(WeightsError, match=r"none\.zip: expected a file that can be read"):
        onnx_file.read_model(tmp_path / "none.zip")
