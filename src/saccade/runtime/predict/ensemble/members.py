"""Networks in use whose predictions about each picture become one, in the picture's own pixels.

Each network gets the picture in its own way, by its own size, views and refinement; classes are matched by name.

Legend: M networks, C classes, (H, W) a picture's own size.
"""

import copy
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, SaccadeError, UsageError
from saccade.core.geometry.resample import Size
from saccade.core.masks import Masks
from saccade.core.score_maps import IGNORE, above_half
from saccade.core.threshold import UNMEASURED
from saccade.core.vocabulary import key_of
from saccade.runtime.evaluate.class_agreement import check_classes_agree
from saccade.runtime.predict.engine import Engine, above, better
from saccade.runtime.predict.ensemble.objects import merged_objects
from saccade.runtime.predict.ensemble.rules import MERGES, Merge, merged_presences, merged_shares
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.preprocess import PreparedPicture
from saccade.runtime.predict.views.batched_views import PictureResult
from saccade.runtime.predict.views.multi_scale_flip import MultiScaleFlip

# Scores of pixels of all pictures that are held at a time: half a gigabyte.
MOST = 2**27
CLASSES = frozenset(("label", "labels", "label_scores"))
PIXELS = frozenset(("semantic", "semantic_scores", "semantic_masks", "semantic_mask_scores"))
LINES = frozenset(("contours",))
SCORES_OF_PIXELS = frozenset(("semantic_scores", "semantic_mask_scores"))


@dataclass
class Members:
    """The networks of an ensemble.

    Attributes:
        predictors: The networks in use, which keep the scores of pixels; pictures are read for the first.
        merge: How scores become one.
        orders: For each network by key of its vocabularies, where the classes of the first stand in its own list.
        best_seen: The best score of an object so far, of those too that a threshold left out.
    """

    predictors: tuple[Predictor, ...]
    merge: Merge
    orders: tuple[Mapping[str, Tensor], ...]
    best_seen: float | None = None

    @property
    def views(self) -> MultiScaleFlip:
        """The views in which the first network is shown a picture."""
        return self.predictors[0].views

    def agreed(
        self, read: Sequence[PreparedPicture], threshold: float, batch: int, keep_scores: bool
    ) -> Iterator[tuple[PreparedPicture, PictureResult]]:
        """Pictures with what the networks together say; the first error of a network is the picture's.

        Args:
            read: The pictures, as the first network's preprocessor took them, with the pictures themselves.
            threshold: Objects whose merged score is less are left out.
            batch: Greatest number of views that go through a network together.
            keep_scores: Whether scores of pixels stay.
        """
        for few in self._held(read):
            said = [self._said(number, few, batch) for number in range(len(self.predictors))]
            for item in few:
                results = [of_one.pop(item.place) for of_one in said]
                error = next((result for result in results if isinstance(result, SaccadeError)), None)
                found = [result for result in results if isinstance(result, Annotation)]
                yield item, error or self._above(self._one(found, item.size, keep_scores), threshold)

    def _above(self, prediction: Annotation, threshold: float) -> Annotation:
        self.best_seen = better(self.best_seen, prediction)
        return above(prediction, threshold)

    def _held(self, read: Sequence[PreparedPicture]) -> Iterator[list[PreparedPicture]]:
        """As many pictures as the scores of their pixels may be held of; all where pixels have none."""
        engine = self.predictors[0].engine
        classes = len(engine.vocabularies.names("semantic")) if SCORES_OF_PIXELS & engine.gives else 0
        few: list[PreparedPicture] = []
        left = MOST
        for item in read:
            cost = len(self.predictors) * classes * item.size[0] * item.size[1]
            if few and cost > left:
                yield few
                few, left = [], MOST
            few.append(item)
            left -= cost
        if few:
            yield few

    def _said(self, number: int, read: Sequence[PreparedPicture], batch: int) -> dict[int, PictureResult]:
        """What one network says, by the places of the pictures."""
        predictor = self.predictors[number]
        preprocessor = predictor.preprocessor()
        pairs = [(item, item.image) for item in read]
        taken = [
            item if number == 0 or image is None else preprocessor.take(item.place, image) for item, image in pairs
        ]
        found = predictor.prediction([taken], batch=batch)
        return {
            item.place: self._reordered(number, result) if isinstance(result, Annotation) else result
            for item, result in found
        }

    def _reordered(self, number: int, said: Annotation) -> Annotation:
        """A prediction whose classes are in the first network's order."""
        orders = self.orders[number]
        for field in ("label_scores", "labels", *sorted(SCORES_OF_PIXELS), *LINES):
            order, values = orders.get(key_of(field) or ""), said.get(field)
            # Of contours there may be one map, whatever the classes that they were learnt of.
            if order is not None and values is not None and len(values) == len(order):
                said = replace(said, **{field: values[order]})
        rows, order = said.instances, orders.get("instances")
        if rows is None or rows.labels is None or order is None:
            return said
        return replace(said, instances=replace(rows, labels=order.argsort()[rows.labels]))

    def _one(self, said: Sequence[Annotation], size: Size, keep_scores: bool) -> Annotation:
        """The prediction of all networks, in the picture's own pixels."""
        merged: dict[str, Any] = {}
        if said[0].label_scores is not None:
            scores = torch.stack([one.get("label_scores") for one in said])
            if said[0].labels is None:
                merged["label_scores"] = merged_shares(scores, self.merge)
                merged["label"] = merged["label_scores"].argmax()
            else:
                merged["label_scores"] = merged_presences(scores, self.merge)
                merged["labels"] = (merged["label_scores"] > 0.5).long()
        if said[0].semantic_scores is not None:
            spoken = torch.stack([one.get("semantic") != IGNORE for one in said])
            shares = merged_shares(torch.stack([one.get("semantic_scores") for one in said]), self.merge, spoken)
            merged["semantic"] = shares.argmax(0).masked_fill(~spoken.any(0), IGNORE)
            merged["semantic_scores"] = shares if keep_scores else None
        if said[0].contours is not None:
            merged["contours"] = merged_presences(torch.stack([one.get("contours") for one in said]), self.merge)
        if said[0].semantic_mask_scores is not None:
            merged |= self._layers(said, keep_scores)
        suppression = self.predictors[0].engine.suppression
        if said[0].instances is not None and suppression is not None and self.merge != "product":
            merged["instances"] = merged_objects(said, size, suppression, self.merge)
        return replace(said[0], **merged)

    def _layers(self, said: Sequence[Annotation], keep_scores: bool) -> dict[str, Any]:
        """Masks of several classes a pixel, each class by itself."""
        scores = torch.stack([one.get("semantic_mask_scores") for one in said])
        nowhere = torch.zeros(scores.shape[-2:], dtype=torch.bool)
        unseen = torch.stack([nowhere if (one := s.semantic_masks_unknown) is None else one for s in said])
        merged, nobody = merged_presences(scores, self.merge, ~unseen), unseen.all(0)
        return {
            "semantic_masks": Masks.from_dense(above_half(merged, ~nobody)),
            "semantic_masks_unknown": nobody if bool(nobody.any()) else None,
            "semantic_mask_scores": merged if keep_scores else None,
        }


def ensemble(predictors: Sequence[Predictor], merge: Merge = "mean", *, keep_scores: bool = False) -> Predictor:
    """Several networks in use as one, whose predictions about a picture are merged.

    Scores of a picture's classes, of its pixels and contours are averaged, or the greatest or their product is taken
    and brought to a sum of 1, of contours with that of no contour. Objects that several networks find become one, by
    their mean, or the best of those that overlap stays (`merged_objects`); they have no product.

    Args:
        predictors: Two networks or more that give the same fields, of the same classes in any order; the result lists
            them as the first does.
        merge: ``mean``, ``max`` or ``product``.
        keep_scores: Whether predictions hold the scores of all classes at every pixel.

    Raises:
        UsageError: There are fewer than two networks, or no such merge.
        ConfigError: The networks do not give the same, or something that cannot be merged so; or their classes or
            channels differ.
    """
    if len(predictors) < 2 or merge not in MERGES:
        raise UsageError(
            f"two networks or more, and a merge of {', '.join(MERGES)}", f"{len(predictors)} and {merge!r}"
        )
    engines = [one.engine for one in predictors]
    for engine in engines:
        _check_gives(engine, engines[0], merge)
    orders = tuple(_orders(engine, engines[0]) for engine in engines)
    members = Members(tuple(_keeping_scores(one) for one in predictors), merge, orders)
    return Predictor(_face(engines, merge, [one.views for one in predictors]), keep_scores=keep_scores, members=members)


def _keeping_scores(predictor: Predictor) -> Predictor:
    other = copy.copy(predictor)
    other.keep_scores = True
    return other


def _face(engines: Sequence[Engine], merge: Merge, views: Sequence[MultiScaleFlip]) -> Engine:
    """What is seen of an ensemble from outside: it takes pictures, not batches, and has no layers."""
    first, name = engines[0], " + ".join(engine.name for engine in engines)

    def refuse(_: Any) -> NoReturn:
        raise ConfigError("pictures", "a batch of one network's pictures", within=name, cure="call the predictor")

    def digest() -> str:
        told = [
            [e.digest(), repr(e.input.as_dict()), str(e.dtype), v.plain_values()]
            for e, v in zip(engines, views, strict=True)
        ]
        return hashlib.sha256(repr([merge, *told]).encode()).hexdigest()

    return replace(
        first,
        name=name,
        forward=refuse,
        decode=refuse,
        digest=digest,
        suppression=None,
        refine=None,
        layers=None,
        drawn_from=UNMEASURED,  # nobody has measured what merged scores are worth
    )


def _check_gives(engine: Engine, first: Engine, merge: Merge) -> None:
    """Refuse what cannot be merged."""
    if engine.gives != first.gives:
        raise ConfigError(
            f"networks that give the same ({', '.join(sorted(first.gives))})",
            f"{engine.name}, which gives {', '.join(sorted(engine.gives))}",
        )
    if engine.input.channels != first.input.channels:
        raise ConfigError(f"networks of {first.input.channels} channels", f"{engine.name} of {engine.input.channels}")
    boxes = {field for field in engine.gives if field.startswith("instances.")}
    if boxes and (merge == "product" or engine.suppression is None):
        cure = "--merge mean, or --merge max" if engine.suppression else "use one run"
        raise ConfigError(f"scores of classes or pixels to merge by {merge}", f"boxes of {engine.name}", cure=cure)
    scored = {"label_scores"} & engine.gives or not engine.gives & CLASSES
    mapped = SCORES_OF_PIXELS & engine.gives or not engine.gives & PIXELS
    strange = sorted(engine.gives - CLASSES - PIXELS - LINES - boxes)
    if strange or not scored or not mapped:
        found = ", ".join(strange) or "classes without scores"
        raise ConfigError("scores of classes or pixels to merge", f"{found} of {engine.name}", cure="use one run")


def _orders(engine: Engine, first: Engine) -> dict[str, Tensor]:
    """By key of the vocabularies, where the first network's classes stand in the other's list.

    Raises:
        ConfigError: The classes are others; the message is a diff.
    """
    orders: dict[str, Tensor] = {}
    for key, names in first.vocabularies.items():
        own = engine.vocabularies.get(key, ())
        if sorted(own) != sorted(names):
            check_classes_agree(names, own, engine.name)
        orders[key] = torch.tensor([own.index(name) for name in names])
    return orders
