"""The page of features: which pictures are asked about, what stands beside them, and nothing at all."""

import numpy as np
import pytest

from helpers import TinyDataset, tiny_system
from saccade.runtime.evaluate.measure import Measure
from saccade.runtime.inspect.feature_collector import FeatureCollector
from saccade.runtime.inspect.feature_page import ASKED, feature_view, main_labels, write_feature_page
from saccade.runtime.inspect.feature_table import FeatureTable
from saccade.runtime.inspect.features import features


def table(labels: list[int] | None, numbers: np.ndarray) -> FeatureTable:
    ids = tuple(f"{place:03}.png" for place in range(len(numbers)))
    own = None if labels is None else np.array(labels)
    return FeatureTable(ids, numbers.astype(np.float32), own, ("red", "green", "blue"), "deep", "average")


def test_neighbours_say_whether_they_are_of_the_same_class() -> None:
    """Three directions; picture 3 points where the class of picture 1 does, but is of class 0."""
    numbers = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0.1], [0, 0.9, 0], [0, 0, 0.8]])
    view = feature_view(table([0, 1, 2, 0, 1, 2], numbers), TinyDataset(6))
    inspect_settings = {row[0].caption: row for row in view.neighbours}
    assert [one.caption for one, _ in view.neighbours] == ["red", "red", "green", "green", "blue", "blue"]
    first = next(found for one, found in view.neighbours if one.caption == "green")
    assert [(near.caption, near.same) for near in first[:2]] == [("green", True), ("red", False)]
    assert set(inspect_settings) == {"red", "green", "blue"}
    assert [title for title, _ in view.scatters] == ["PCA", "t-SNE"]
    assert all(places.shape == (6, 2) for places in view.scatters.values())


def test_pictures_without_a_class(tmp_path) -> None:
    view = feature_view(table(None, np.eye(6, 3)), TinyDataset(6))
    assert view.labels.tolist() == [-1] * 6
    assert all(near.same is None for _, found in view.neighbours for near in found)
    write_feature_page(tmp_path / "a.html", view, "<run>", 6)
    page = (tmp_path / "a.html").read_text()
    assert "&lt;run&gt;" in page
    assert "no class" in page or "PCA" in page


@pytest.mark.parametrize("count", [0, 1, 2])
def test_nearly_nothing(tmp_path, count: int) -> None:
    view = feature_view(table([0] * count, np.ones((count, 3))), TinyDataset(3))
    assert len(view.neighbours) == (count if count > 1 else 0)
    write_feature_page(tmp_path / "a.html", view, "run", count)


def test_many_classes_of_a_picture_show_their_first() -> None:
    many = FeatureTable(("a", "b"), np.zeros((2, 1), np.float32), np.array([[0, 1, 1], [0, -1, 0]]), (), "x", "max")
    assert main_labels(many).tolist() == [1, -1]


def test_no_more_pictures_are_asked_about_than_fit() -> None:
    view = feature_view(
        table([place % 3 for place in range(40)], np.random.default_rng(0).normal(size=(40, 4))), TinyDataset(40)
    )
    assert len(view.neighbours) == ASKED
    assert len({one.caption for one, _ in view.neighbours}) == 3


def test_a_measurement_gathers_what_a_pass_of_its_own_would() -> None:
    data, system = TinyDataset(12), tiny_system()
    measure = Measure(system, data)
    half = Measure(system, data)
    for places, taker in ((range(7), measure), (range(7, 12), half)):
        samples = [data[place] for place in places]
        batch = system.batch([sample.image for sample in samples], [sample.truth for sample in samples])
        taker.take(type(batch)(**{**vars(batch), "ids": tuple(sample.id for sample in samples)}))
    assert measure.features.table() is None  # five pictures are missing
    measure.merge([half.state()])
    found, own = measure.features.table(), features(system, data)
    np.testing.assert_allclose(found.features, own.features, atol=1e-5)
    assert found.ids == own.ids


def test_little_and_much_is_not_gathered() -> None:
    assert not FeatureCollector(tiny_system(), TinyDataset(3)).wanted
    assert not FeatureCollector(tiny_system(), TinyDataset(301)).wanted
    assert FeatureCollector(tiny_system(), TinyDataset(300)).wanted
    tally = FeatureCollector(tiny_system(), TinyDataset(12))
    assert tally.table() is None
