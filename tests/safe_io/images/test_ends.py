"""Files that were cut short are told from whole ones without decoding."""

import io

import numpy as np
import pytest
from PIL import Image

from saccade.core.errors import DataError
from saccade.safe_io.images.ends import seems_whole


def written(kind: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
@pytest.mark.parametrize("cut", [2, 20, 200])
def test_a_cut_is_seen(tmp_path, kind, cut):
    path, data = tmp_path / "a.jpg", written(kind)
    path.write_bytes(data)
    assert seems_whole(path)
    path.write_bytes(data[:-cut])
    assert not seems_whole(path)


@pytest.mark.parametrize("data", [b"", b"a text that is called a picture", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_not_taken_for_one(tmp_path, data):
    (tmp_path / "a.jpg").write_bytes(data)
    assert not seems_whole(tmp_path / "a.jpg")


def test_padding_behind_the_end_is_no_fault(tmp_path):
    (tmp_path / "a.jpg").write_bytes(written("JPEG") + bytes(20))
    assert seems_whole(tmp_path / "a.jpg")


def test_a_file_that_is_gone_is_told(tmp_path):
    with pytest.raises(DataError, match="none"):
        seems_whole(tmp_path / "a.jpg")
