"""What there is to see of the features of a data set."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.runtime.inspect.feature_table import FeatureTable
from saccade.safe_io.writing.atomic import write_text
from saccade.view.drawing.draw import draw
from saccade.view.pages.feature_sections import features
from saccade.view.pages.feature_view import FeatureView, Neighbour
from saccade.view.pages.page import hero, page
from saccade.view.projection import nearest, pca, tsne

MOST = 2000
ASKED, FOUND = 8, 6
SIDE = 200


def feature_view(table: FeatureTable, dataset: Dataset) -> FeatureView:
    """Scatters by PCA and t-SNE, and some pictures with their nearest ones.

    Args:
        table: Features of the data set's pictures; of more than `MOST`, every so manieth is shown.
        dataset: The pictures.
    """
    chosen = spread(np.arange(len(table.ids)), MOST)
    shown = np.asarray(table.features[chosen], dtype=np.float32)
    labels = main_labels(table)[chosen]
    places, (first, second) = pca(shown)
    scatters = {("PCA", f"The two directions of greatest variance: {first:.0%} and {second:.0%} of it."): places}
    embedded = tsne(shown)
    if embedded is not None:
        scatters[("t-SNE", "Neighbours stay neighbours; distances between groups mean little.")] = embedded
    inspect_settings = _asked(labels)
    found = nearest(shown, inspect_settings, FOUND) if len(shown) > 1 else np.zeros((0, 0), np.int64)

    def picture(row: int, beside: int | None = None) -> Neighbour:
        sample = dataset[int(chosen[row])]
        label = int(labels[row])
        caption = str(table.classes[label]) if label >= 0 else sample.id
        same = None if beside is None or min(label, int(labels[beside])) < 0 else label == int(labels[beside])
        thumbnail = draw(sample.image, Annotation(), dataset.classes)
        thumbnail.thumbnail((SIDE, SIDE))
        return Neighbour(thumbnail, caption, same)

    rows = [
        (picture(row), [picture(near, row) for near in nears])
        for row, nears in zip(inspect_settings, found, strict=False)
    ]
    return FeatureView(table.layer, scatters, labels, table.classes, rows)


def write_feature_page(path: Path, view: FeatureView, run: str, pictures: int) -> None:
    """One HTML file that shows the features of a run."""
    body = features(view)
    facts = {"map": view.layer, "pictures": str(pictures)}
    parts = {} if body is None else {"features": ("Features", body)}
    write_text(path, page(f"features of {run}", hero("saccade features", run, facts), parts))


def main_labels(table: FeatureTable) -> NDArray[np.int64]:
    """(N,) the class of each picture, of many the first that it shows, -1 where it shows none."""
    if table.labels is None:
        return np.full(len(table.ids), -1, np.int64)
    if table.labels.ndim == 1:
        return table.labels
    shown = table.labels == 1
    return np.where(shown.any(1), shown.argmax(1), -1)


def spread(values: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most so many of the values, evenly spread over them."""
    if len(values) <= count:
        return values
    return values[np.linspace(0, len(values) - 1, count).round().astype(np.int64)]


def _asked(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows to show the neighbours of: of each class in turn, as far as they reach."""
    groups = [spread(np.flatnonzero(labels == label), ASKED) for label in spread(np.unique(labels), ASKED)]
    turns = [group[turn] for turn in range(ASKED) for group in groups if turn < len(group)]
    return np.array(sorted(turns[:ASKED], key=lambda row: (labels[row], row)), dtype=np.int64)
