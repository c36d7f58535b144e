"""What a user chooses about a prediction of files."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PredictSettings:
    """How files are predicted.

    Attributes:
        threshold: Instances that score less are left out; None keeps all, and draws a detector's from
            `Engine.drawn_from` on.
        batch: Greatest number of pictures that go through the network together.
        drawn: Whether the predictions are drawn.
        csv: Whether ``predictions.csv`` is written too.
        polygons: Whether predictions are written as polygons too, for LabelMe and in COCO's form.
        cutouts: Whether objects are cut out along their masks, a file each.
        box_crops: Whether they are cut out along their boxes.
        every: Of a video every so many-th frame is predicted.
    """

    threshold: float | None = None
    batch: int = 16
    drawn: bool = True
    csv: bool = False
    polygons: bool = False
    cutouts: bool = False
    box_crops: bool = False
    every: int = 1
