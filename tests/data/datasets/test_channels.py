"""One data set, read with as many channels as the network takes: by files where it has some, else fitted."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

import saccade as sc
from helpers import TinyDataset
from saccade.core.errors import ConfigError, DataError
from saccade.core.input.input_spec import InputSpec
from saccade.data.datasets.channels import ChannelDataset, with_channels
from saccade.data.datasets.classes.chosen import class_subset
from saccade.data.datasets.classes.concat import ConcatDataset
from saccade.data.datasets.subset import Subset
from saccade.data.loading.loader import Loader, LoaderSettings


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    """Two pictures of five channels in each of two classes, the channels first or last."""
    for label, name in enumerate(("ant", "bee")):
        for index in range(2):
            values = (
                np.full((5, 30, 40), 50 * label + 10 * index, np.uint8) + np.arange(5, dtype=np.uint8)[:, None, None]
            )
            (tmp_path / name).mkdir(exist_ok=True)
            np.save(tmp_path / name / f"{index}.npy", values if index else values.transpose(1, 2, 0))
    return tmp_path


@pytest.fixture
def clear(tmp_path: Path) -> Path:
    """A picture with opacity."""
    (tmp_path / "ant").mkdir()
    Image.new("RGBA", (8, 6), (10, 20, 30, 40)).save(tmp_path / "ant" / "0.png")
    return tmp_path


def test_arrays_are_found_as_pictures_are(arrays: Path) -> None:
    dataset = sc.open_data(arrays)
    assert [dataset.id(index) for index in range(4)] == ["ant/0.npy", "ant/1.npy", "bee/0.npy", "bee/1.npy"]
    assert {tuple(dataset[index].image.shape) for index in range(4)} == {(5, 30, 40)}
    assert dataset.size(0) == (30, 40)
    assert dataset[3].image[:, 2, 3].tolist() == [60, 61, 62, 63, 64]


def test_ordinary_files_stay_three_bytes(clear: Path) -> None:
    sample = sc.open_data(clear)[0]
    assert (sample.image.shape, sample.image.dtype) == ((3, 6, 8), torch.uint8)


def test_opacity_is_read_where_it_makes_the_number_right(clear: Path) -> None:
    dataset = sc.open_data(clear)
    assert with_channels(dataset, 3) is dataset
    assert with_channels(dataset, 4)[0].image[:, 0, 0].tolist() == [10, 20, 30, 40]
    assert with_channels(dataset, 1)[0].image[:, 0, 0].tolist() == [18]


def test_parts_and_unions_read_so_too(arrays: Path) -> None:
    dataset = sc.open_data(arrays)
    part = Subset(dataset, [3, 0])
    chosen = class_subset(dataset, ["bee"])
    for made, first, label in ((part, 60, 1), (chosen, 50, 0), (ConcatDataset([part, chosen]), 60, 1)):
        read = with_channels(made, 5)
        assert isinstance(read, ChannelDataset)
        assert read[0].image[:, 0, 0].tolist() == list(range(first, first + 5))
        assert int(read[0].truth.label) == int(read.truth(0).label) == label
        assert read.id(0) == made.id(0) == read[0].id
        assert (len(read), read.size(0), tuple(read.classes)) == (len(made), (30, 40), tuple(made.classes))
        assert read.classes_of(0) == {label}
        assert read.fields == {"label"}


def test_a_data_set_of_somebody_s_own_is_fitted_by_the_input() -> None:
    own = TinyDataset(3)
    assert with_channels(own, 1) is own
    batch = next(Loader(own, InputSpec.stretch(16, 1), LoaderSettings(batch=3)).epoch(0))
    assert batch.images.shape == (3, 1, 16, 16)


def test_a_wrong_number_names_the_picture_and_the_cure(arrays: Path) -> None:
    dataset = sc.open_data(arrays)
    for channels, kind in ((4, DataError), (3, ConfigError)):
        loader = Loader(with_channels(dataset, channels), InputSpec.stretch(16, channels), LoaderSettings(batch=4))
        with pytest.raises(kind, match=f"{channels} channel.*found 5") as caught:
            next(loader.epoch(0))
        assert str(caught.value.path).endswith("ant/0.npy")
        assert "channels=5" in str(caught.value.cure)


def test_axes_that_only_the_network_can_tell_apart(tmp_path: Path) -> None:
    (tmp_path / "ant").mkdir()
    np.save(tmp_path / "ant" / "0.npy", np.zeros((40, 24, 36), np.uint8))
    dataset = sc.open_data(tmp_path)
    read = with_channels(dataset, 40)
    assert read.size(0) == (24, 36)
    assert read[0].image.shape == (40, 24, 36)
    with pytest.raises(DataError, match="40x24x36"):
        dataset.size(0)


def test_a_cache_beside_a_picture_is_no_second_picture(tmp_path: Path) -> None:
    for name in ("images", "labels"):
        (tmp_path / name / "train").mkdir(parents=True)
    Image.new("RGB", (8, 6)).save(tmp_path / "images" / "train" / "1.jpg")
    np.save(tmp_path / "images" / "train" / "1.npy", np.zeros((6, 8, 3), np.uint8))
    (tmp_path / "labels" / "train" / "1.txt").write_text("0 .5 .5 .5 .5\n")
    (tmp_path / "data.yaml").write_text("names: [ant]\ntrain: images/train\n")
    dataset = sc.open_data(f"yolo:{tmp_path}")
    assert [dataset.id(index) for index in range(len(dataset))] == ["images/train/1.jpg"]


JPEG = {"JPEG": {"quality": 100, "subsampling": 0}}
FORMATS = ["16-bit png", "bytes npy", "float npy", "pages", "channels"]


def save(path: Path, kind: str, values: np.ndarray) -> int:
    """Write (4, H, W) values 0..65535 in a format; the channels that a network of it has."""
    if kind == "16-bit png":
        Image.fromarray(values[0]).save(path.with_suffix(".png"))
        return 1
    if kind in ("bytes npy", "float npy"):
        np.save(path.with_suffix(".npy"), (values >> 8).astype(np.uint8) if kind == "bytes npy" else values / 65535)
        return 4
    if kind == "pages":
        first, *rest = [Image.fromarray(page) for page in values]
        first.save(path.with_suffix(".tif"), save_all=True, append_images=rest)
        return 4
    tifffile.imwrite(path.with_suffix(".tif"), values, photometric="minisblack", planarconfig="separate")
    return 4


@pytest.mark.parametrize("kind", FORMATS)
def test_training_evaluation_and_prediction_see_the_same_tensor(kind: str, tmp_path: Path) -> None:
    (tmp_path / "ant").mkdir()
    values = np.random.default_rng(0).integers(0, 65536, (4, 24, 36)).astype(np.uint16)
    channels = save(tmp_path / "ant" / "0", kind, values)
    system = sc.build("lenet5", ["ant"], channels=channels)
    read = with_channels(sc.open_data(tmp_path), channels)
    trained = next(Loader(read, system.input, LoaderSettings(batch=1)).epoch(0))
    assert torch.equal(system.batch([read[0].image]).images, trained.images)
    scale = 255 if kind == "bytes npy" else 65535
    expected = (values >> 8 if kind == "bytes npy" else values)[:channels].astype(np.float32) / scale
    assert torch.allclose(system.batch([torch.from_numpy(expected)]).images, trained.images, atol=1e-5)
    predictor = sc.Predictor(system)
    file = next((tmp_path / "ant").iterdir())
    by_path, by_sample = predictor([file])[0], predictor([read[0].image])[0]
    assert torch.equal(by_path.label_scores, by_sample.label_scores)
    assert sc.evaluate(system, tmp_path)["top1"] == 1.0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_exif_orientation_is_the_same_in_training_evaluation_and_prediction(kind: str, tmp_path: Path) -> None:
    """Eight files that say in eight ways how one picture is to be seen; all must give it to all."""
    upright = np.kron(np.arange(6, dtype=np.uint8).reshape(2, 3) * 40, np.ones((16, 16), np.uint8))
    undo = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: np.transpose,
        6: lambda a: np.rot90(a, 1), 7: lambda a: np.rot90(a, 2).T, 8: lambda a: np.rot90(a, -1),
    }  # fmt: skip
    for name in ("ant", "bee"):
        (tmp_path / name).mkdir()
    for orientation, turn in undo.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = Image.fromarray(np.ascontiguousarray(turn(upright)))
        stored.save(tmp_path / "ant" / f"{orientation}.{kind.lower()}", kind, exif=exif, **JPEG.get(kind, {}))
    dataset = sc.open_data(tmp_path)
    seen = [dataset[index].image for index in range(8)]
    assert all((image[0].int() - torch.from_numpy(upright).int()).abs().max() <= 1 for image in seen)
    assert {dataset.size(index) for index in range(8)} == {(32, 48)}
    system = sc.build("lenet5", ["ant", "bee"]).eval()
    batch = next(Loader(dataset, system.input, LoaderSettings(batch=8)).epoch(0))
    assert (batch.images - batch.images[:1]).abs().max() < 0.02
    scores = sc.Predictor(system)([dataset.path(index) for index in range(8)])
    arrays = sc.Predictor(system)(seen)
    for by_path, by_sample in zip(scores, arrays, strict=True):
        assert torch.equal(by_path.label_scores, by_sample.label_scores)
        assert torch.allclose(by_path.label_scores, scores[0].label_scores, atol=1e-3)
    losses = {round(sc.evaluate(system, Subset(dataset, [index]))["loss"] or 0.0, 2) for index in range(8)}
    assert len(losses) == 1
