"""COCO's average precision and recall, by hotcoco, which answers as pycocotools does; of borders, by faster-coco-eval.

Source: Lin et al. 2014, Microsoft COCO, and the reference evaluation: ten overlaps .50 … .95, 101 recalls, the best 1,
10 and 100 predictions, areas small < 32², medium < 96², large above.
"""

import gc
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import DataError, UsageError
from saccade.core.joint_names import COCO_NAMES, SIGMA, sigmas_by_name
from saccade.safe_io.documents.json_file import load_json

Kind = Literal["bbox", "segm", "keypoints", "boundary"]
Json = str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]]

SCORES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100")
# Places among COCO's overlaps.
_AT50, _AT75 = 0, 5
# Numbers of predictions: COCO's, and those of proposals, whose scores are told of a thousand, too.
USUAL, MANY = (1, 10, 100), (1, 10, 100, 1000)


class Tables(NamedTuple):
    """COCO's tables; -1 where undefined.

    Attributes:
        precision: (10 overlaps, 101 recalls, C classes, areas, numbers of predictions).
        recall: (10 overlaps, C, areas, numbers of predictions).
        areas: Names of the areas: ``all``, ``small`` …
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    areas: tuple[str, ...]

    def ap(self, overlap: int | None = None, area: str = "all", label: int | None = None) -> float | None:
        """Average precision over the overlaps, or at one of them, of an area, over the classes or of one."""
        if area not in self.areas:
            return None
        # Precision counts the best 100, or all where there is one number.
        found = self.precision[:, :, :, self.areas.index(area), : len(USUAL)][..., -1]
        found = found if overlap is None else found[overlap : overlap + 1]
        return _mean(found if label is None else found[:, :, label : label + 1])

    def ar(self, place: int, label: int | None = None) -> float | None:
        """Average recall over the overlaps with the `place`-th number of predictions, over the classes or of one."""
        if place >= self.recall.shape[-1]:
            return None
        found = self.recall[:, :, 0, place]
        return _mean(found if label is None else found[:, label : label + 1])


def coco(truth_json: Json, results_json: Json, kind: Kind = "bbox") -> dict[str, float | None]:
    """COCO's scores of results in COCO's own form.

    Args:
        truth_json: Annotations: a file, or what it holds.
        results_json: Results, a list of image_id, category_id, score and bbox, segmentation or keypoints: a file, or
            what it holds.
        kind: ``bbox``, ``segm``, ``keypoints``, or ``boundary``: masks by the lesser of their overlap and that of their
            borders, as wide as .02 of the picture's diagonal (Cheng et al. 2021, Boundary IoU, arXiv 2103.16562).

    Returns:
        ``AP AP50 AP75 APs APm APl AR1 AR10 AR100`` as fractions, None where undefined. For keypoints there are no small
        areas, and one number of predictions, 20, whose recall is given as AR and as AR100; similarity has the
        constants that categories give as ``sigmas``, or else COCO's for joints that they name as COCO does, and .1 for
        others.

    Raises:
        UsageError: The kind is unknown.
        DataError: A file cannot be read, or the results name pictures that the truth lacks.
    """
    if kind not in get_args(Kind):
        raise UsageError("kind 'bbox', 'segm', 'keypoints' or 'boundary'", repr(kind))
    truth, results = _loaded(truth_json), _loaded(results_json)
    known = {image["id"] for image in truth["images"]}
    strange = [row["image_id"] for row in results if row["image_id"] not in known]
    if strange:
        raise DataError(
            f"results of the truth's {len(known)} pictures",
            f"image_id {strange[0]!r}",
            path=results_json if isinstance(results_json, str | Path) else None,
            cure="evaluate with the annotations that the results were made for",
        )
    return summary(tables(truth, results, kind))


def summary(found: Tables) -> dict[str, float | None]:
    """COCO's scores by name; ``AR1000`` beside them where so many predictions were counted."""
    few = found.recall.shape[-1] == 1
    many = {"AR1000": found.ar(3)} if found.recall.shape[-1] == len(MANY) else {}
    return {
        "AP": found.ap(),
        "AP50": found.ap(_AT50),
        "AP75": found.ap(_AT75),
        "APs": found.ap(area="small"),
        "APm": found.ap(area="medium"),
        "APl": found.ap(area="large"),
        "AR1": None if few else found.ar(0),
        "AR10": None if few else found.ar(1),
        "AR100": found.ar(0 if few else 2),
        **({"AR": found.ar(0)} if few else {}),
        **many,
    }


def _sigmas_of(truth: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> list[float] | None:
    """Constants of the joints: the categories' ``sigmas``, or else by the names that they give to joints.

    Where they name none it is None, COCO's, of 17 joints, and .1 of other numbers.

    Raises:
        DataError: Categories have unlike joints or ``sigmas``: one list of constants serves them all. Or these are not
            as many numbers above 0 as there are joints.
    """
    jointed = [row for row in truth["categories"] if row.get("keypoints")]
    named = {tuple(row["keypoints"]) for row in jointed}
    if len(named) > 1:
        raise DataError("the same joints in all categories", " and ".join(str(len(one)) for one in named))
    own: list[Any] = [row["sigmas"] for row in jointed if row.get("sigmas") is not None]
    for given in own:
        count = len(next(iter(named)))
        if not isinstance(given, list) or len(given) != count or not all(map(_is_positive, given)):
            raise DataError(f"sigmas of {count} numbers above 0, one a joint", given)
        if given != own[0]:
            raise DataError("the same sigmas in all categories", f"{own[0]} and {given}")
    if own:
        return own[0]
    if named:
        return list(sigmas_by_name(next(iter(named))))
    count = len(results[0]["keypoints"]) // 3 if results else len(COCO_NAMES)
    return None if count == len(COCO_NAMES) else [SIGMA] * count


def tables(truth: Mapping[str, Any], results: Sequence[Mapping[str, Any]], kind: Kind) -> Tables:
    """COCO's tables of results; neither argument is changed."""
    if kind in ("bbox", "segm"):  # nothing is added to these
        rows: Any = list(results)
        return tables_of({**truth}, rows, kind)
    with uncollected():
        # Keys are added to rows, and nothing within them is changed.
        own = {name: [dict(row) for row in truth[name]] for name in ("images", "annotations")}
        sigmas = None
        if kind == "keypoints":
            sigmas = _sigmas_of(truth, results)
            for row in own["annotations"]:  # a file may leave the number out
                row["num_keypoints"] = sum(mark > 0 for mark in row.get("keypoints", [])[2::3])
        return tables_of({**truth, **own}, [dict(row) for row in results], kind, sigmas)


def tables_of(
    truth: dict[str, Any],
    results: list[dict[str, Any]],
    kind: Kind,
    sigmas: Sequence[float] | None = None,
    counts: Sequence[int] | None = None,
) -> Tables:
    """COCO's tables of results made for this call: of borders and joints the rows of both arguments are added to.

    Args:
        truth: Annotations.
        results: Results.
        kind: As of `coco`.
        sigmas: Constants of the joints; None: COCO's of its 17.
        counts: Numbers of predictions of a picture and a class that are counted; None: COCO's own.
    """
    evaluator = _of_borders(truth, results) if kind == "boundary" else _evaluator(truth, results, kind)
    if sigmas is not None:
        evaluator.params.kpt_oks_sigmas = list(sigmas)
    if counts is not None:
        evaluator.params.maxDets = list(counts)
    evaluator.evaluate()
    evaluator.accumulate()
    areas = tuple(evaluator.params.areaRngLbl)
    return Tables(np.asarray(evaluator.eval["precision"]), np.asarray(evaluator.eval["recall"]), areas)


def _evaluator(truth: dict[str, Any], results: list[dict[str, Any]], kind: Kind) -> Any:
    from hotcoco import COCO, COCOeval

    annotated = COCO(truth)
    return COCOeval(annotated, annotated.load_res(results), kind)


def _of_borders(truth: dict[str, Any], results: list[dict[str, Any]]) -> Any:
    """The other library alone compares borders."""
    from faster_coco_eval import COCO, COCOeval_faster

    annotated = COCO(truth)
    return COCOeval_faster(annotated, annotated.loadRes(results), "boundary", print_function=_silent)


@contextmanager
def uncollected() -> Generator[None]:
    """Without the search for cycles of objects: in a million rows of plain values it takes long and finds none."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _loaded(value: Json) -> Any:
    return load_json(Path(value)) if isinstance(value, str | Path) else value


def _is_positive(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < inf


def _mean(values: NDArray[np.float64]) -> float | None:
    known = values[values > -1]
    return float(known.mean()) if len(known) else None


def _silent(*_: object) -> None:
    """The library tells its progress; ours is told elsewhere."""
