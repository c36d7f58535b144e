"""One way from a file to a tensor; what is no whole picture is refused with its name, and never filled in."""

import hashlib
import io
import os
import struct
import sys
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from saccade.core.errors import DataError, UsageError
from saccade.safe_io.images.pictures import decode_picture, hasten, only_pictures, picture_size
from saccade.safe_io.limits import MAX_PIXELS


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
def test_jpeg_is_equal_to_pillows(options: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    hasten()
    data = encoded(photo(), "JPEG", **options)
    by_torchvision = decode_picture(data)
    monkeypatch.delitem(sys.modules, "torchvision.io")
    assert torch.equal(by_torchvision, decode_picture(data))
    assert torch.equal(by_torchvision, as_tensor(Image.open(io.BytesIO(data))))


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


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF"])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_of_one_too_large_width_and_height_and_one_limit_are_told(kind: str, tmp_path: Path) -> None:
    for width in (9500, 18_000):  # Pillow warns of the first, and refuses the second
        Image.new("1", (width, 10_000)).save(tmp_path / "a", kind)
        for read in (decode_picture, picture_size):
            with pytest.raises(DataError, match=f"at most {MAX_PIXELS} pixels") as refused:
                read(tmp_path / "a")
            assert refused.value.found == f"a header that declares {width}x10000"


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


def test_one_channel_on_request() -> None:
    grey, colour = Image.new("L", (4, 6), 77), photo()
    assert torch.equal(decode_picture(encoded(grey, "PNG"), channels=1), torch.full((1, 6, 4), 77, dtype=torch.uint8))
    assert decode_picture(encoded(grey, "JPEG"), channels=1).shape == (1, 6, 4)
    weighed = torch.from_numpy(np.array(colour.convert("L")))[None]
    assert torch.equal(decode_picture(encoded(colour, "PNG"), channels=1), weighed)
    with pytest.raises(UsageError):
        decode_picture(encoded(grey, "PNG"), channels=0)


@pytest.mark.parametrize(
    ("mode", "colour", "wanted", "found"),
    [
        ("L", 90, 5, [90] * 5),
        ("LA", (90, 10), 2, [90, 10]),
        ("LA", (90, 10), 4, [90] * 4),
        ("RGBA", (10, 20, 30, 40), 4, [10, 20, 30, 40]),
        ("RGBA", (10, 20, 30, 40), 1, [18]),
    ],
)
def test_any_number_of_channels_on_request(mode: str, colour: int | tuple[int, ...], wanted: int, found: list[int]):
    assert decode_picture(encoded(Image.new(mode, (4, 4), colour), "PNG"), wanted)[:, 2, 1].tolist() == found


@pytest.mark.parametrize(("mode", "wanted", "has"), [("RGB", 4, 3), ("RGBA", 5, 3), ("RGB", 2, 3)])
def test_channels_that_do_not_fit_name_the_cure(mode: str, wanted: int, has: int, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(Image.new(mode, (4, 4)), "PNG"))
    with pytest.raises(DataError, match=rf"{wanted} channel.*found {has}") as caught:
        decode_picture(path, wanted)
    assert caught.value.path == str(path)
    assert f"channels={has}" in str(caught.value.cure)


# Four by four pixels of each mode, and what they become: RGB for a network of three channels, grey for one of one.
RAMP = np.arange(16, dtype=np.uint8).reshape(4, 4)
COLOURS = np.stack([RAMP * 16, 255 - RAMP * 16, RAMP], -1)
PALETTE = [value for index in range(16) for value in (index * 10, 200 - index * 10, index)]


def four_by_four(mode: str) -> tuple[Image.Image, np.ndarray]:
    """A picture of a mode and the RGB values (4, 4, 3) that it must become."""
    grey = np.repeat((RAMP * 16)[..., None], 3, -1)
    if mode == "1":
        return Image.fromarray(RAMP % 2 == 1), np.repeat((RAMP % 2 * 255)[..., None], 3, -1)
    if mode == "L":
        return Image.fromarray(RAMP * 16), grey
    if mode == "LA":
        return Image.fromarray(np.stack([RAMP * 16, RAMP], -1), "LA"), grey
    if mode in ("P", "P with clear entries"):
        image = Image.fromarray(RAMP, "P")
        image.putpalette(PALETTE)
        if mode != "P":
            image.info["transparency"] = bytes(range(16))
        return image, np.array(PALETTE, np.uint8).reshape(16, 3)[RAMP]
    if mode == "RGBA":
        return Image.fromarray(np.concatenate([COLOURS, RAMP[..., None]], -1), "RGBA"), COLOURS
    if mode == "CMYK":  # ink of one plate each: what is left of the light is 255 less the ink
        return Image.fromarray(np.concatenate([255 - COLOURS, RAMP[..., None] * 0], -1), "CMYK"), COLOURS
    return Image.fromarray(COLOURS), COLOURS


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated")
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "P with clear entries", "RGB", "RGBA", "CMYK"])
def test_fixed_conversion_of_each_mode(mode: str) -> None:
    image, expected = four_by_four(mode)
    data = encoded(image, "TIFF" if mode == "CMYK" else "PNG", **({} if mode == "1" else image.info))
    found = decode_picture(data)
    assert found.dtype == torch.uint8
    assert found.permute(1, 2, 0).tolist() == expected.tolist()
    grey = np.array(Image.fromarray(expected).convert("L"))
    assert decode_picture(data, 1)[0].tolist() == grey.tolist()


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
    assert caught.value.cure
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_two_bytes_short_is_refused_and_the_file_is_left_alone(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(encoded(photo(), kind, **({"lossless": True} if kind == "WEBP" else {}))[:-2])
    before = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns
    with pytest.raises(DataError, match="whole"):
        decode_picture(path)
    assert (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) == before


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
    for name in ("a.jpg", "a.png", "a.npy"):
        path = tmp_path / name
        path.write_bytes(data)
        for look in (decode_picture, picture_size):
            with pytest.raises(DataError, match=found) as caught:
                look(path)
            assert caught.value.path == str(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF"])
def test_a_wrong_suffix_does_not_matter(kind: str, tmp_path: Path) -> None:
    (tmp_path / "a.bmp").write_bytes(encoded(photo(), kind))
    assert decode_picture(tmp_path / "a.bmp").shape == (3, 40, 56)


def bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (10_000, 9_000), (70_000, 1)])
@pytest.mark.parametrize("action", ["error", "ignore"])
def test_bomb_is_refused_by_its_header(width: int, height: int, action: str) -> None:
    with warnings.catch_warnings(action=action), pytest.raises(DataError) as caught:
        decode_picture(bomb(width, height))
    assert caught.value.expected.startswith("at most 89478485 pixels")
    assert caught.value.found == f"a header that declares {width}x{height}"


def test_no_file_and_no_permission_and_a_circle_of_links(tmp_path: Path) -> None:
    circle = tmp_path / "circle.jpg"
    circle.symlink_to(circle)
    for path in (tmp_path / "absent.jpg", tmp_path, circle):
        with pytest.raises(DataError) as caught:
            decode_picture(path)
        assert caught.value.path == str(path)
        with pytest.raises(DataError):
            picture_size(path)


@pytest.fixture
def plain_user() -> Iterator[None]:
    """Rights of a user who is not root: root may read everything."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


def test_no_permission_names_the_file(tmp_path: Path, plain_user: None) -> None:
    path = tmp_path / "closed.png"
    if os.access(tmp_path, os.W_OK, effective_ids=True):
        path.write_bytes(encoded(photo(), "PNG"))
        path.chmod(0)
    for look in (decode_picture, picture_size):
        with pytest.raises(DataError, match=r"readable file, found Permission denied") as caught:
            look(path)
        assert repr(str(path)) in caught.value.what


NAMES = ["a b.png", "\u00e9.png", "e\u0301.png", "漢字.png", "new\nline.png", "-dash.png", "x" * 251 + ".png"]


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_work(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(encoded(photo(), "PNG"))
    assert decode_picture(tmp_path / name).shape == (3, 40, 56)
    assert picture_size(tmp_path / name) == (40, 56)


def test_names_in_two_normal_forms_are_two_files(tmp_path: Path) -> None:
    for name, value in (("\u00e9.png", 10), ("e\u0301.png", 20)):
        (tmp_path / name).write_bytes(encoded(Image.new("L", (2, 2), value), "PNG"))
    found = {int(decode_picture(path)[0, 0, 0]) for path in tmp_path.iterdir()}
    assert found == {10, 20}


FRAMES = [Image.new("RGB", (4, 4), (value, 0, 0)) for value in (200, 150, 100, 50, 0)]


@pytest.mark.parametrize(("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})])
def test_of_five_frames_the_first_is_taken_with_one_warning(kind: str, options: dict[str, bool], tmp_path: Path):
    path = tmp_path / "moves"
    FRAMES[0].save(path, kind, save_all=True, append_images=FRAMES[1:], **options)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = decode_picture(path)
    assert found[0].unique().tolist() == [200]
    assert [str(one.message) for one in told] == [f"{path}: 5 frames found, the first one is used"]


@pytest.mark.parametrize(("mode", "values"), [("L", [200, 100, 50, 0]), ("I;16", [60000, 30000, 10, 0])])
def test_grey_pages_are_channels_where_as_many_are_wanted(mode: str, values: list[int], tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    first, *rest = [Image.new(mode, (4, 6), value) for value in values]
    first.save(path, save_all=True, append_images=rest)
    found = decode_picture(path, 4)
    assert found.shape == (4, 6, 4)
    scale = 1 if found.dtype == torch.uint8 else 65535
    assert (found[:, 0, 0] * scale).round().tolist() == values
    with pytest.warns(UserWarning, match="4 frames found"):
        assert (decode_picture(path)[:, 0, 0] * scale).round().tolist() == values[:1] * 3


def test_pages_of_two_sizes_or_in_colour_are_no_channels(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    for second in (Image.new("L", (5, 6)), Image.new("RGB", (4, 6))):
        Image.new("L", (4, 6), 7).save(path, save_all=True, append_images=[second])
        with pytest.warns(UserWarning, match="2 frames found"):
            assert decode_picture(path, 2).unique().tolist() == [7]


def test_turned_pages_are_turned_once(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pages = [Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4) + value) for value in (0, 100)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], exif=exif)
    found = decode_picture(tmp_path / "a.tif", 2)
    assert found.shape == (2, 4, 3)
    assert torch.equal(found[0], torch.from_numpy(np.rot90(np.array(pages[0]), -1).copy()))


def test_an_array_beside_a_picture_of_its_name_is_a_cache() -> None:
    names = ["a.jpg", "a.npy", "b.npy", "c.txt", "c.npy", "sub/a.npy"]
    kept = only_pictures(Path(name) for name in names)
    assert [path.as_posix() for path in kept] == ["a.jpg", "b.npy", "c.npy", "sub/a.npy"]


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
    assert found in (torch.uint8, torch.float32, "<bytes>")
