"""Which pictures of a data set are drawn, and their drawings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset
from saccade.core.errors import SaccadeError, UsageError
from saccade.data.check import check_data
from saccade.data.check.defects import Defect
from saccade.data.datasets.picture import classes_of
from saccade.data.open import open_data, splits
from saccade.view.drawing.draw import draw
from saccade.view.drawing.lettering import draw_tag
from saccade.view.pages.browser import size_key

_BAD = (180, 35, 63)


@dataclass(frozen=True)
class Drawing:
    """One picture, drawn.

    Attributes:
        name: Its identifier.
        picture: Its pixels with all annotations.
        shown: Class and size of each thing that it shows.
        note: How much it shows, in words.
        defects: What is wrong with it.
    """

    name: str
    picture: Image.Image
    shown: frozenset[tuple[int, str]] = frozenset()
    note: str = ""
    defects: Sequence[str] = ()


@dataclass(frozen=True)
class Chosen:
    """The pictures of one split that may be drawn.

    Attributes:
        data: The split.
        split: Its name.
        places: Places of the pictures in it.
        defects: What is wrong, by the picture's identifier.
    """

    data: Dataset
    split: str
    places: Sequence[int]
    defects: Mapping[str, Sequence[Defect]] = field(default_factory=dict[str, Sequence[Defect]])

    def sample(self, count: int, seed: int) -> list[int]:
        """At most `count` places, in their order; those with defects before others, the rest by lot."""
        bad = [place for place in self.places if self.data.id(place) in self.defects][:count]
        others = sorted(set(self.places) - set(bad))
        left = min(count - len(bad), len(others))
        return sorted([*bad, *np.random.default_rng(seed).choice(others, left, replace=False).tolist()])


def choose(
    source: str,
    split: str | None,
    class_name: str | None,
    defects: bool,
    only_bad: bool,
    view: Callable[[Dataset], Dataset] | None = None,
) -> Chosen:
    """The pictures of a split that show a class, or all; with what a check says of them, where that is asked for.

    Args:
        source: A folder or URI.
        split: Which part; None: train, or the one that there is.
        class_name: The class, or None for all pictures.
        defects: Whether the data are checked first; faulty entries are then left out, not fatal.
        only_bad: Whether pictures without defects are left out, where the data are checked.
        view: Another way to see the data, picture by picture; None: as they are.

    Raises:
        DataError: The data are at fault, and not checked first.
        UsageError: There is no such class, or no picture is left.
    """
    wrong: dict[str, list[Defect]] = {}
    known = splits(source) if split is None else []
    split = split or (known[0] if len(known) == 1 else "train")
    if defects:
        checked = check_data(source, [split])
        for defect in checked.defects:
            if defect.picture is not None:
                wrong.setdefault(defect.picture, []).append(defect)
        data = next((part.data for part in checked.parts), None)
    else:
        data = open_data(source, split)
    if data is None:
        raise UsageError("data that can be opened", "none", cure=f"see saccade data check {source}")
    places = list(range(len(data)))
    if class_name is not None:
        label = _label(data, class_name)
        places = [place for place in places if label in classes_of(data, place)]
    if defects and only_bad:
        places = [place for place in places if data.id(place) in wrong]
    if not places:
        raise UsageError("pictures to draw", "none", cure="ask for another class or split")
    return Chosen(data if view is None else view(data), split, places, wrong)


def _label(data: Dataset, name: str) -> int:
    if name not in data.classes:
        raise UsageError(f"a class among {', '.join(data.classes)}", repr(name))
    return list(data.classes).index(name)


def drawings(chosen: Chosen, places: Sequence[int]) -> Iterator[Drawing]:
    """The pictures, drawn one by one; one that cannot be read says so in its place."""
    data = chosen.data
    for place in places:
        name = data.id(place)
        wrong = chosen.defects.get(name, ())
        told = [f"{defect.found}; expected: {defect.expected}" for defect in wrong]
        try:
            sample = data[place]
        except SaccadeError as error:
            yield Drawing(name, _unreadable(error), defects=told or [error.what])
            continue
        picture = draw(sample.image, sample.truth, data.vocabularies, data.joints)
        _mark(picture, wrong, picture.width / sample.image.shape[-1])
        yield Drawing(name, picture, _shown(data, place, sample.truth), _note(sample.truth), told)


def _mark(picture: Image.Image, defects: Sequence[Defect], factor: float) -> None:
    """A thick frame around each object that something is wrong with."""
    pen = ImageDraw.Draw(picture)
    for box in (defect.box for defect in defects if defect.box is not None):
        x1, y1, x2, y2 = (value * factor for value in box)
        if np.isfinite(box).all() and x1 <= x2 and y1 <= y2:
            pen.rectangle((x1, y1, x2, y2), outline=_BAD, width=max(picture.width // 80, 4))


def _unreadable(error: SaccadeError) -> Image.Image:
    picture = Image.new("RGB", (320, 240), (233, 237, 242))
    draw_tag(ImageDraw.Draw(picture), (10, 105), error.what, _BAD, 14)
    return picture


def _shown(data: Dataset, place: int, truth: Annotation) -> frozenset[tuple[int, str]]:
    rows = truth.instances
    if rows is None or rows.labels is None or rows.boxes is None:
        return frozenset((label, "") for label in classes_of(data, place))
    shown = ~rows.is_ignored
    boxes = (rows.boxes[:, 2:] - rows.boxes[:, :2]).prod(1)
    areas = (boxes if rows.area is None else rows.area)[shown]
    return frozenset((int(label), size_key(float(area))) for label, area in zip(rows.labels[shown], areas, strict=True))


def _note(truth: Annotation) -> str:
    rows = truth.instances
    if rows is None:
        return ""
    crowds = 0 if rows.crowd is None else int(rows.crowd.sum())
    hard = 0 if rows.difficult is None else int(rows.difficult.sum())
    more = f", {crowds} of them crowds" * bool(crowds) + f", {hard} of them difficult" * bool(hard)
    return f"{len(rows)} object{'s' * (len(rows) != 1)}{more}"
