"""One picture in every form that a caller may have it gives one and the same answer; what could be two is refused."""

import io
import os

import numpy as np
import pytest
import torch
from PIL import Image

from helpers import picture, save_picture, tiny_system
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, DataError
from saccade.core.input.input_spec import InputSpec
from saccade.runtime.predict.arrays import picture_of
from saccade.runtime.predict.given import read_picture
from saccade.runtime.predict.predictor import Predictor
from web import serving

IMAGE = picture(4)  # (3, 11, 12)
PIXELS = IMAGE.permute(1, 2, 0).numpy()


def encoded(pixels: np.ndarray, kind: str = "PNG", **more: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **more)
    return file.getvalue()


def forms() -> dict[str, object]:
    reversed_rows = np.ascontiguousarray(PIXELS[:, :, ::-1])
    return {
        "tensor": IMAGE,
        "array (C, H, W)": IMAGE.numpy(),
        "array (H, W, C)": PIXELS,
        "tensor (H, W, C)": torch.from_numpy(PIXELS.copy()),
        "array with channels turned round": reversed_rows[:, :, ::-1],
        "array that nobody may write to": np.asarray(Image.fromarray(PIXELS)),
        "floats": (PIXELS / 255).astype(np.float32),
        "doubles": PIXELS / 255,
        "sixteen bits": PIXELS.astype(np.uint16) * 257,
        "sixteen bits of another machine": (PIXELS.astype(np.uint16) * 257).astype(">u2"),
        "bytes": encoded(PIXELS),
        "Pillow": Image.fromarray(PIXELS),
        "Pillow, a file that is not loaded yet": Image.open(io.BytesIO(encoded(PIXELS))),
        "Pillow with opacity": Image.fromarray(PIXELS).convert("RGBA"),
        "a tensor with gradients": (IMAGE.float() / 255).requires_grad_(),
    }


@pytest.fixture(scope="module")
def predictor():
    return Predictor(tiny_system(input=InputSpec("native", multiple=4)))


@pytest.mark.parametrize("form", forms())
def test_every_form_of_a_picture_is_the_same_picture(form, predictor, recwarn):
    given = forms()[form]
    found = read_picture(given, 3)
    assert torch.equal(found if found.dtype == torch.uint8 else (found * 255).round().byte(), IMAGE)
    alone = predictor(given)
    assert isinstance(alone, Annotation)
    assert torch.allclose(alone.label_scores, predictor([IMAGE])[0].label_scores, atol=1e-5)
    assert not recwarn


def test_one_picture_has_one_answer_and_several_have_a_list(predictor, tmp_path):
    save_picture(tmp_path / "a.png", 4)
    for one in (IMAGE, tmp_path / "a.png", str(tmp_path / "a.png")):
        assert isinstance(predictor(one), Annotation)
        assert [type(found) for found in predictor([one, PIXELS])] == [type(predictor(one))] * 2
    several = torch.stack([IMAGE, IMAGE.flip(1)])
    assert [type(found) for found in predictor(several)] == [type(predictor(IMAGE))] * 2
    assert len(predictor(picture(i) for i in range(3))) == 3
    assert predictor([]) == []


def test_an_address_is_downloaded_and_an_array_of_a_file_is_not_an_address(predictor, monkeypatch):
    monkeypatch.setitem(os.environ, "no_proxy", "*")
    with serving({"/street.png": (200, {}, encoded(PIXELS)), "/text": (200, {}, b"no picture")}) as address:
        found = predictor(f"{address}/street.png")
        assert "Prediction of street.png, 12x11: " in repr(found)
        with pytest.raises(DataError) as caught:
            predictor([f"{address}/text"])
        assert caught.value.path == f"{address}/text"
    assert found.plot().size == (324, 297)  # it is not downloaded again
    with pytest.raises(DataError, match="expected a file, found none"):
        predictor("file:///etc/hostname")


def test_pillows_orientation_is_that_of_the_file(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(PIXELS, "PNG", exif=exif)
    assert torch.equal(read_picture(Image.open(io.BytesIO(data)), 3), read_picture(data, 3))
    assert read_picture(data, 3).shape == (3, 12, 11)
    tagged = io.BytesIO()
    Image.fromarray(PIXELS).save(tagged, "TIFF", tiffinfo={0x0112: 6})
    assert torch.equal(read_picture(Image.open(tagged), 3), read_picture(tagged.getvalue(), 3))


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "I;16", "F", "LA"])
def test_pillows_modes_are_read_as_files_of_them_are(mode):
    grey = np.linspace(0, 1, 60, dtype=np.float32).reshape(6, 10)
    deep = {"I;16": Image.fromarray((grey * 65535).astype(np.uint16)), "F": Image.fromarray(grey)}
    image = deep.get(mode) or Image.fromarray((grey * 255).astype(np.uint8)).convert(mode)
    file = io.BytesIO()
    image.save(file, "TIFF")
    for channels in (1, 3):
        assert torch.equal(read_picture(image, channels), read_picture(file.getvalue(), channels))


@pytest.mark.parametrize(
    ("shape", "channels", "first"),
    [
        ((3, 8, 9), 3, True),
        ((8, 9, 3), 3, False),
        ((1, 8, 9), 3, True),
        ((8, 9, 1), 3, False),
        ((4, 8, 9), 4, True),
        ((8, 9, 4), 4, False),
        ((5, 9, 8), 5, True),
    ],
)
def test_the_axis_of_the_channels_is_known_by_its_length(shape, channels, first):
    array = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    expected = array if first else array.transpose(2, 0, 1)
    assert np.array_equal(picture_of(array, channels), expected)
    assert np.array_equal(picture_of(torch.from_numpy(array), channels), expected)


@pytest.mark.parametrize("shape", [(3, 3, 3), (3, 480, 3), (1, 8, 3), (3, 8, 1)])
def test_an_array_that_could_be_two_pictures_is_refused_and_a_tensor_is_torchs(shape):
    array = np.zeros(shape, np.uint8)
    with pytest.raises(DataError, match="could be either"):
        picture_of(array, 3)
    assert picture_of(torch.from_numpy(array), 3).shape == shape


@pytest.mark.parametrize("shape", [(4, 8, 9), (8, 9, 4)])
def test_a_fourth_channel_is_not_guessed_to_be_opacity(shape):
    for array in (np.zeros(shape, np.uint8), torch.zeros(shape)):
        with pytest.raises(DataError, match="leave it out"):
            picture_of(array, 3)


def test_an_array_of_other_channels_says_how_many_it_has():
    for shape in ((5, 8, 9), (8, 9, 5)):
        with pytest.raises(ConfigError, match="found 5"):
            Predictor(tiny_system())(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    "wrong", [np.zeros((8, 9, 3), bool), np.array([[["a"]]]), np.zeros((8, 9, 3), complex), np.full((8, 9, 3), np.nan)]
)
def test_numbers_that_are_no_brightness_are_refused(wrong):
    with pytest.raises(DataError):
        picture_of(wrong, 3)


def test_of_several_the_one_at_fault_is_named(predictor):
    with pytest.raises(DataError, match="picture 1: expected"):
        predictor([IMAGE, np.zeros((3, 3, 3), np.uint8)])
    with pytest.raises(DataError, match=r"^expected"):
        predictor(np.zeros((3, 3, 3), np.uint8))
    with pytest.raises(DataError, match=r"picture 0: .*found int"):
        predictor([1])
    with pytest.raises(DataError, match="<bytes>"):
        predictor(b"no picture")
    cut = Image.open(io.BytesIO(encoded(PIXELS)[:-30]))
    with pytest.raises(DataError, match="Pillow"):
        predictor(cut)


def test_one_pillow_picture_may_stand_in_a_list_many_times(predictor):
    image = Image.open(io.BytesIO(encoded(PIXELS)))
    assert len({round(float(found.label_scores[0]), 5) for found in predictor([image] * 20)}) == 1
