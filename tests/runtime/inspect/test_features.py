"""Features in memory and in files: the network's own maps, in the data set's order, with no pickle anywhere."""

import zipfile

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from helpers import TinyDataset, tiny_system
from saccade.core.errors import ConfigError, DataError, UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.runtime.inspect.feature_file import read_features
from saccade.runtime.inspect.features import features
from saccade.systems.build import build


def by_hand(data: TinyDataset, pool: str) -> np.ndarray:
    """Each picture alone through the trunk."""
    system, rows = tiny_system(), []
    for place in range(len(data)):
        with torch.no_grad():
            map = system.trunk(system.batch([data[place].image]).images)["deep"][0]
        rows.append({"average": map.mean((1, 2)), "max": map.amax((1, 2)), "none": map.flatten()}[pool])
    return torch.stack(rows).numpy()


@pytest.mark.parametrize("pool", ["average", "max", "none"])
def test_rows_are_the_maps_of_each_picture(pool: str) -> None:
    data = TinyDataset(7)
    found = features(tiny_system(), data, pool=pool, batch=3)
    np.testing.assert_allclose(found.features, by_hand(data, pool), atol=1e-5)
    assert found.ids == tuple(f"{index:03}.png" for index in range(7))
    assert found.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert (found.classes, found.layer) == (("red", "green", "blue"), "deep")


def test_inputs_of_many_sizes_keep_the_order() -> None:
    """Pictures are grouped by size on the way."""
    data = TinyDataset(9)
    system = tiny_system(input=InputSpec("native"))
    found = features(system, data, batch=4)
    for place in range(9):
        with torch.no_grad():
            map = system.trunk(system.batch([data[place].image]).images)["deep"]
        np.testing.assert_allclose(found.features[place], map.mean((2, 3))[0].numpy(), atol=1e-5)
    with pytest.raises(ConfigError, match="of one size"):
        features(system, data, pool="none")


@pytest.mark.parametrize("ending", [".safetensors", ".npz"])
@pytest.mark.parametrize("labelled", [True, False])
def test_files_hold_what_memory_holds(tmp_path, ending: str, labelled: bool) -> None:
    data = TinyDataset(5)
    if not labelled:
        data.fields = frozenset({"instances.boxes"})
    held = features(tiny_system(), data)
    written = features(tiny_system(), data, tmp_path / f"made/file{ending}", batch=2)
    np.testing.assert_array_equal(written.features.shape, held.features.shape)
    np.testing.assert_allclose(written.features, held.features, atol=1e-6)
    assert (written.ids, written.classes, written.layer) == (held.ids, held.classes, held.layer)
    assert (written.labels is None) == (not labelled)
    if labelled:
        np.testing.assert_array_equal(written.labels, held.labels)
    assert [path.name for path in (tmp_path / "made").iterdir()] == [f"file{ending}"]


def test_other_programs_read_the_files(tmp_path) -> None:
    held = features(tiny_system(), TinyDataset(5))
    features(tiny_system(), TinyDataset(5), tmp_path / "a.safetensors")
    features(tiny_system(), TinyDataset(5), tmp_path / "a.npz")
    np.testing.assert_allclose(load_file(tmp_path / "a.safetensors")["features"], held.features, atol=1e-6)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        np.testing.assert_allclose(arrays["features"], held.features, atol=1e-6)
        assert arrays["ids"].tolist() == list(held.ids)
    assert not any(b"pickle" in zipfile.ZipFile(tmp_path / "a.npz").read(name) for name in ("ids.npy", "labels.npy"))


def test_names_of_any_letters(tmp_path) -> None:
    class Named(TinyDataset):
        def id(self, index: int) -> str:
            return ["Бык.png", "a\nb.png", "\U0001f404.png"][index]

    for ending in (".npz", ".safetensors"):
        found = features(tiny_system(), Named(3), tmp_path / f"a{ending}")
        assert found.ids == ("Бык.png", "a\nb.png", "\U0001f404.png")


def test_what_is_unknown_is_refused_before_any_picture_is_read(tmp_path) -> None:
    for wrong in ({"layer": "fc7"}, {"pool": "sum"}, {"out": tmp_path / "a.pkl"}):
        with pytest.raises(UsageError, match="expect"):
            features(tiny_system(), TinyDataset(3), **wrong)
    with pytest.raises(ConfigError, match="data"):
        features(tiny_system())


def test_damaged_files_are_told(tmp_path) -> None:
    for ending in (".npz", ".safetensors"):
        path = tmp_path / f"a{ending}"
        features(tiny_system(), TinyDataset(3), path)
        path.write_bytes(path.read_bytes()[:-9])
        with pytest.raises(DataError):
            read_features(path)


def test_a_picture_that_cannot_be_read_leaves_no_file(tmp_path) -> None:
    class Holed(TinyDataset):
        def __getitem__(self, index):
            if index == 2:
                raise DataError("a picture", "none")
            return super().__getitem__(index)

    with pytest.raises(DataError, match="expected a picture, found"):
        features(tiny_system(), Holed(4), tmp_path / "a.npz", batch=1)
    assert not list(tmp_path.iterdir())


def test_a_network_without_maps_of_whole_pictures_is_refused() -> None:
    system = build("deepmask", 3, width=1 / 16)
    with pytest.raises(ConfigError, match="maps of whole pictures, found deepmask"):
        features(system, TinyDataset(2))
