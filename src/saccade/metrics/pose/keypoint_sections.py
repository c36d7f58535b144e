"""What the report says of objects with joints.

Legend: C classes, K joints, q objects that were found.
"""

from collections.abc import Sequence

import numpy as np

from saccade.core.joint_names import COCO_NAMES, sigmas_by_name, usual_name
from saccade.metrics.detect.coco_scores import Tables
from saccade.metrics.detect.resampled import OVERLAPS
from saccade.metrics.pose.within import Floats, mean_of, plain
from saccade.metrics.sections import Column, Curve, Curves, Section, Table, class_section


def by_class(names: tuple[str, ...], tables: Tables) -> Section:
    """``keypoint_AP`` and ``keypoint_AP50`` of each class; none of a class whose joints nobody annotated."""
    averages = {"keypoint_AP": None, "keypoint_AP50": 0}
    columns = [
        Column(name=name, values=[tables.ap(place, label=label) for label in range(len(names))])
        for name, place in averages.items()
    ]
    return class_section(Table(rows=names, columns=tuple(columns)))


def by_similarity(names: tuple[str, ...], tables: Tables) -> Section:
    """Average precision over the similarity that is right, a curve for each class that has joints."""
    places = tuple(float(at) for at in OVERLAPS)
    drawn: list[Curve] = []
    for label, name in enumerate(names):
        heights = [tables.ap(place, label=label) for place in range(len(places))]
        known = tuple(value for value in heights if value is not None)
        if len(known) == len(places):
            drawn.append(Curve(name, places, known, sum(known) / len(known)))
    curves = Curves(
        title="Average precision over the similarity that is right",
        curves=tuple(drawn),
        x="object keypoint similarity",
        y="average precision",
        area="keypoint AP",
        empty="No curve: no object's joints are annotated.",
    )
    return Section("Joints of objects", (curves,))


def by_joint(names: Sequence[str], sigmas: Floats, far: Floats, area: Floats) -> Table:
    """How near each joint is in the objects that were found, and the constant of similarity that it has.

    Args:
        names: K names.
        sigmas: (K,) constants.
        far: (q, K) pixels of the joints from their places; NaN not annotated.
        area: (q,) pixels of the objects.
    """
    known = ~np.isnan(far)
    alike = np.exp(-(far**2) / (2 * (2 * sigmas) ** 2 * (area[:, None] + np.spacing(1))))
    similarity = mean_of(np.where(known, alike, 0).sum(0), known.sum(0))
    distance = mean_of(np.where(known, far / np.sqrt(np.maximum(area, 1))[:, None], 0).sum(0), known.sum(0))
    words = [f"{sigma:g}, {_source(name, sigma)}" for name, sigma in zip(names, sigmas.tolist(), strict=True)]
    return Table(
        title="Each joint",
        lead="Of the objects whose joints are similar by .5 or more to those of a prediction.",
        head="Joint",
        rows=tuple(names),
        columns=(
            Column(name="similarity", values=[plain(float(value)) for value in similarity], telling=True),
            Column(
                name="joint_distance",
                values=[plain(float(value)) for value in distance],
                title="Mean distance, over the root of the area",
            ),
            Column(name="found", values=known.sum(0).astype(float).tolist(), form="count"),
            Column(name="sigma", values=words, form="words", title="Constant of similarity (σ)"),
        ),
    )


def _source(name: str, sigma: float) -> str:
    """Where a joint's constant comes from."""
    if sigma != sigmas_by_name((name,))[0]:
        return "the data's own"
    return "COCO's" if usual_name(name) in COCO_NAMES else "not one of COCO's"
