"""Berkeley's contours: a map for each person, and every file that does not fit."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from made import save_picture
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.formats.contours.bsds import open_bsds
from saccade.data.open import open_data, splits

EDGES = np.zeros((40, 60), np.uint8)
EDGES[10] = 1


def put(root: Path, name: str = "train/a", cells: tuple[object, ...] = (EDGES, EDGES.T.copy().T * 0)) -> Path:
    save_picture(root / f"images/{name}.jpg")
    file = root / f"groundTruth/{name}.mat"
    file.parent.mkdir(parents=True, exist_ok=True)
    drawn = np.empty((1, len(cells)), object)
    for place, edges in enumerate(cells):
        drawn[0, place] = {"Segmentation": EDGES.astype(np.uint16), "Boundaries": edges}
    savemat(file, {"groundTruth": drawn}, do_compression=True)
    return file


def test_a_map_for_each_person(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path, "val/b", (EDGES,))
    data = open_data(tmp_path)
    assert isinstance(data, Dataset)
    assert (splits(tmp_path), data.fields, len(data)) == (["train", "val"], {"contours"}, 1)
    sample = data[0]
    assert (sample.id, sample.image.shape) == ("images/train/a.jpg", (3, 40, 60))
    assert sample.truth.contours.shape == (2, 40, 60)
    assert sample.truth.contours[0].nonzero()[:, 0].unique().tolist() == [10]
    assert sample.truth.contours[1].sum() == 0
    assert open_data(tmp_path, "val").truth(0).contours.shape == (1, 40, 60)


def test_folders(tmp_path: Path) -> None:
    put(tmp_path / "archive/BSDS500/data")
    put(tmp_path / "flat", "a")
    assert open_data(tmp_path / "archive")[0].id == "images/train/a.jpg"
    assert open_data(f"bsds:{tmp_path}/flat").id(0) == "images/a.jpg"


@pytest.mark.parametrize("cells", [(), (EDGES[:, :50],), (EDGES, np.zeros((40, 60))), (EDGES, "drawn"), (EDGES[None],)])
def test_files_that_do_not_fit(cells: tuple[object, ...], tmp_path: Path) -> None:
    file = put(tmp_path, cells=cells)
    with pytest.raises(DataError) as caught:
        open_data(tmp_path).truth(0)
    assert caught.value.path == str(file)


def test_other_variables(tmp_path: Path) -> None:
    savemat(put(tmp_path), {"groundTruth": np.zeros((2, 2)), "other": 1})
    with pytest.raises(DataError, match="one a person"):
        open_data(tmp_path).truth(0)


def test_no_partners(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path, "train/b").unlink()
    put(tmp_path, "train/c")
    (tmp_path / "images/train/c.jpg").unlink()
    told: list[DataError] = []
    assert len(open_bsds(tmp_path, "train", told.append)) == 1
    assert [Path(error.path or "").name for error in told] == ["b.jpg", "c.mat"]
    with pytest.raises(DataError):
        open_data(tmp_path)


@pytest.mark.real_data
def test_natural_pictures(data_root: Path) -> None:
    train, val = (open_data(data_root / "bsds500", split) for split in ("train", "val"))
    assert (len(train), len(val)) == (200, 100)
    contours = train[0].truth.contours
    assert (contours.shape[0], contours.shape[1:]) == (6, train.size(0))
    assert 0 < contours.mean() < 0.2
