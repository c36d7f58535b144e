"""Pictures that are there twice: a defect where one is learnt from and the other measured on, else worth a note."""

from collections.abc import Iterator, Sequence

from saccade.data.check.defects import Defect
from saccade.data.check.notes import number_of, some_of
from saccade.data.check.parts import Part
from saccade.data.check.pictures.decode import Facts, Job
from saccade.data.check.pictures.duplicates import Pair, alike, same

_EXPECTED = "a picture in one split alone"
_CURE = "keep it in one split"
_WHOLES = {"trainval": ("train", "val"), "all": ("train", "val", "test", "trainval")}  # splits made of others
_QUARTERS = ("", "a quarter", "a half", "three quarters")


class Copies:
    """The pictures of all splits, compared.

    Args:
        parts: The splits.
        jobs: The pictures.
        facts: What is known of each.
    """

    def __init__(self, parts: Sequence[Part], jobs: Sequence[Job], facts: Sequence[Facts]) -> None:
        self._parts, self._jobs, self._facts = parts, jobs, facts
        self._files = _by_place(same([one.file_hash for one in facts]))
        self._groups = same([one.pixel_hash for one in facts])
        self._pixels = _by_place(self._groups)
        later = {place for places in self._groups for place in places[1:]}
        known = [(place, one.fingerprint) for place, one in enumerate(facts) if place not in later]
        chosen = [(place, mark) for place, mark in known if mark is not None]
        self._pairs = [
            Pair(chosen[pair.first][0], chosen[pair.second][0], pair.bits, pair.way)
            for pair in alike([mark for _, mark in chosen])
        ]
        self._near: dict[int, list[Pair]] = {}
        for pair in self._pairs:
            self._near.setdefault(pair.first, []).append(pair)
            self._near.setdefault(pair.second, []).append(pair)

    def defects(self) -> Iterator[Defect]:
        """One for each picture that an earlier split has too, and one for each that several splits list."""
        for place, job in enumerate(self._jobs):
            first = job.samples[0]
            for sample in _first_of_each_part(job)[1:]:
                if self._apart(first[0], sample[0]):
                    yield self._defect(sample, "the same file as {}", first)
            for other, what in self._twins(place):
                yield self._defect(first, what, self._jobs[other].samples[0])
                break

    def _twins(self, place: int) -> Iterator[tuple[int, str]]:
        """Pictures of earlier splits that are like one, the most alike first, and in which way."""
        for what, groups in (("the same file as {}", self._files), ("the same pixels as {}", self._pixels)):
            yield from ((other, what) for other in groups.get(place, []) if self._earlier(other, place))
        for pair in sorted(self._near.get(place, []), key=lambda pair: pair.bits):
            other = pair.first if pair.second == place else pair.second
            if self._earlier(other, place):
                yield other, f"nearly the same picture as {{}}{_way(pair.way)}"

    def _earlier(self, other: int, place: int) -> bool:
        first, second = self._jobs[other].samples[0][0], self._jobs[place].samples[0][0]
        return first < second and self._apart(first, second)

    def _apart(self, one: int, other: int) -> bool:
        """Whether two parts should share no picture: VOC's trainval is train and val."""
        names = {self._parts[one].name, self._parts[other].name}
        return len(names) == 2 and not any(whole in names and names <= {whole, *of} for whole, of in _WHOLES.items())

    def _defect(self, sample: tuple[int, int], what: str, other: tuple[int, int]) -> Defect:
        part, index = sample
        path, name = self._parts[part].path(index), self._parts[part].data.id(index)
        twin = self._parts[other[0]]
        found = what.replace("{}", f"{twin.data.id(other[1])} of {twin.name}")
        return Defect(str(path or name), None, None, found, _EXPECTED, _CURE, name)

    def notes(self) -> Iterator[str]:
        """One for each split with pictures that it has twice."""
        for number, part in enumerate(self._parts):
            exact = [group for group in self._groups if sum(self._is_in(place, number) for place in group) > 1]
            if exact:
                names = [self._names(group) for group in exact]
                yield f"{part.name}: {number_of(len(exact), 'picture')} more than once: {some_of(names, 3)}"
            near = [p for p in self._pairs if self._is_in(p.first, number) and self._is_in(p.second, number)]
            if near:
                names = [self._names((pair.first, pair.second)) for pair in near]
                yield f"{part.name}: {number_of(len(near), 'pair')} of pictures nearly the same: {some_of(names, 3)}"

    def _is_in(self, place: int, part: int) -> bool:
        return self._jobs[place].samples[0][0] == part

    def _names(self, places: Sequence[int]) -> str:
        samples = [self._jobs[place].samples[0] for place in places[:3]]
        return " = ".join(self._parts[part].data.id(index) for part, index in samples)


def _first_of_each_part(job: Job) -> list[tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for sample in job.samples:
        found.setdefault(sample[0], sample)
    return list(found.values())


def _by_place(groups: Sequence[list[int]]) -> dict[int, list[int]]:
    return {place: group for group in groups for place in group}


def _way(way: int) -> str:
    """How a copy was changed, in words."""
    turn = f"turned by {_QUARTERS[way % 4]}" if way % 4 else ""
    words = [word for word in (turn, "mirrored" if way >= 4 else "") if word]
    return f" ({' and '.join(words)})" if words else ""
