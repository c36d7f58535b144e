"""What a refinement changes: scores, trimaps, and a sheet of pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.vocabulary import Vocabularies
from saccade.metrics.sections import Curve, Curves
from saccade.metrics.segment.borders import RADII, Borders
from saccade.metrics.segment.segmentation import Segmentation
from saccade.runtime.predict.refine.table import Refinement
from saccade.runtime.tools.tuning.kept_scores import KeptPicture, KeptScores
from saccade.safe_io.writing.atomic import write_bytes
from saccade.safe_io.writing.pictures import write_png
from saccade.view.drawing.draw import draw
from saccade.view.drawing.sheet import sheet
from saccade.view.plots.curves import curves

COLUMNS = ("picture", "before", "after", "truth")


@dataclass(frozen=True)
class BeforeAfter:
    """Scores of pictures without and with a refinement.

    Attributes:
        before: Scores by name, those of `Segmentation` and ``boundary_f1``.
        after: The same, refined.
        trimaps: Mean IoU before and after of the pixels within so many of a true border, by radius.
    """

    before: dict[str, float | None]
    after: dict[str, float | None]
    trimaps: dict[int, tuple[float | None, float | None]]


class _Scores:
    def __init__(self, classes: Sequence[str]) -> None:
        self.pixels, self.borders = Segmentation(classes), Borders(classes)

    def take(self, said: Annotation, one: KeptPicture) -> None:
        """Count one picture."""
        truth = Annotation(semantic=one.semantic)
        self.pixels.update(said, truth, one.id)
        self.borders.update(said, truth, one.id)

    def result(self) -> dict[str, float | None]:
        """The scores of all pictures that were counted."""
        return {**self.pixels.result(), **self.borders.result()}

    def curve(self) -> Curve:
        """Mean IoU against the distance from a true border."""
        return self.borders.miou_curve()


def before_after(kept: KeptScores, dataset: Dataset, refine: Refinement, out: Path, shown: int) -> BeforeAfter:
    """Scores without and with a refinement; ``before_after.png`` and ``trimaps.svg`` are drawn.

    Args:
        kept: The pictures and the scores of their pixels.
        dataset: Whose classes count.
        refine: The refinement.
        out: Folder of the drawings.
        shown: Pictures of the sheet.
    """
    classes = dataset.vocabularies.names("semantic")
    before, after = _Scores(classes), _Scores(classes)
    drawn: list[Image.Image] = []
    captions: list[str] = []
    for one in kept:
        told = Annotation(semantic=one.scores.argmax(0))
        better = Annotation(semantic=refine(one.scores, one.image).argmax(0))
        before.take(told, one)
        after.take(better, one)
        if len(captions) < shown * len(COLUMNS):
            drawn += _row(one, (Annotation(), told, better, Annotation(semantic=one.semantic)), dataset.vocabularies)
            captions += [f"{one.id}: {column}" for column in COLUMNS]
    if drawn:
        write_png(sheet(drawn, captions, len(COLUMNS)), out / "before_after.png")
    named = (before.curve()._replace(name="before"), after.curve()._replace(name="after"))
    write_bytes(out / "trimaps.svg", curves(_chart(tuple(one for one in named if one.x))))
    heights = [dict(zip(one.x, one.y, strict=True)) for one in named]
    trimaps = {radius: (heights[0].get(radius), heights[1].get(radius)) for radius in RADII}
    return BeforeAfter(before.result(), after.result(), trimaps)


def _row(one: KeptPicture, said: Sequence[Annotation], names: Vocabularies) -> Iterator[Image.Image]:
    return (draw(one.image / 255, shown, names) for shown in said)


def _chart(drawn: tuple[Curve, ...]) -> Curves:
    return Curves(
        title="Near borders",
        curves=drawn,
        x="pixels from a true border, at most",
        y="mean IoU of these pixels",
        area="",
        reach=RADII[-1],
    )
