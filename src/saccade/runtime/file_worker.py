"""What is done with each file: read once, answered with others of its size, drawn and written."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import SaccadeError
from saccade.runtime.answers import as_values, write_maps
from saccade.runtime.buckets import ahead
from saccade.runtime.device import is_out_of_memory, out_of_memory
from saccade.runtime.incoming import Incoming, Refused
from saccade.runtime.inputs import readable_name
from saccade.runtime.predict_settings import PredictSettings
from saccade.runtime.predictor import Answer, Predictor
from saccade.trust.atomic import replacing
from saccade.view.draw import draw, drawn_from

JPEG = frozenset({".jpg", ".jpeg", ".jpe", ".mpo"})
QUALITY = 90

Entry = dict[str, Any]
Written = tuple[Path, Entry | SaccadeError]


@dataclass(frozen=True)
class Task:
    """A file to be answered.

    Attributes:
        place: Its position among all.
        file: Where it is.
        name: What its drawing is called, without a suffix.
    """

    place: int
    file: Path
    name: str


@dataclass(frozen=True)
class Worker:
    """Answers groups of files; the next ones are read, and the last ones are written meanwhile.

    Attributes:
        predictor: The network in use.
        out: Folder of the answers.
        settings: How files are answered.
    """

    predictor: Predictor
    out: Path
    settings: PredictSettings

    def run(self, groups: Iterable[list[Task]], missing: Callable[[Task], bool]) -> Iterator[Written]:
        """Each file of the groups that is missing, with its entry of ``predictions.json`` or an error.

        Args:
            groups: Files that go through the network together.
            missing: Whether a file has no answer yet; the others are its company.

        Raises:
            ResourceError: The disk is full.
        """
        intake = self.predictor.intake(shows=self.settings.drawn)
        tasks: dict[int, Task] = {}

        def noted() -> Iterator[list[Task]]:
            for group in groups:
                tasks.update({task.place: task for task in group})
                yield group

        read = ahead(lambda group: [intake.take(task.place, task.file) for task in group], noted())
        found = self.predictor.answer(read, self.settings.threshold or 0.0, self.settings.batch)
        named = ((tasks.pop(item.place), item, answer) for item, answer in found)
        return ahead(lambda one: self._write(*one), (one for one in named if missing(one[0])))

    def _write(self, task: Task, item: Incoming | Refused, answer: Answer) -> Written:
        """A file with its answer's entry; its drawing and its maps are on disk then."""
        if isinstance(item, Refused):
            return task.file, item.error
        if isinstance(answer, SaccadeError):
            return task.file, answer
        try:
            entry: Entry = {"file": readable_name(task.file), "size": list(item.size), **as_values(answer)}
            entry |= write_maps(answer, self.out, task.name)
            return task.file, entry | ({} if item.shown is None else {"drawn": self._draw(task, item.shown, answer)})
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return task.file, out_of_memory("a drawing of the picture", "the machine")

    def _draw(self, task: Task, image: Tensor, answer: Annotation) -> str:
        jpeg = task.file.suffix.lower() in JPEG
        name = f"drawn/{task.name}.{'jpg' if jpeg else 'png'}"
        least = drawn_from(answer, self.settings.threshold)
        picture = draw(image, answer, self.predictor.vocabularies, threshold=least)
        picture.info.clear()  # what a camera wrote beside the pixels stays with the user
        with replacing(self.out / name) as partial:
            picture.save(partial, format="JPEG" if jpeg else "PNG", **({"quality": QUALITY} if jpeg else {}))
        return name
