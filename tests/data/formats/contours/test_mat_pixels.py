"""SBD and PASCAL-Context: pixels, objects and contours out of MATLAB's files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import savemat
from scipy.sparse import csc_matrix

from made import save_picture
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.formats.contours.sbd import CLASSES
from saccade.data.open import open_data, splits
from saccade.safe_io.documents.mat_file import dense, load_mat

SIZE = (40, 60)


def sbd(root: Path, names: tuple[str, ...] = ("a", "b"), **other: Any) -> Path:
    """Pictures with a cat (8) of two objects and a dog (12), whose left columns are contours."""
    pixels = np.zeros(SIZE, np.uint8)
    pixels[5:15, 10:20], pixels[5:15, 30:32], pixels[20:30, 10:50] = 8, 8, 12
    pixels[0, 0] = 255
    objects = np.zeros(SIZE, np.uint8)
    objects[5:15, 10:20], objects[5:15, 30:32], objects[20:30, 10:50] = 1, 3, 2
    edges = np.empty((20, 1), object)
    for k in range(20):
        line = np.zeros(SIZE)
        line[5:15, 10] = k == 7
        line[20:30, 10] = k == 11
        edges[k, 0] = csc_matrix(line)
    for name in names:
        save_picture(root / "img" / f"{name}.png")
        for folder, key, record in (
            ("cls", "GTcls", {"Segmentation": pixels, "Boundaries": edges, "CategoriesPresent": [[8, 12]]} | other),
            ("inst", "GTinst", {"Segmentation": objects, "Categories": np.array([[8.0], [12], [8]])}),
        ):
            (root / folder).mkdir(exist_ok=True)
            savemat(root / folder / f"{name}.mat", {key: record}, do_compression=True)
    return root


def test_pixels_objects_and_contours_of_twenty_classes(tmp_path: Path) -> None:
    sbd(tmp_path)
    (tmp_path / "train.txt").write_text("b\n")
    (tmp_path / "val.txt").write_text("a\n")
    data = open_data(tmp_path)
    assert isinstance(data, Dataset)
    assert (splits(tmp_path), data.classes, [data.id(i) for i in range(len(data))]) == (
        ["train", "val"], CLASSES, ["img/b.png"],
    )  # fmt: skip
    truth = data[0].truth
    assert set(data.fields) == truth.present()
    assert truth.semantic.unique().tolist() == [7, 11, 20, 255]
    assert (data.vocabularies["semantic"][20], int((truth.semantic == 11).sum())) == ("background", 400)
    rows = truth.instances
    assert rows.boxes.tolist() == [[10, 5, 20, 15], [10, 20, 50, 30], [30, 5, 32, 15]]
    assert (rows.labels.tolist(), rows.area.tolist()) == ([7, 11, 7], [100, 400, 20])
    assert (int(truth.label), truth.labels.nonzero().flatten().tolist()) == (11, [7, 11])
    assert truth.contours.shape == (20, *SIZE)
    assert truth.contours.sum((1, 2)).nonzero().flatten().tolist() == [7, 11]
    assert truth.contours[7].nonzero().tolist() == [[row, 10] for row in range(5, 15)]
    assert data.classes_of(0) == {7, 11}


def test_the_authors_archive_without_objects(tmp_path: Path) -> None:
    root = sbd(tmp_path / "benchmark_RELEASE/dataset", ("a",))
    (root / "inst/a.mat").unlink()
    (root / "inst").rmdir()
    data = open_data(f"sbd:{tmp_path}")
    assert splits(tmp_path) == ["train"]
    assert set(data.fields) == data.truth(0).present() == {"semantic", "contours", "labels"}


def test_missing_files_are_told_with_their_lines(tmp_path: Path) -> None:
    sbd(tmp_path)
    (tmp_path / "train.txt").write_text("a\nnone\nb\na\n../a\n")
    (tmp_path / "cls/b.mat").unlink()
    found: list[DataError] = []
    data = open_data(tmp_path, report=found.append)
    assert [error.line for error in found] == [2, 3, 4, None]
    assert len(data) == 1
    with pytest.raises(DataError, match=r"none\.jpg"):
        open_data(tmp_path)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"Segmentation": np.zeros((4, 4), np.uint8)}, "size of the picture"),
        ({"Segmentation": np.full(SIZE, 21, np.uint8)}, "found 21"),
        ({"Segmentation": np.zeros(SIZE)}, "whole numbers"),
        ({"Boundaries": np.zeros(SIZE)}, "20 maps"),
    ],
)
def test_files_of_another_kind_are_refused(other: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        open_data(sbd(tmp_path, **other)).truth(0)


def test_sparse_matrices_are_taken_where_they_are_expected(tmp_path: Path) -> None:
    file = tmp_path / "a.mat"
    savemat(file, {"x": csc_matrix(np.eye(300))})
    with pytest.raises(DataError, match="300x300"):
        load_mat(file)
    matrix = load_mat(file, sparse=True)["x"]
    assert np.array_equal(dense(matrix), np.eye(300) > 0)
    matrix.indices = matrix.indices + 1000  # As a damaged file would say.
    assert dense(matrix) is None
    savemat(file, {"x": csc_matrix((70_000, 10))})
    with pytest.raises(DataError, match="70000x10"):
        load_mat(file, sparse=True)


def context(root: Path, frequent: bool = True) -> Path:
    save_picture(root / "JPEGImages/a.png")
    (root / "trainval").mkdir()
    values = np.zeros(SIZE, np.uint16)
    values[:10], values[10:20], values[20:30] = 2, 300, 459
    savemat(root / "trainval/a.mat", {"LabelMap": values})
    (root / "labels.txt").write_text("".join(f"{k}: kind {k}\n" for k in range(1, 460)))
    if frequent:
        (root / "59_labels.txt").write_text("1: kind 300\n2: kind 2\n")
    return root


def test_the_frequent_classes_and_the_rest_as_background(tmp_path: Path) -> None:
    data = open_data(context(tmp_path))
    assert data.vocabularies == {"semantic": ("kind 300", "kind 2", "background")}
    assert data[0].truth.semantic[::10, 0].tolist() == [1, 0, 2, 255]
    assert data.classes_of(0) == {0, 1}


def test_all_classes_leave_the_mark_of_ignored_pixels_free(tmp_path: Path) -> None:
    data = open_data(f"context:{context(tmp_path)}/labels.txt")
    semantic = data.truth(0).semantic
    assert (len(data.classes), data.classes[255]) == (460, "(unused)")
    assert [data.classes[label] for label in semantic[:30:10, 0].tolist()] == ["kind 2", "kind 300", "kind 459"]
    assert torch.equal(semantic[30:], torch.full((10, 60), 255))


def test_lists_of_classes_that_do_not_fit(tmp_path: Path) -> None:
    root = context(tmp_path)
    (root / "59_labels.txt").write_text("1: queer\n")
    with pytest.raises(DataError, match="found queer"):
        open_data(root)
    (root / "labels.txt").write_text("1: a\nb\n")
    with pytest.raises(DataError, match="2: aeroplane") as caught:
        open_data(root)
    assert caught.value.line == 2
