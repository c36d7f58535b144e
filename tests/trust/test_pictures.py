"""One way from a file to a tensor; what is no whole picture is refused with its name, and never filled in."""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from saccade.core.errors import DataError, UsageError
from saccade.trust.pictures import decode_picture, picture_size


def photo(height: int = 40, width: int = 56) -> Image.Image:
    ys, xs = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([ys * 6, xs * 4, (ys * xs) % 255], -1).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def as_tensor(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 20}])
def test_jpeg_is_equal_to_pillows(options: dict[str, object]) -> None:
    data = encoded(photo(), "JPEG", **options)
    assert torch.equal(decode_picture(data), as_tensor(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_gives_one_picture(kind: str, orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a"
    path.write_bytes(encoded(photo(), kind, exif=exif))
    upright = ImageOps.exif_transpose(Image.open(path))
    assert torch.equal(decode_picture(path), as_tensor(upright))
    assert picture_size(path) == (upright.height, upright.width)


def test_nonsense_orientation_is_none() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    assert decode_picture(encoded(photo(), "JPEG", exif=exif)).shape == (3, 40, 56)


@pytest.mark.parametrize(
    ("mode", "colour", "rgb"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 90, (90, 90, 90)),
        ("LA", (90, 10), (90, 90, 90)),
        ("RGB", (10, 20, 30), (10, 20, 30)),
        ("RGBA", (10, 20, 30, 0), (10, 20, 30)),
    ],
)
def test_modes_become_rgb(mode: str, colour: int | tuple[int, ...], rgb: tuple[int, int, int]) -> None:
    pixels = decode_picture(encoded(Image.new(mode, (4, 4), colour), "PNG"))
    assert pixels.dtype == torch.uint8
    assert pixels.permute(1, 2, 0).reshape(-1, 3).unique(dim=0).tolist() == [list(rgb)]


def test_palette_with_transparent_entries() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    data = encoded(image, "PNG", transparency=b"\xff\x00")
    assert decode_picture(data)[:, 0, 0].tolist() == [10, 20, 30]


def test_cmyk_jpeg_becomes_rgb() -> None:
    pixels = decode_picture(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    assert pixels[0].float().mean() > 240
    assert pixels[1:].float().mean() < 15


def test_sixteen_bits_keep_all_eight_bit_levels() -> None:
    ramp = Image.fromarray((np.arange(256, dtype=np.uint16) * 257).reshape(16, 16))
    pixels = decode_picture(encoded(ramp, "PNG"))
    assert pixels[0].flatten().tolist() == list(range(256))


def test_undeclared_range_is_refused() -> None:
    with pytest.raises(DataError, match="mode F"):
        decode_picture(encoded(Image.new("F", (4, 4)), "TIFF"))


def test_one_channel_on_request() -> None:
    grey, colour = Image.new("L", (4, 6), 77), Image.new("RGB", (4, 6), (255, 0, 0))
    assert torch.equal(decode_picture(encoded(grey, "PNG"), channels=1), torch.full((1, 6, 4), 77, dtype=torch.uint8))
    assert decode_picture(encoded(grey, "JPEG"), channels=1).shape == (1, 6, 4)
    assert decode_picture(encoded(colour, "PNG"), channels=1).unique().tolist() == [76]
    with pytest.raises(UsageError):
        decode_picture(encoded(grey, "PNG"), channels=4)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"])
@pytest.mark.parametrize("cut", [0, 200, 0.5])
def test_cut_files_are_refused(kind: str, cut: float, tmp_path: Path) -> None:
    data = encoded(photo(64, 96), kind)
    path = tmp_path / "cut.img"
    path.write_bytes(data[: int(cut * len(data)) if cut < 1 else int(cut)])
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        decode_picture(path)
    assert caught.value.path == str(path)
    assert caught.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_two_bytes_short_is_refused(kind: str) -> None:
    with pytest.raises(DataError):
        decode_picture(encoded(photo(), kind, **({"lossless": True} if kind == "WEBP" else {}))[:-2])


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "empty file"),
        (b"hello, I am a text", "text"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        (b"%PDF-1.7\n", "PDF"),
        (b"8BPS\x00\x01", "Photoshop"),
        (b"SIMPLE  =                    T", "FITS"),
        (b"PK\x03\x04aaaa", "zip"),
        (b"\x01\x02\x03\x04", "binary"),
    ],
)
def test_other_files_are_named_for_what_they_are(data: bytes, found: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    with pytest.raises(DataError, match=found) as caught:
        decode_picture(path)
    assert caught.value.path == str(path)


def bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height", "found"), [(20_000, 20_000, "400000000"), (10_000, 9_000, "90000000"), (70_000, 1, "70000x1")]
)
@pytest.mark.parametrize("action", ["error", "ignore"])
def test_bomb_is_refused_by_its_header(width: int, height: int, found: str, action: str) -> None:
    with warnings.catch_warnings(action=action), pytest.raises(DataError) as caught:
        decode_picture(bomb(width, height))
    assert "89478485" in caught.value.what
    assert found in caught.value.what or (action == "ignore" and f"{width}x{height}" in caught.value.what)


def test_no_file_and_no_permission_and_a_circle_of_links(tmp_path: Path) -> None:
    circle = tmp_path / "circle.jpg"
    circle.symlink_to(circle)
    for path in (tmp_path / "absent.jpg", tmp_path, circle):
        with pytest.raises(DataError) as caught:
            decode_picture(path)
        assert caught.value.path == str(path)
        with pytest.raises(DataError):
            picture_size(path)


@pytest.mark.parametrize("name", ["a b.png", "é ü 漢.png", "new\nline.png", "x" * 250 + ".png"])
def test_odd_names_work(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(encoded(photo(), "PNG"))
    assert decode_picture(tmp_path / name).shape == (3, 40, 56)


def test_frames_after_the_first_are_named_in_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    first, *rest = [Image.new("L", (4, 4), value) for value in (200, 100, 50)]
    first.save(path, save_all=True, append_images=rest)
    with pytest.warns(UserWarning, match=r"a\.gif: 3 frames"):
        assert decode_picture(path).unique().tolist() == [200]


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP"]), place=st.floats(0, 0.999), byte=st.integers(0, 255)
)
@pytest.mark.filterwarnings("ignore")
def test_a_changed_byte_gives_a_picture_or_a_data_error(kind: str, place: float, byte: int) -> None:
    data = bytearray(encoded(photo(16, 16), kind))
    data[int(place * len(data))] = byte
    try:
        found = decode_picture(bytes(data)).dtype
    except DataError as error:
        found = error.path
    assert found in (torch.uint8, "<bytes>")
