"""Places that scikit-learn and a brute-force search agree with, and sets too small or too plain to project."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from saccade.view.projection import FEWEST, nearest, pca, tsne

DRAW = np.random.default_rng(0)
CLOUD = DRAW.normal(size=(30, 5)).astype(np.float32) * [5, 3, 1, 1, 1]


def test_pca_is_scikit_learns_up_to_the_sign_of_each_direction() -> None:
    places, shares = pca(CLOUD)
    theirs = PCA(2).fit(CLOUD)
    np.testing.assert_allclose(np.abs(places), np.abs(theirs.transform(CLOUD)), atol=1e-4)
    assert shares == pytest.approx(theirs.explained_variance_ratio_, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 5), (2, 1), (3, 0), (0, 4)])
def test_few_pictures_or_numbers_have_places_too(shape) -> None:
    places, shares = pca(np.ones(shape, np.float32))
    assert places.shape == (shape[0], 2)
    assert not np.nan_to_num(places).any()
    assert shares == (0.0, 0.0)


def test_tsne_keeps_groups_together_and_is_the_same_each_time() -> None:
    groups = np.repeat(np.eye(3, 5, dtype=np.float32) * 20, 12, axis=0) + DRAW.normal(size=(36, 5)).astype(np.float32)
    places = tsne(groups)
    np.testing.assert_array_equal(places, tsne(groups))
    near = NearestNeighbors(n_neighbors=2).fit(places).kneighbors(places, return_distance=False)[:, 1]
    assert ((near // 12) == (np.arange(36) // 12)).mean() > 0.9


def test_tsne_of_nothing_much() -> None:
    assert tsne(CLOUD[: FEWEST - 1]) is None
    assert not tsne(np.ones((8, 3), np.float32)).any()
    assert tsne(CLOUD[:FEWEST]).shape == (FEWEST, 2)


def test_the_nearest_are_those_of_a_search_by_hand() -> None:
    asked = np.array([3, 17])
    theirs = NearestNeighbors(n_neighbors=5, metric="cosine").fit(CLOUD).kneighbors(CLOUD[asked], return_distance=False)
    np.testing.assert_array_equal(nearest(CLOUD, asked, 4), theirs[:, 1:])
    assert nearest(CLOUD[:3], np.array([0]), 9).shape == (1, 2)
