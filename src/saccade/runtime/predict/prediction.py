"""What a network says of one picture, which knows the picture and the names of the classes."""

from dataclasses import dataclass, field, fields
from pathlib import Path

from PIL import Image
from torch.export import register_dataclass

from saccade.core.annotation import Annotation
from saccade.core.dataset import Joints
from saccade.core.geometry.resample import Size
from saccade.core.threshold import UNMEASURED
from saccade.core.vocabulary import Vocabularies
from saccade.runtime.predict.given import GivenPicture
from saccade.runtime.predict.output import save_drawing
from saccade.runtime.predict.wording import in_words


@dataclass(frozen=True, repr=False)
class Prediction(Annotation):
    """An annotation, as `Predictor` gives it, that can be drawn and told.

    It holds its picture as it was given, and no pixels of its own: a file is read again when it is drawn.

    Attributes:
        picture: The picture.
        size: Its height and width.
        vocabularies: Names of the classes of each field.
        threshold: The score below which instances were left out; 0 where all were kept.
        drawn_from: The score from which on they are drawn where all were kept (`Engine.drawn_from`).
        joints: What its joints are, which says how they are connected; None where only their names tell.
    """

    picture: GivenPicture = field(kw_only=True)
    size: Size = field(kw_only=True)
    vocabularies: Vocabularies = field(kw_only=True)
    threshold: float = field(default=0.0, kw_only=True)
    drawn_from: float = field(default=UNMEASURED, kw_only=True)
    joints: Joints | None = field(default=None, kw_only=True)

    @staticmethod
    def of(
        found: Annotation,
        picture: GivenPicture,
        size: Size,
        vocabularies: Vocabularies,
        threshold: float = 0.0,
        drawn_from: float = UNMEASURED,
        joints: Joints | None = None,
    ) -> "Prediction":
        """What was found of a picture, with what it is to know (see the attributes)."""
        told = {f.name: getattr(found, f.name) for f in fields(Annotation)}
        return Prediction(
            **told,
            picture=picture,
            size=size,
            vocabularies=vocabularies,
            threshold=threshold,
            drawn_from=drawn_from,
            joints=joints,
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; labels are their positions. Of several vocabularies those of the main one."""
        return self.vocabularies.main

    def plot(self, threshold: float | None = None) -> Image.Image:
        """The picture with the prediction drawn on it, as ``saccade predict`` draws it.

        Args:
            threshold: Instances with lower scores are not drawn. By default all that passed the predictor's own
                threshold are; where it had none, a detector's from `drawn_from` on.

        Returns:
            An RGB picture; one smaller than 320 pixels is enlarged by a whole number.

        Raises:
            DataError: The picture's file cannot be read any more.
        """
        from saccade.view.drawing.draw import draw, drawn_from  # it brings matplotlib, which a training does without

        _, shown = self.picture.twofold()
        chosen = threshold if threshold is not None else self.threshold or None
        least = chosen or drawn_from(self, chosen, self.drawn_from)
        return draw(shown, self, self.vocabularies, self.joints, threshold=least)

    def save(self, path: str | Path, threshold: float | None = None) -> None:
        """Write the drawing of `plot` to a file, whole or not at all.

        Args:
            path: The file; its suffix says the format, such as ``.png`` or ``.jpg``. Folders above it are made.
            threshold: As for `plot`.

        Raises:
            UsageError: The suffix is none of a format of pictures.
            DataError: The picture's file cannot be read any more.
            ResourceError: The disk is full.
        """
        save_drawing(self.plot(threshold), Path(path))

    def __repr__(self) -> str:
        height, width = self.size
        told = in_words(self, self.vocabularies, self.drawn_from)
        return f"Prediction of {self.picture.title}, {width}x{height}: {told}"


register_dataclass(Prediction, serialized_type_name="saccade.Prediction")
