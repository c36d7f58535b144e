"""Classes as a person wants them: some of a data set's, under other names, or the same for several data sets."""

from collections.abc import Mapping, Sequence

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.core.nearest import nearest
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.classes.concat import ConcatDataset
from saccade.data.datasets.classes.relabelled import RelabelledDataset, all_names, is_fixed, unite, with_vocabularies
from saccade.data.datasets.picture import classes_of
from saccade.data.datasets.subset import Subset


def class_subset(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """The pictures that show some of the named classes, with annotations of those alone, labelled in the order given.

    Pixels and objects of other classes are dropped; pixels become 255, which is ignored.

    Raises:
        ConfigError: A name is unknown or repeated, or no picture shows any of the classes.
    """
    known = [str(name) for name in dataset.classes]
    unknown = [name for name in names if name not in known]
    if unknown or len(set(names)) != len(names) or not names:
        raise ConfigError(
            f"classes among {', '.join(known)}, once each",
            ", ".join(unknown or names) or "none",
            cure=_near(unknown, known),
        )
    kept = frozenset(map(known.index, names))
    indices = [index for index in range(len(dataset)) if classes_of(dataset, index) & kept]
    if not indices:
        raise ConfigError(f"pictures that show {' or '.join(names)}", "none")
    kept_lists = {key: _kept(key, tuple(names), known) for key, known in dataset.vocabularies.items()}
    return RelabelledDataset(Subset(dataset, indices), {name: name for name in names}, Vocabularies(kept_lists))


def rename_classes(dataset: Dataset, names: Mapping[str, str]) -> Dataset:
    """The data set with classes called otherwise; classes that get one name become one.

    Args:
        dataset: The data.
        names: The new name of each class that gets one. A merged class stands where the first of its classes stood.
            With an empty name a class is none: its objects become regions to ignore, its pixels 255.

    Raises:
        ConfigError: A class is unknown, or none is left.
    """
    known = all_names(dataset.vocabularies)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(
            f"classes among {', '.join(known)} to be renamed",
            ", ".join(unknown),
            cure=_near(unknown, known),
        )
    renamed = _renamed(dataset, names)
    if not all(renamed.vocabularies.values()):
        raise ConfigError("a class that keeps a name", "none", cure="leave one of them its name")
    return renamed


def _renamed(dataset: Dataset, names: Mapping[str, str]) -> Dataset:
    if isinstance(dataset, ConcatDataset):
        # Each for itself: where one set says car and another auto, each looked for the class that they become.
        return ConcatDataset([_renamed(part, names) for part in dataset.given], dataset.names)
    lists = {
        key: old if is_fixed(key, old) else tuple(filter(None, unite([[names.get(name, name) for name in old]])))
        for key, old in dataset.vocabularies.items()
    }
    return with_vocabularies(dataset, Vocabularies(lists), names)


def _kept(key: str, names: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """The list of a vocabulary of which some classes are kept."""
    return known if is_fixed(key, known) else names


def _near(unknown: Sequence[str], known: Sequence[str]) -> str | None:
    near = [match for name in unknown if (match := nearest(name, known)) is not None]
    return f"did you mean {', '.join(near)}?" if near else None
