"""Pictures on their way in: whatever is given becomes what an `InputSpec` makes of it, a few ahead, in threads.

Legend: C channels, (H, W) a picture's own size.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from saccade.core.errors import SaccadeError
from saccade.core.geometry.resample import Size
from saccade.core.input.channels import fit_channels
from saccade.core.input.input_spec import InputSpec
from saccade.core.sample import Sample
from saccade.network.system import Search
from saccade.runtime.device import is_out_of_memory, out_of_memory
from saccade.runtime.predict.buckets import ahead, buckets
from saccade.runtime.predict.given import GivenPicture, Picture
from saccade.runtime.predict.small_copy import small_copy
from saccade.runtime.predict.views.map_mean import TakePart
from saccade.runtime.predict.views.multi_scale_flip import MultiScaleFlip, View
from saccade.safe_io.images.windowed_tiff import WindowedTiff, open_windows
from saccade.safe_io.limits import MAX_PIXELS

T = TypeVar("T")


@dataclass(frozen=True)
class PreparedPicture:
    """A picture that was read, with the views of it that a network is shown.

    Attributes:
        place: Its position among those that were given.
        views: Its views.
        seen: (C, h, w) float32 0..1 each, before normalising and padding; empty where they are made when they are
            shown, since tiles of a large picture take several times its memory.
        image: The picture itself, (C, H, W), where views are still to be made of it, or predictions to be refined; or
            None.
        regions: (r, 4) boxes that a search proposed, in the picture's own pixels, or None.
        shown: The picture in its colours, (3 or C, H, W), where it is kept to be drawn on, or None.
        given: The picture as it was given, where the prediction is to know it, or None.
        windows: What reads the picture window by window, where it is too large to be held, or None; `shown` is a small
            copy of it then.
        take_part: Takes scores of pixels part by part, where the prediction is not to hold classes of the whole.
        name: What the picture is called: its file, or its name in a data set; None where it has none.
    """

    place: int
    views: tuple[View, ...]
    seen: tuple[Tensor, ...] = ()
    image: Tensor | None = None
    regions: Tensor | None = None
    shown: Tensor | None = None
    given: GivenPicture | None = None
    windows: WindowedTiff | None = None
    take_part: TakePart | None = None
    name: str | None = None

    @property
    def size(self) -> Size:
        """Height and width of the picture."""
        return self.views[0].size

    def visualize(self, view: int, spec: InputSpec) -> Tensor:
        """(C, h, w) float32 0..1: one of its views.

        Raises:
            DataError: The part of the file that shows it is damaged.
        """
        if self.windows is not None:
            part = self.windows.read(*self.views[view].window, spec.channels)
            return self.views[view].visualize_part(part, spec)
        return self.seen[view] if self.image is None or self.seen else self.views[view].visualize(self.image, spec)

    def regions_of(self, view: int) -> Tensor | None:
        """(r, 4) the regions that a view shows, in its pixels: those whose centre lies in it."""
        if self.regions is None:
            return None
        top, left, bottom, right = self.views[view].window
        x, y = ((self.regions[:, :2] + self.regions[:, 2:]) / 2).unbind(1)
        inside = self.regions[(x >= left) & (x <= right) & (y >= top) & (y <= bottom)]
        high = inside.new_tensor([right, bottom, right, bottom])
        low = inside.new_tensor([left, top, left, top])
        return self.views[view].frame.boxes(inside.maximum(low).minimum(high))


@dataclass(frozen=True)
class UnreadablePicture:
    """A picture that cannot be read, and why."""

    place: int
    error: SaccadeError


@dataclass(frozen=True)
class Preprocessor:
    """How pictures get into a network.

    Attributes:
        spec: Size, interpolation, channels.
        search: Proposes regions for systems that read some which they do not propose themselves.
        views: Which views of each picture the network is shown.
        shows: Whether pictures are kept in their colours, to be drawn on.
        keeps: Whether pictures are kept as they were read, for networks that refine their predictions by them.
        holds: Whether what was given is held, so that a prediction knows its picture.
        most: Pixels that a picture may have; a TIFF of more than `MAX_PIXELS` is never held whole.
    """

    spec: InputSpec
    search: Search | None = None
    views: MultiScaleFlip = field(default_factory=MultiScaleFlip)
    shows: bool = False
    keeps: bool = False
    holds: bool = False
    most: int = MAX_PIXELS

    def each(self, pictures: Iterable[Picture]) -> Iterator[PreparedPicture | UnreadablePicture]:
        """Each picture, or what is wrong with it, in their order; a few are read ahead, in threads."""
        return ahead(lambda item: self.take(*item), enumerate(pictures))

    def take(self, place: int, picture: Picture, sample: Sample | None = None) -> PreparedPicture | UnreadablePicture:
        """The picture at a position, or what is wrong with it.

        Args:
            place: The position.
            picture: Whatever can be given as a picture.
            sample: The same as a sample of data, where it is one: its regions were sought before, and its truth says
                where the person is that a network of one person's pose sees.
        """
        try:
            return self._take(place, picture, sample)
        except SaccadeError as error:
            return UnreadablePicture(place, _named(error, picture))
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return UnreadablePicture(place, _named(out_of_memory("the decoded picture", "the machine"), picture))

    def _take(self, place: int, picture: Picture, sample: Sample | None) -> PreparedPicture:
        given = GivenPicture.of(picture, self.spec.channels)
        windows = self._windows(given)
        if windows is not None:
            return self._by_window(place, given, windows)
        image, shown = given.twofold() if self.shows else (given.read(), None)
        held, regions = given if self.holds else None, None if sample is None else sample.regions
        if regions is None and self.search is not None:
            regions = self.search(image)
        truth, name = (None, given.name) if sample is None else (sample.truth, sample.id)
        views = tuple(self.views.of((image.shape[-2], image.shape[-1]), self.spec, truth))
        if self.views.tiles is not None:
            fit_channels(image, self.spec.channels)  # says now what would go wrong later
            return PreparedPicture(place, views, (), image, regions, shown, held, name=name)
        seen = tuple(view.visualize(image, self.spec) for view in views)
        return PreparedPicture(place, views, seen, image if self.keeps else None, regions, shown, held, name=name)

    def _windows(self, given: GivenPicture) -> WindowedTiff | None:
        """What reads a large TIFF window by window, where nothing asks for the whole."""
        if self.views.tiles is None or self.keeps or self.search is not None or not isinstance(given.source, Path):
            return None
        return open_windows(given.source, self.spec.channels, self.most)

    def _by_window(self, place: int, given: GivenPicture, windows: WindowedTiff) -> PreparedPicture:
        windows.read(0, 0, 1, 1, self.spec.channels)  # says now what would go wrong later
        shown = small_copy(windows, self.spec.channels) if self.shows else None
        views = tuple(self.views.of(windows.size, self.spec))
        return PreparedPicture(place, views, shown=shown, given=given if self.holds else None, windows=windows)

    def grouped(self, items: Iterable[T], size: Callable[[T], Size | None], batch: int, room: int) -> Iterator[list[T]]:
        """What gets into the network in one size together, as it comes: before pictures are read, or after.

        Args:
            items: What stands for a picture.
            size: Height and width of each; None where that is not known: these are grouped by themselves.
            batch: Greatest number of pictures of a group.
            room: Pixels that may wait.
        """
        sized = ((item, size(item)) for item in items)
        groups = buckets(sized, lambda s: self.company(s[1]), lambda s: self.weight(s[1]), batch, room)
        yield from ([item for item, _ in group] for group in groups)

    def company(self, size: Size | None) -> Size | None:
        """What pictures of one group have in common: the size to which their first view is padded; None for Refused."""
        return None if size is None else self.spec.padded(next(self.views.of(size, self.spec)).frame.target)

    def weight(self, size: Size | None) -> int:
        """What a picture of `size` (H, W) costs while it waits, in pixels of three floats."""
        if size is None:
            return 0
        decoded = size[0] * size[1] // 4  # of bytes
        if self.views.tiles is not None:
            return decoded
        seen = sum(view.frame.target[0] * view.frame.target[1] for view in self.views.of(size, self.spec))
        return seen + (decoded if self.shows or self.keeps or self.holds else 0)


def _named(error: SaccadeError, picture: Picture) -> SaccadeError:
    if error.path is None and isinstance(picture, str | Path):
        error.path = str(picture)
    return error
