"""More than 8 bits a channel: no level is lost, nothing is clipped, and no range is inferred."""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from saccade.core.errors import DataError
from saccade.safe_io.images.pictures import decode_picture, picture_size

RAMP = np.arange(65536, dtype=np.uint16).reshape(256, 256)


def png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits, written by hand: Pillow can write grey alone."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*one) for one in ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    )


def tiff(values: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return file.getvalue()


def pillow_tiff(image: Image.Image, **tags: float) -> bytes:
    """A grey TIFF with its range declared."""
    info = ImageFileDirectory_v2()
    for code, value in zip((340, 341), tags.values(), strict=False):
        info.tagtype[code] = 12
        info[code] = value
    file = io.BytesIO()
    image.save(file, "TIFF", tiffinfo=info)
    return file.getvalue()


def pgm(values: np.ndarray, most: int) -> bytes:
    kind = b"P5" if values.ndim == 2 else b"P6"
    return b"%s %d %d %d\n" % (kind, values.shape[1], values.shape[0], most) + values.astype(">u2").tobytes()


def levels(data: bytes, channels: int = 1) -> list[int]:
    """The 16-bit levels that a decoded picture still holds, of every channel."""
    found = decode_picture(data, channels)
    assert found.dtype == torch.float32
    assert 0 <= float(found.min()) <= float(found.max()) <= 1
    return (found.double() * 65535).round().long().flatten(1).tolist()


GREY = {
    "png": png(RAMP[..., None]),
    "tiff": tiff(RAMP, photometric="minisblack"),
    "big-endian tiff": tiff(RAMP, photometric="minisblack", byteorder=">"),
    "deflate tiff": tiff(RAMP, photometric="minisblack", compression="zlib"),
    "pgm": pgm(RAMP, 65535),
}


@pytest.mark.parametrize("kind", GREY)
def test_a_ramp_of_16_bits_keeps_all_its_levels(kind: str) -> None:
    assert levels(GREY[kind]) == [list(range(65536))]
    assert decode_picture(GREY[kind])[2].unique().numel() == 65536


COLOUR = np.stack([RAMP, RAMP[::-1], RAMP.T], -1)


@pytest.mark.parametrize(
    "data",
    [
        png(COLOUR),
        tiff(COLOUR, photometric="rgb"),
        tiff(COLOUR, photometric="rgb", compression="zlib", predictor=True),
        tiff(COLOUR, photometric="rgb", tile=(64, 64)),
        tiff(COLOUR.transpose(2, 0, 1), photometric="rgb", planarconfig="separate"),
        pgm(COLOUR, 65535),
    ],
    ids=["png", "tiff", "deflate", "tiles", "planes", "ppm"],
)
def test_colours_of_16_bits_keep_all_their_levels(data: bytes) -> None:
    assert levels(data, 3) == [COLOUR[..., channel].flatten().tolist() for channel in range(3)]


def test_opacity_of_16_bits_is_dropped_or_kept() -> None:
    grey, colour = np.stack([RAMP, RAMP.T], -1)[:8, :8], np.concatenate([COLOUR, RAMP[..., None]], -1)[:8, :8]
    for data in (png(colour), tiff(colour, photometric="rgb", extrasamples=["unassalpha"])):
        assert decode_picture(data).shape == (3, 8, 8)
        assert levels(data, 4)[3] == colour[..., 3].flatten().tolist()
    for data in (png(grey), tiff(grey, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"])):
        assert levels(data, 1) == [grey[..., 0].flatten().tolist()]
        assert levels(data, 2)[1] == grey[..., 1].flatten().tolist()


def test_white_may_be_zero() -> None:
    assert levels(tiff(RAMP, photometric="miniswhite")) == [list(range(65535, -1, -1))]


def test_twelve_bits_are_scaled_by_twelve_bits() -> None:
    values = np.array([[0, 1, 2048, 4095]], np.uint16)
    found = decode_picture(pgm(values, 4095), 1)[0, 0]
    assert torch.allclose(found, torch.tensor([0, 1, 2048, 4095]) / 4095, atol=1 / 65535)
    rgb = decode_picture(pgm(np.stack([values] * 3, -1), 4095))[1, 0]
    assert torch.allclose(rgb, torch.tensor([0, 1, 2048, 4095]) / 4095, atol=1e-7)
    packed = bytes([0x00, 0x00, 0x01, 0x80, 0x0F, 0xFF])  # 000 001 800 fff
    entries = [(256, 4), (257, 1), (258, 12), (259, 1), (262, 1), (273, 110), (277, 1), (278, 1), (279, 6)]
    body = b"".join(struct.pack("<HHII", code, 4, 1, value) for code, value in entries)
    header = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    data = (header + body).ljust(110, b"\0") + packed + bytes(4)
    data = data[: 10 + 12 * len(entries)].ljust(len(header) + len(body) + 4, b"\0")
    data = data.replace(struct.pack("<HHII", 273, 4, 1, 110), struct.pack("<HHII", 273, 4, 1, len(data))) + packed
    assert torch.allclose(decode_picture(data, 1)[0, 0], found, atol=1 / 65535)


def test_many_channels_of_bytes_and_of_16_bits() -> None:
    for kind, scale in (("u1", 1), ("u2", 65535)):
        values = (np.arange(5 * 6 * 7).reshape(5, 6, 7)).astype(kind)
        for data in (
            tiff(values, photometric="minisblack", planarconfig="separate"),
            tiff(values.transpose(1, 2, 0), photometric="minisblack", planarconfig="contig"),
        ):
            found = decode_picture(data)
            assert (found * scale).round().int().tolist() == values.tolist()
            with pytest.raises(DataError, match=r"3 channel.*found 5"):
                decode_picture(data, 3)


@pytest.mark.parametrize("orientation", [3, 6])
def test_orientation_of_what_pillow_does_not_open(orientation: int, tmp_path: Path) -> None:
    values = np.arange(5 * 6 * 7, dtype=np.uint8).reshape(6, 7, 5)
    path = tmp_path / "a.tif"
    options = {"photometric": "minisblack", "planarconfig": "contig"}
    path.write_bytes(tiff(values, **options, extratags=[(274, 3, 1, orientation, True)]))
    turned = np.rot90(values, 2 if orientation == 3 else -1)
    assert decode_picture(path).permute(1, 2, 0).tolist() == turned.tolist()
    assert picture_size(path) == turned.shape[:2]


FLOATS = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)


def test_floats_within_0_and_1_are_taken_as_they_are() -> None:
    for data in (pillow_tiff(Image.fromarray(FLOATS)), tiff(FLOATS, photometric="minisblack")):
        assert decode_picture(data, 1)[0].tolist() == FLOATS.tolist()
    colour = np.stack([FLOATS, FLOATS[::-1], FLOATS * 0.5], -1)
    assert decode_picture(tiff(colour, photometric="rgb")).permute(1, 2, 0).tolist() == colour.tolist()


def test_a_declared_range_scales() -> None:
    floats = Image.fromarray((FLOATS * 300 - 100).astype(np.float32))
    found = decode_picture(pillow_tiff(floats, least=-100.0, most=200.0), 1)
    assert torch.allclose(found[0], torch.from_numpy(FLOATS), atol=1e-6)
    whole = Image.fromarray(np.array([[-1000, 0, 3000]], np.int32))
    assert torch.allclose(decode_picture(pillow_tiff(whole, least=-1000.0, most=3000.0), 1), torch.tensor([0, 0.25, 1]))


@pytest.mark.parametrize(
    ("image", "tags", "what"),
    [
        (Image.fromarray(np.array([[0, 70000]], np.int32)), {}, "range.*int32 of 0..70000"),
        (Image.fromarray(np.array([[0.0, 1.5]], np.float32)), {}, "floats 0..1, found 0..1.5"),
        (Image.fromarray(np.array([[-0.1, 1.0]], np.float32)), {}, "found -0.1..1"),
        (Image.fromarray(np.array([[0.0, 9.0]], np.float32)), {"least": 0.0, "most": 8.0}, "0..8.*declares.*0..9"),
        (Image.fromarray(np.array([[0.0, 9.0]], np.float32)), {"least": 9.0, "most": 9.0}, "9..9"),
    ],
)
def test_a_range_is_never_guessed_and_nothing_is_clipped(image: Image.Image, tags: dict[str, float], what: str):
    with pytest.raises(DataError, match=what) as caught:
        decode_picture(pillow_tiff(image, **tags), name="deep.tif")
    assert caught.value.path == "deep.tif"
    assert "SMinSampleValue" in str(caught.value.cure)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_counted_and_placed(bad: float, tmp_path: Path) -> None:
    values = np.full((6, 8), 0.5, np.float32)
    values[4, 5] = values[5, 1] = values[5, 2] = bad
    path = tmp_path / "a.tif"
    colour = np.stack([np.full_like(values, 0.5), values, values], -1)
    for data, channel in ((pillow_tiff(Image.fromarray(values)), 0), (tiff(colour, photometric="rgb"), 1)):
        path.write_bytes(data)
        count = 3 if channel == 0 else 6
        where = f"found {count} that are NaN or infinite, the first at channel {channel}, row 4, column 5"
        with pytest.raises(DataError, match=where) as caught:
            decode_picture(path)
        assert caught.value.path == str(path)


@pytest.mark.parametrize("kind", ["png", "deflate tiff", "tiff", "pgm"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("colour", [False, True])
def test_cut_files_of_16_bits_are_refused(kind: str, share: float, colour: bool) -> None:
    small = COLOUR[:32, :32]
    deep = {
        "png": png(small),
        "tiff": tiff(small, photometric="rgb"),
        "deflate tiff": tiff(small, photometric="rgb", compression="zlib"),
        "pgm": pgm(small, 65535),
    }
    data = deep[kind] if colour else GREY[kind]
    with pytest.raises(DataError) as caught:
        decode_picture(data[: int(share * len(data))], name="cut")
    assert caught.value.path == "cut"
    assert caught.value.cure


def test_a_piece_that_unpacks_to_more_than_its_share_is_refused() -> None:
    data = tiff(COLOUR[:32, :32], photometric="rgb", compression="zlib")
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        start, length = file.pages[0].dataoffsets[0], file.pages[0].databytecounts[0]
    bomb = zlib.compress(bytes(10_000_000), 9)
    packed = data[:start] + bomb.ljust(length, b"\0") + data[start + length :]
    whole = packed.replace(struct.pack("<I", length), struct.pack("<I", max(len(bomb), length)))
    with pytest.raises(DataError, match="piece of more than"):
        decode_picture(whole)


def test_a_tiff_that_declares_too_much_is_refused_by_its_header(tmp_path: Path) -> None:
    data = tiff(np.zeros((2, 2, 5), np.uint8), photometric="minisblack", planarconfig="contig")
    for code in (256, 257):
        for form in ("<HHIHH", "<HHII"):
            kind = 3 if form == "<HHIHH" else 4
            old = struct.pack(form, *((code, kind, 1, 2, 0) if kind == 3 else (code, kind, 1, 2)))
            data = data.replace(old, struct.pack("<HHII", code, 4, 1, 30_000))
    path = tmp_path / "a.tif"
    path.write_bytes(data)
    for look in (decode_picture, picture_size):
        with pytest.raises(DataError, match="30000x30000"):
            look(path)


SEEDS = [
    tiff(COLOUR[:16, :16], photometric="rgb", compression="zlib", predictor=True),
    tiff(COLOUR[:16, :16].transpose(2, 0, 1), photometric="minisblack", planarconfig="separate"),
    tiff(COLOUR[:16, :16], photometric="rgb", tile=(16, 16)),
    png(COLOUR[:16, :16]),
    pgm(COLOUR[:16, :16], 4095),
]


@settings(max_examples=300, deadline=None)
@given(
    seed=st.sampled_from(SEEDS), places=st.lists(st.integers(0, 400), min_size=1, max_size=4), byte=st.integers(0, 255)
)
@pytest.mark.filterwarnings("ignore")
def test_changed_bytes_give_a_picture_or_a_data_error(seed: bytes, places: list[int], byte: int) -> None:
    data = bytearray(seed)
    for place in places:
        data[place % len(data)] = byte
    try:
        found = decode_picture(bytes(data)).dtype
    except DataError as error:
        found = error.path
    assert found in (torch.uint8, torch.float32, "<bytes>")


def test_damage_says_nothing_on_the_side(capfd: pytest.CaptureFixture[str]) -> None:
    data = tiff(COLOUR[:32, :32], photometric="rgb", compression="zlib")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for share in np.linspace(0.05, 0.95, 19):
            with pytest.raises(DataError):
                decode_picture(data[: int(share * len(data))])
    assert capfd.readouterr() == ("", "")
