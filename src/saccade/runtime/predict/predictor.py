"""From pictures to predictions: the one way of use, for the API, the command line and the service.

A picture is read (`preprocess`), waits for others of its size (`buckets`) and goes through the network with them
(`engine`); what is said of its views becomes one prediction in its own pixels (`merge`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any, Unpack, overload

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.errors import SaccadeError, UsageError
from saccade.core.geometry.resample import Size
from saccade.core.vocabulary import Vocabularies
from saccade.network.system import System
from saccade.runtime.device import is_out_of_memory, moved_to_device, pick_device, pick_dtype
from saccade.runtime.predict.buckets import ROOM
from saccade.runtime.predict.engine import Engine, above, better, engine_of, finish, widened
from saccade.runtime.predict.ensemble.several import SeveralNetworks
from saccade.runtime.predict.given import Picture, is_picture
from saccade.runtime.predict.prediction import Prediction
from saccade.runtime.predict.preprocess import PreparedPicture, Preprocessor, UnreadablePicture
from saccade.runtime.predict.views.batched_views import (
    PictureResult,
    ViewPrediction,
    predict_views,
    too_large,
    views_together,
)
from saccade.runtime.predict.views.merge import Agreement, check_large, check_views
from saccade.runtime.predict.views.multi_scale_flip import ViewOptions, viewing
from saccade.safe_io.limits import MAX_PIXELS


class Predictor:
    """A network in use. Pictures are grouped by size, so that the company of others never changes a prediction.

    The given system itself is used where it has the right device and precision, and a copy of it elsewhere. It stays as
    it is, and is followed where it learns on: what is folded for speed is a copy of its trunk's convolutions
    (`runtime.predict.folded_trunk`), which takes the memory of their weights once more.

    Args:
        system: The network: a system, or an engine, which has a device and a precision of its own.
        precision: ``32``, ``bf16`` or ``16``: the type to which a system's weights are cast.
        device: Of a system: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        keep_scores: Whether predictions hold the scores of all classes at every pixel, of networks that give some: 4
            bytes each, a gigabyte for 21 classes of 12 megapixels.
        max_pixels: Pixels that a picture may have, where it is shown in tiles: a TIFF of more than 89 478 485 is read
            window by window, and its classes of pixels are bytes (of more than 255 classes 32 bits).
        members: Networks that predict in place of the engine, which then only says what they have in common.
        seen: Which views each picture is shown in: ``scales``, ``flip``, ``tile``, ``overlap``, ``crops`` (see
            `viewing`); of several the predictions are merged (`runtime.predict.views.merge`).

    Attributes:
        best_seen: The best score of an object so far, of those too that a threshold left out; None where none was.

    Raises:
        UsageError: There is no such device or precision, or a scale or tile is out of bounds.
        ConfigError: The network cannot be shown several views.
    """

    def __init__(
        self,
        system: System | Engine,
        precision: str | None = "32",
        device: str = "auto",
        *,
        keep_scores: bool = False,
        max_pixels: int = MAX_PIXELS,
        members: SeveralNetworks | None = None,
        **seen: Unpack[ViewOptions],
    ) -> None:
        self.views, self.keep_scores = viewing(**seen) if members is None else members.views, keep_scores
        self.max_pixels, self.members = max_pixels, members
        if isinstance(system, System):
            system = engine_of(moved_to_device(system, pick_device(device), pick_dtype(precision)))
        elif device != "auto" or precision not in (None, "auto", "32"):
            raise UsageError("a system for this device and precision", f"{system.name}, which has its own")
        self.engine: Engine = system
        self.views = replace(self.views, pairs=system.joints.pairs if system.joints else ())
        self.best_seen: float | None = None
        if members is None:
            check_views(self.engine, self.views)
        if self.by_window:
            check_large(self.engine, self.views, keep_scores)

    @property
    def by_window(self) -> bool:
        """Whether pictures may have more pixels than are decoded whole."""
        return self.max_pixels > MAX_PIXELS

    @property
    def system(self) -> System:
        """The network's layers, for those who look inside.

        Raises:
            ConfigError: It is an engine that only predicts.
        """
        return self.engine.system

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; labels are their positions. Of several vocabularies those of the main one."""
        return self.vocabularies.main

    @property
    def vocabularies(self) -> Vocabularies:
        """Names of the classes of each field."""
        return self.engine.vocabularies

    def preprocessor(self, shows: bool = False) -> Preprocessor:
        """How pictures get into the network; where it `shows`, they are kept to be drawn on."""
        engine, keeps = self.engine, self.engine.refine is not None or self.members is not None
        return Preprocessor(engine.input, engine.search, self.views, shows, keeps, most=self.max_pixels)

    @overload
    def __call__(self, pictures: Picture, threshold: float = 0.0, batch: int = 16) -> Prediction: ...  # pyright: ignore[reportOverlappingOverload]

    @overload
    def __call__(self, pictures: Iterable[Picture], threshold: float = 0.0, batch: int = 16) -> list[Prediction]: ...

    def __call__(
        self, pictures: Picture | Iterable[Picture], threshold: float = 0.0, batch: int = 16
    ) -> Prediction | list[Prediction]:
        """The prediction for a picture, or those for several, in their order.

        Args:
            pictures: A picture, or any number of them: paths; addresses of the web, as text; bytes of a picture's file;
                Pillow pictures; arrays and tensors (C, H, W) or (H, W, C), uint8 0..255, uint16 or float 0..1 (how
                the axes are told apart, `runtime.predict.arrays.picture_of` says). An array of four axes is several.
            threshold: Instances that score less are left out.
            batch: Greatest number of pictures that go through the network together.

        Returns:
            One prediction for one picture, a list for several: annotations in the picture's own pixels (of a file:
            after its EXIF orientation), on the CPU, float32, instances by falling score. They hold their pictures as
            they were given, and can be drawn.

        Raises:
            DataError: A picture cannot be read or downloaded; of several without a name it says which.
            ResourceError: A picture alone does not fit into memory.
            UsageError: What is given is neither a picture nor several.
        """
        alone = is_picture(pictures)
        several: Any = [pictures] if alone else pictures
        if not isinstance(several, Iterable):
            raise UsageError("a picture or a list of pictures", type(pictures).__name__)
        found: dict[int, Prediction] = {}
        for place, prediction in self.stream(several, threshold, batch):
            if isinstance(prediction, SaccadeError):
                if not alone and prediction.path is None:
                    prediction.within = prediction.within or f"picture {place}"
                raise prediction
            found[place] = prediction
        return found[0] if alone else [found[place] for place in sorted(found)]

    def stream(
        self, pictures: Iterable[Picture], threshold: float = 0.0, batch: int = 16
    ) -> Iterator[tuple[int, Prediction | SaccadeError]]:
        """Position and prediction of each picture, as they are found; a picture that fails gives its error.

        Raises:
            UsageError: A single picture is given instead of several, or `batch` is below 1.
        """
        if is_picture(pictures) or batch < 1:
            raise UsageError("a list of pictures and a batch of at least 1", f"{type(pictures).__name__}, {batch}")
        preprocessor = replace(self.preprocessor(), holds=True)
        groups = preprocessor.grouped(preprocessor.each(pictures), _size_of, batch, ROOM)
        for item, found in self.prediction(groups, threshold, batch):
            if isinstance(found, SaccadeError):
                yield item.place, found
            elif isinstance(item, PreparedPicture) and item.given is not None:
                found, names, least = widened(found), self.vocabularies, self.engine.drawn_from
                told = Prediction.of(found, item.given, item.size, names, threshold, least, self.engine.joints)
                yield item.place, told

    def prediction(
        self, groups: Iterable[Iterable[PreparedPicture | UnreadablePicture]], threshold: float = 0.0, batch: int = 16
    ) -> Iterator[tuple[PreparedPicture | UnreadablePicture, PictureResult]]:
        """Each picture that `preprocessor` took in, with its prediction, as they are found, group by group.

        Args:
            groups: Pictures, those together that go through the network together.
            threshold: Instances that score less are left out.
            batch: Greatest number of views that go through the network together.
        """
        for group in groups:
            read: list[PreparedPicture] = []
            for item in group:
                if isinstance(item, PreparedPicture):
                    read.append(item)
                else:
                    yield item, item.error
            if self.members is None:
                yield from self._agreed(read, threshold, batch)
            else:
                yield from self.members.agreed(read, threshold, batch, self.keep_scores)
                self.best_seen = self.members.best_seen

    def _agreed(
        self, read: Sequence[PreparedPicture], threshold: float, batch: int
    ) -> Iterator[tuple[PreparedPicture, PictureResult]]:
        """Pictures with what their views together say; the first error of a view is the picture's."""
        keep_scores = self.keep_scores or self.engine.refine is not None
        waiting = {item.place: self._agreement(item, keep_scores) for item in read}
        spec, device = self.engine.input, self.engine.device

        def predict(views: Batch) -> list[Annotation]:
            return self.network_predictions(views, threshold)

        for together in views_together(read, spec, batch):
            shown = [one for one in together if one[0].place in waiting]  # a picture may have failed
            if not shown:
                continue
            for said in predict_views(shown, spec, predict, device):
                place = said.item.place
                if place in waiting and (prediction := self._own(said, waiting[place], keep_scores)) is not None:
                    del waiting[place]
                    yield said.item, prediction

    def _agreement(self, item: PreparedPicture, keep_scores: bool) -> Agreement | None:
        """What gathers the views of a picture; None of one view, whose prediction is the picture's."""
        if len(item.views) == 1 and item.take_part is None:
            return None
        return Agreement(item.views, self.engine.suppression, keep_scores, item.windows is not None, item.take_part)

    def _own(self, view_prediction: ViewPrediction, views: Agreement | None, keep_scores: bool) -> PictureResult | None:
        """The prediction in the picture's own pixels, once its last view has come; maps may not fit into memory."""
        if isinstance(view_prediction.prediction, SaccadeError):
            return view_prediction.prediction
        try:
            if views is None:
                prediction = view_prediction.frame.undo(view_prediction.prediction, keep_scores)
            else:
                prediction = views.add(view_prediction.view, view_prediction.prediction, view_prediction.frame)
            return (
                None
                if prediction is None
                else self.engine.finalize(prediction, view_prediction.item.image, self.keep_scores)
            )
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return too_large(view_prediction.item, "the machine")

    def network_predictions(self, batch: Batch, threshold: float = 0.0) -> list[Annotation]:
        """What the network says of a batch, in the batch's pixels, on the CPU, float32."""
        found = [finish(prediction) for prediction in self.engine.decode(self.engine.forward(batch))]
        self.best_seen = reduce(better, found, self.best_seen)
        return [above(prediction, threshold) for prediction in found]

    def predictions(self, batch: Batch, threshold: float = 0.0) -> list[Annotation]:
        """Answers to the pictures of a batch, each in its own pixels, on the CPU, float32."""
        return batch.undo(self.network_predictions(batch, threshold), self.keep_scores)

    def raw(self, batch: Batch) -> Any:
        """The network's raw output, on its device and in its precision."""
        return self.engine.forward(batch)


def _size_of(item: PreparedPicture | UnreadablePicture) -> Size | None:
    return item.size if isinstance(item, PreparedPicture) else None
