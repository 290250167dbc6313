"""Reading images: every mode comes out as H×W×3 uint8 RGB, every bad file as one clear line."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from flmcore.data.images import find_images, read_image
from flmcore.errors import ImageError

ROWS, COLUMNS = np.mgrid[0:200:10, 0:240:10]
PICTURE = np.stack([COLUMNS, ROWS, np.full_like(ROWS, 90)], axis=-1).astype(np.uint8)  # 20×24×3


def save(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_rgb_png_is_read_as_it_is(tmp_path: Path) -> None:
    pixels = read_image(save(tmp_path / "a.png", Image.fromarray(PICTURE)))
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    np.testing.assert_array_equal(pixels, PICTURE)


def test_grey_is_repeated(tmp_path: Path) -> None:
    grey = PICTURE[..., 0]
    pixels = read_image(save(tmp_path / "a.png", Image.fromarray(grey)))
    np.testing.assert_array_equal(pixels, np.repeat(grey[..., None], 3, axis=-1))


def test_16_bit_grey_is_scaled_to_8(tmp_path: Path) -> None:
    values = np.array([[0, 1, 128, 129, 257, 32896, 65534, 65535]], dtype=np.uint16)
    pixels = read_image(save(tmp_path / "a.png", Image.fromarray(values)))
    np.testing.assert_array_equal(pixels[0, :, 0], [0, 0, 0, 1, 1, 128, 255, 255])  # round(v / 257)


def test_16_bit_rgb_png_is_scaled_to_8(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in PICTURE.astype(np.uint16) * 257)
    header = struct.pack(">IIBBBBB", 24, 20, 16, 2, 0, 0, 0)
    png = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + png)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), PICTURE)


def test_alpha_and_palette_are_flattened_on_black(tmp_path: Path) -> None:
    rgba = np.dstack([PICTURE, np.full((20, 24), 255, np.uint8)])
    rgba[:, :12, 3] = 0  # a transparent half, whose hidden colours must not show
    pixels = read_image(save(tmp_path / "a.png", Image.fromarray(rgba)))
    assert not pixels[:, :12].any()
    np.testing.assert_array_equal(pixels[:, 12:], PICTURE[:, 12:])

    palette = Image.fromarray(PICTURE).quantize(16)
    expected = np.asarray(palette.convert("RGB"))
    np.testing.assert_array_equal(read_image(save(tmp_path / "p.png", palette)), expected)
    index = palette.getpixel((0, 0))
    pixels = read_image(save(tmp_path / "t.png", palette, transparency=index))
    assert not pixels[0, 0].any()


def test_cmyk_is_converted(tmp_path: Path) -> None:
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    for name in ("a.tif", "a.jpg"):
        pixels = read_image(save(tmp_path / name, red))
        assert pixels.shape == (8, 8, 3)
        assert pixels[0, 0, 0] > 200, name
        assert pixels[0, 0, 1:].max() < 60, name


def test_cmyk_with_a_profile_that_is_none_still_reads(tmp_path: Path) -> None:
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    rgb_profile = ImageCms.ImageCmsProfile(
        ImageCms.createProfile("sRGB")
    ).tobytes()  # of another colour space
    pixels = read_image(save(tmp_path / "a.jpg", red, icc_profile=rgb_profile))
    assert pixels[0, 0, 0] > 200


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    turned = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud}
    turned |= {5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, 3)}
    turned |= {7: lambda a: np.rot90(a, 2).swapaxes(0, 1), 8: np.rot90}
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read_image(save(tmp_path / "a.png", Image.fromarray(PICTURE), exif=exif))
    np.testing.assert_array_equal(pixels, turned[orientation](PICTURE))


def test_damaged_exif_counts_as_none(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", Image.fromarray(PICTURE), exif=b"Exif\0\0II*\0\xff\xff\xff\x7fgarbage")
    assert read_image(path).shape == (20, 24, 3)


def test_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (6, 5), colour) for colour in ((255, 0, 0), (0, 255, 0))]
    pixels = read_image(save(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:]))
    np.testing.assert_array_equal(pixels, np.broadcast_to(np.uint8([255, 0, 0]), (5, 6, 3)))


def test_one_pixel_is_an_image(tmp_path: Path) -> None:
    assert read_image(save(tmp_path / "a.png", Image.fromarray(PICTURE[:1, :1]))).shape == (1, 1, 3)


def one_line_about(path: Path) -> str:
    with pytest.raises(ImageError) as caught:
        read_image(path)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    assert not text.endswith(".")
    return text


def test_text_named_jpg_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("not a picture")
    assert "expected an image" in one_line_about(tmp_path / "a.jpg")
    (tmp_path / "empty.jpg").write_bytes(b"")
    one_line_about(tmp_path / "empty.jpg")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif", ".bmp", ".tif"])
def test_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = save(tmp_path / f"a{suffix}", Image.fromarray(noise))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    one_line_about(path)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    assert "No such file" in one_line_about(tmp_path / "nothing.png")
    one_line_about(tmp_path)


def test_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.png", Image.new("L", (100, 100)))
    for limit in (9_000, 4_000):  # Pillow warns above the limit, raises above twice the limit
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        assert f"at most {limit} pixels" in one_line_about(path)


def test_float_image_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.tif", Image.fromarray(np.full((4, 4), 0.5, np.float32)))
    assert "8 or 16 bits" in one_line_about(path)


def test_find_images_searches_folders_in_order(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.PNG", "note.txt", "sub/c.webp", ".hidden.jpg", ".cache/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_images([tmp_path])
    assert [p.relative_to(tmp_path).as_posix() for p in found] == ["a.PNG", "b.jpg", "sub/c.webp"]
    assert find_images(str(tmp_path)) == found
    assert find_images([tmp_path / "note.txt", tmp_path, tmp_path / "b.jpg"])[0].name == "note.txt"
    assert len(find_images([tmp_path, tmp_path / "b.jpg"])) == 3  # each file once


def test_find_images_refuses_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"paths: expected an existing file or folder, got '.*nothing'"):
        find_images([tmp_path / "nothing"])
    with pytest.raises(ValueError, match="paths: expected at least one image"):
        find_images([tmp_path])
    with pytest.raises(ValueError, match="got none in no path at all"):
        find_images([])


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights there")
def test_broken_link_is_kept_to_be_reported(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    (found,) = find_images([tmp_path])
    one_line_about(found)


def test_every_shared_face_is_read(shared: Path) -> None:
    for path in find_images([shared / "faces"]):
        pixels = read_image(path)
        assert pixels.ndim == 3
        assert pixels.dtype == np.uint8
        with Image.open(path) as image:
            assert sorted(pixels.shape[:2]) == sorted(image.size)
