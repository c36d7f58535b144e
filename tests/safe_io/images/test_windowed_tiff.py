"""A window of a large TIFF is what the whole picture has there, whatever its tiles, strips, packing and byte order."""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from saccade.core.errors import DataError
from saccade.safe_io.images import tiff_layout, windowed_tiff
from saccade.safe_io.images.pictures import decode_picture, picture_size
from saccade.safe_io.images.windowed_tiff import open_windows

HEIGHT, WIDTH = 301, 437
WINDOWS = ((0, 0, HEIGHT, WIDTH), (0, 0, 1, 1), (60, 90, 130, 200), (250, 400, HEIGHT, WIDTH), (299, 3, HEIGHT, 5))
TILE = (64, 96)
BLOCKS = np.random.default_rng(0).integers(0, 255, (38, 55, 3), np.uint8)
PICTURE = np.kron(BLOCKS, np.ones((8, 8, 1), np.uint8))[:HEIGHT, :WIDTH].copy()
DEEP = PICTURE.astype(np.uint16) * 257
PLANES = PICTURE.transpose(2, 0, 1).copy()
RGBA = np.concatenate([PICTURE, PICTURE[..., :1]], 2)
RGB: dict[str, Any] = {"photometric": "rgb"}

BY_TIFFFILE: dict[str, tuple[Any, dict[str, Any]]] = {
    "tiles": (PICTURE, RGB | {"tile": TILE}),
    "tiles, Deflate": (PICTURE, RGB | {"tile": TILE, "compression": "zlib"}),
    "tiles, Deflate of differences": (PICTURE, RGB | {"tile": TILE, "compression": "zlib", "predictor": True}),
    "BigTIFF": (PICTURE, RGB | {"tile": TILE, "bigtiff": True}),
    "one strip": (PICTURE, RGB),
    "one strip, big-endian": (DEEP, RGB | {"byteorder": ">"}),
    "many strips": (PICTURE, RGB | {"rowsperstrip": 10}),
    "planes": (PLANES, RGB | {"planarconfig": "separate"}),
    "planes in tiles": (PLANES, RGB | {"planarconfig": "separate", "tile": TILE, "compression": "zlib"}),
    "16 bits": (DEEP, RGB | {"tile": TILE}),
    "floats": ((PICTURE / 255).astype(np.float32), RGB | {"tile": TILE, "compression": "zlib"}),
    "white is zero": (PICTURE[..., 0], {"photometric": "miniswhite"}),
    "opacity": (RGBA, RGB | {"extrasamples": ["unassalpha"], "tile": TILE}),
}
BY_PILLOW: dict[str, tuple[Callable[[Image.Image], Image.Image], str | None]] = {
    "LZW": (lambda image: image, "tiff_lzw"),
    "JPEG": (lambda image: image, "jpeg"),
    "JPEG of YCbCr": (lambda image: image.convert("YCbCr"), "jpeg"),
    "PackBits": (lambda image: image, "packbits"),
    "grey LZW": (lambda image: image.convert("L"), "tiff_lzw"),
    "16 bits LZW": (lambda image: Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 200), "tiff_lzw"),
    "palette": (lambda image: image.quantize(16), "tiff_lzw"),
    "bits": (lambda image: image.convert("1"), "group4"),
    "CMYK": (lambda image: image.convert("CMYK"), "tiff_lzw"),
    "opacity LZW": (lambda image: image.convert("RGBA"), "tiff_lzw"),
}


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of any size are read by window, and strips count as long from 20 KB on."""
    monkeypatch.setattr(windowed_tiff, "FEW_PIXELS", 0)
    monkeypatch.setattr(windowed_tiff, "AT_ONCE", 20_000)
    monkeypatch.setattr(tiff_layout, "AT_ONCE", 20_000)


def check_windows(path: Path, channels: int) -> None:
    whole, windows = decode_picture(path, channels), open_windows(path, channels)
    assert windows is not None
    assert windows.size == (HEIGHT, WIDTH)
    for top, left, bottom, right in WINDOWS:
        found = windows.read(top, left, bottom, right, channels)
        torch.testing.assert_close(found, whole[:, top:bottom, left:right], atol=0, rtol=0)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", BY_TIFFFILE)
def test_windows_are_parts_of_the_whole(name: str, channels: int, tmp_path: Path) -> None:
    array, how = BY_TIFFFILE[name]
    tifffile.imwrite(tmp_path / "a.tif", array, **how)
    check_windows(tmp_path / "a.tif", channels)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", BY_PILLOW)
def test_windows_that_pillow_decodes_are_parts_of_the_whole(name: str, channels: int, tmp_path: Path) -> None:
    made, packed = BY_PILLOW[name]
    made(Image.fromarray(PICTURE)).save(tmp_path / "a.tif", "TIFF", compression=packed)
    check_windows(tmp_path / "a.tif", channels)


def test_further_channels_are_read(tmp_path: Path) -> None:
    five = np.concatenate([PICTURE, PICTURE[..., :2]], 2)
    tifffile.imwrite(tmp_path / "a.tif", five, photometric="minisblack", planarconfig="contig", tile=TILE)
    check_windows(tmp_path / "a.tif", 5)


def test_what_was_never_written_is_black(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.full((256, 256, 3), 9, np.uint8), tile=(128, 128), **RGB)
    unwritten(path, 3)
    windows = open_windows(path, 3)
    assert windows is not None
    assert windows.read(0, 0, 128, 256, 3).eq(9).all()
    assert windows.read(128, 128, 256, 256, 3).eq(0).all()


def unwritten(path: Path, place: int) -> None:
    """Takes a tile out of a file, as sparse files leave it out: no place and no bytes."""
    with tifffile.TiffFile(path) as file:
        tags = [file.pages[0].tags[name] for name in ("TileOffsets", "TileByteCounts")]
    data = bytearray(path.read_bytes())
    for tag in tags:
        width = {3: 2, 4: 4}[int(tag.dtype)]
        data[tag.valueoffset + place * width : tag.valueoffset + (place + 1) * width] = bytes(width)
    path.write_bytes(data)


def test_some_pieces_are_kept_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windowed_tiff, "KEPT", 3 * 64 * 96 * 3)
    tifffile.imwrite(tmp_path / "a.tif", PICTURE, tile=TILE, **RGB)
    windows = open_windows(tmp_path / "a.tif", 3)
    assert windows is not None
    for left in range(0, WIDTH, 50):
        windows.read(0, left, 150, min(left + 50, WIDTH), 3)
        assert len(windows._kept) <= 3
        assert windows._bytes == sum(piece.nbytes for piece in windows._kept.values())


def test_a_file_that_was_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, PICTURE, tile=TILE, **RGB)
    path.write_bytes(path.read_bytes()[:-100_000])
    windows = open_windows(path, 3)
    assert windows is not None
    windows.read(0, 0, 64, 96, 3)
    with pytest.raises(DataError, match=r"a\.tif: expected a whole TIFF, found the file ends before"):
        windows.read(250, 0, HEIGHT, WIDTH, 3)


def test_a_piece_that_unpacks_to_more_than_its_share_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((128, 128), np.uint8), tile=(128, 128), compression="zlib")
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[0]
        tag = file.pages[0].tags["TileByteCounts"].valueoffset
    bomb = zlib.compress(bytes(2**20), 9)
    data = bytearray(path.read_bytes()[:offset]) + bomb
    data[tag : tag + 2] = len(bomb).to_bytes(2, "little")
    path.write_bytes(data)
    windows = open_windows(path, 1)
    assert windows is not None
    with pytest.raises(DataError, match="a piece of more than its 16384 bytes"):
        windows.read(0, 0, 4, 4, 1)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"extratags": [(274, 3, 1, 6, True)], "tile": TILE}, "orientation 6"),
        ({"compression": "zlib", "rowsperstrip": HEIGHT}, "packed pieces of 437x301 pixels"),
    ],
)
def test_of_what_no_window_can_be_read_a_small_picture_is_decoded_whole_and_a_large_one_refused(
    how: dict, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_layout, "MOST_PIECE", 100_000)
    tifffile.imwrite(tmp_path / "a.tif", PICTURE, **RGB, **how)
    assert open_windows(tmp_path / "a.tif", 3) is None
    monkeypatch.setattr(windowed_tiff, "MAX_PIXELS", 1000)
    with pytest.raises(DataError, match=reason) as caught:
        open_windows(tmp_path / "a.tif", 3, most=10**6)
    assert "tile=(512, 512)" in str(caught.value)


def test_other_formats_and_small_pictures_are_decoded_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(PICTURE).save(tmp_path / "a.png")
    assert open_windows(tmp_path / "a.png", 3) is None
    monkeypatch.setattr(windowed_tiff, "FEW_PIXELS", HEIGHT * WIDTH)
    tifffile.imwrite(tmp_path / "a.tif", PICTURE, **RGB)
    assert open_windows(tmp_path / "a.tif", 3) is None


def test_the_limit_stays_where_it_is_until_it_is_raised(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.new("L", (4, 4), 7).save(path, "TIFF")
    data = bytearray(path.read_bytes())
    for width in (256, 257):  # a header that declares 400 megapixels, of which the file has none
        at = data.index(width.to_bytes(2, "little") + (4).to_bytes(2, "little") + (1).to_bytes(4, "little"))
        data[at + 8 : at + 12] = (20_000).to_bytes(4, "little")
    path.write_bytes(data)
    for read in (lambda: open_windows(path, 1), lambda: decode_picture(path, 1), lambda: picture_size(path)):
        with pytest.raises(DataError) as caught:
            read()
        assert "--max-pixels" in str(caught.value)
        assert "20000x20000" in str(caught.value) or "400000000" in str(caught.value)
    with pytest.raises(DataError, match="sides of at most 65535") as caught:
        open_windows(path, 1)
    assert "--tile N --max-pixels 400000000" in str(caught.value)
    assert picture_size(path, most=400_000_000) == (20_000, 20_000)
