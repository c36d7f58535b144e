"""The data of a training: what is learnt from, and what is measured on."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.core.vocabulary import Vocabularies
from saccade.data.check.classes import rename_flag, renames
from saccade.data.datasets.classes.painted import with_pixels
from saccade.data.datasets.classes.relabelled import all_names, with_vocabularies
from saccade.data.datasets.persons.posed import with_poses
from saccade.data.datasets.persons.samples import with_persons
from saccade.data.datasets.splits.train_val import DataOptions, TrainVal, name_of, open_train_val
from saccade.data.formats.common.split_names import canonical
from saccade.data.left_out import left_out, reading_notes
from saccade.data.open import Source, Sources, described, each, sole_part
from saccade.training.settings import TrainSettings


@dataclass(frozen=True)
class Data:
    """The data of a training.

    Attributes:
        train: What is learnt from.
        val: What is measured on, or None.
        name: How a person calls it, a name each where there are several; stored with the run.
        val_name: The same of `val`.
        notes: What a person should know of how the data were read, and what was left out.
        taught: Names of classes of objects that a teacher tells of in every step, whatever the pictures show.
    """

    train: Dataset
    val: Dataset | None
    name: str | list[str]
    val_name: str | None
    notes: tuple[str, ...] = ()
    taught: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """The name in one line."""
        return self.name if isinstance(self.name, str) else " + ".join(self.name)


def open_training_data(data: Sources, val: Source | None, settings: TrainSettings, needs: Collection[str] = ()) -> Data:
    """Open both sides.

    Args:
        data: A folder, a URI, a data set, or a list of these.
        val: A split's name, a share such as ``0.2``, a folder, a URI or a data set; None for the split ``val`` where
            there is one.
        settings: Which classes are kept and how they are called, and which fold is measured on.
        needs: Dotted fields that are learnt from: classes of pixels are painted where objects alone are outlined, and
            persons are a sample each where objects alone have joints; where a pose is all, pictures without one are
            left out.

    Raises:
        UsageError: The settings contradict each other.
        ConfigError: The two sides have different classes.
        DataError: A side cannot be read.
    """
    choice = DataOptions(
        settings.rename, settings.class_subset, settings.fold, settings.seed, allow_outside=settings.allow_outside
    )
    sides, made = _made_over(open_train_val(data, val, choice), needs)
    sides = _of_some(sides) if len(each(data)) > 1 else sides
    if sides.val is not None:
        _check_same(sides.train.vocabularies, sides.val.vocabularies, sides.val_name)
    parts = [sides.train] if sides.val is None else [sides.train, sides.val]
    notes = [*_substitutes(data, settings.allow_outside), *(one.said for one in left_out(parts)), *reading_notes(parts)]
    notes += made
    return Data(sides.train, sides.val, name_of(data), sides.val_name, tuple(notes))


def _made_over(sides: TrainVal, needs: Collection[str]) -> tuple[TrainVal, list[str]]:
    """Both sides with classes of pixels, or a person a sample, where that is needed and can be; what to say of it."""
    made: list[Dataset] = []

    def over(side: Dataset) -> Dataset:
        found = with_poses(with_persons(with_pixels(side, needs), needs), needs)
        made.extend([found] if found is not side else [])
        return found

    train, val = over(sides.train), None if sides.val is None else over(sides.val)
    return replace(sides, train=train, val=val), list(dict.fromkeys(str(getattr(one, "note", "")) for one in made))


def _of_some(sides: TrainVal) -> TrainVal:
    """Both sides under the classes of what is learnt from: of several sets those validated on may have some alone."""
    train, known = sides.train.vocabularies, all_names(sides.train.vocabularies)
    if sides.val is None or sides.val.vocabularies == train or not set(all_names(sides.val.vocabularies)) <= set(known):
        return sides
    return replace(sides, val=with_vocabularies(sides.val, train))


def _substitutes(data: Sources, allow_outside: bool) -> Iterator[str]:
    """What is learnt from in place of a split for it, where the data have one of another name alone."""
    for source in each(data):
        part = sole_part(source, allow_outside)
        if part is not None and canonical(part) in ("val", "test"):
            yield f"{described(source)} has one part, {part!r}, and all of it is learnt from"


def _check_same(train: Vocabularies, val: Vocabularies, val_name: str | None) -> None:
    """Refuse two sides with different classes, for each vocabulary that both have."""
    for key in (key for key in train if key in val and train[key] != val[key]):
        raise ConfigError(
            f"the classes of the training data in {val_name}: {list(train[key])[:8]}",
            list(val[key])[:8],
            cure=f"give both sides the same classes in the same order; {_rename(train[key], val[key])} gives classes "
            "other names",
        )


def _rename(train: Sequence[str], val: Sequence[str]) -> str:
    """The flag that makes the classes of the validation data those of the training data, as far as names tell."""
    alike = renames([name for name in val if name not in train], [name for name in train if name not in val])
    return rename_flag(alike) if alike else "--rename OLD=NEW"
