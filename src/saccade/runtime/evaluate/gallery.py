"""Pictures of a data set with prediction and truth drawn side by side, as the report shows them."""

from collections.abc import Sequence
from dataclasses import fields

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.sample import Sample
from saccade.metrics.evaluation import Evaluation, PictureSeverity
from saccade.metrics.illustration import Illustration, Illustrator, Key, Painted
from saccade.runtime.evaluate.predictions import predictions
from saccade.runtime.predict.predictor import Predictor
from saccade.view.drawing.draw import draw
from saccade.view.drawing.palette import class_colour
from saccade.view.pages.content import GalleryItem

PICTURES = 12
MOST_COLOURS = 24
# Pictures that go through the network together.
TOGETHER = 16
# Fields that say of which classes pixels are.
PIXELS = frozenset(("semantic", "semantic_masks"))


class Gallery:
    """Pictures of a data set with prediction and truth drawn side by side.

    Args:
        predictor: The network in use.
        dataset: The pictures.
        illustrator: Draws them as a metric sees them, or None.
    """

    def __init__(self, predictor: Predictor, dataset: Dataset, illustrator: Illustrator | None = None) -> None:
        self.predictor, self.dataset, self.illustrator = predictor, dataset, illustrator
        self.places = {dataset.id(index): index for index in range(len(dataset))}

    def of(self, found: Evaluation, most: int | None = None) -> tuple[tuple[GalleryItem, ...], tuple[GalleryItem, ...]]:
        """The most wrong pictures, and a sample of the others: none is shown twice.

        Args:
            found: What was found.
            most: How many pictures at most; 24 by default.
        """
        count = PICTURES if most is None else min(max(most // 2, 1), PICTURES)
        return self.show(found.worst(count)), self.show(found.typical(count, without=count))

    def show(self, judged: Sequence[PictureSeverity]) -> tuple[GalleryItem, ...]:
        """An exhibit for each judged picture."""
        places = [self.places[one.id] for one in judged]
        said = predictions(self.predictor, self.dataset, TOGETHER, places)
        pairs = zip(judged, places, said, strict=True)
        return tuple(self._gallery_item(one, self.dataset[place], found) for one, place, found in pairs)

    def colours(self) -> tuple[Key, ...]:
        """The classes in the colours that they are drawn in; none where nothing is, and none of too many."""
        gives = self.predictor.engine.gives
        of = "semantic" if gives & PIXELS else "instances" if "instances.boxes" in gives else None
        names = () if of is None else self.dataset.vocabularies.names(of)
        if len(names) > MOST_COLOURS:
            return ()
        return tuple(Key(name, "", class_colour(label)) for label, name in enumerate(names))

    def _gallery_item(self, judged: PictureSeverity, sample: Sample, prediction: Annotation) -> GalleryItem:
        truth = asked(sample.truth, self.predictor.engine.gives)
        shown = None if self.illustrator is None else self.illustrator.illustrate(prediction, truth)
        shown = shown or Illustration(Painted(prediction), Painted(truth))
        drawn, wanted = (
            draw(sample.image, side.annotation, self.dataset.vocabularies, self.dataset.joints, frames=side.frames)
            for side in (shown.prediction, shown.truth)
        )
        caption = f"{judged.id}\n{shown.caption}" if shown.caption else judged.id
        return GalleryItem(caption, drawn, wanted, f"{1 - judged.severity:.0%}", bad=judged.severity > 0.5)


def asked(truth: Annotation, gives: frozenset[str]) -> Annotation:
    """The truth, as far as a system that `gives` some fields speaks of it: other fields would hide what matters.

    Objects are kept with all their columns, and what stands beside a field (``pose_visible`` beside ``pose``) with it;
    so is which classes were looked for, which predictions are held against.
    """
    roots = {field.partition(".")[0] for field in gives} | {"sought"}
    if gives & PIXELS:
        roots.add("semantic_sought")
    names = [f.name for f in fields(Annotation)]
    beside = {name: name.startswith("semantic_mask") for name in names}  # masks do not stand beside one class a pixel
    kept = [
        name
        for name in names
        if any(
            name == root or (name.startswith(f"{root}_") and beside[name] == root.startswith("semantic_mask"))
            for root in roots
        )
    ]
    return Annotation(**{name: getattr(truth, name) for name in kept})
