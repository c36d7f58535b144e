"""What is done with each group of files: read, answered, drawn."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError, SaccadeError
from saccade.runtime.answers import as_values, write_maps
from saccade.runtime.buckets import ahead
from saccade.runtime.device import is_out_of_memory, out_of_memory
from saccade.runtime.incoming import Incoming, Refused
from saccade.runtime.inputs import readable_name
from saccade.runtime.predict_settings import PredictSettings
from saccade.runtime.predictor import Answer, Predictor
from saccade.trust.atomic import replacing
from saccade.trust.pictures import decode_picture
from saccade.view.draw import draw, drawn_from

JPEG = frozenset({".jpg", ".jpeg", ".jpe", ".mpo"})
QUALITY = 90

Entry = dict[str, Any]


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
    """Answers groups of files; the next ones are read meanwhile.

    Attributes:
        predictor: The network in use.
        out: Folder of the answers.
        settings: How files are answered.
    """

    predictor: Predictor
    out: Path
    settings: PredictSettings

    def run(self, groups: Iterable[tuple[list[Task], list[Task]]]) -> Iterator[dict[Path, Entry | SaccadeError]]:
        """For each group and the files of it that are missing: their entries of ``predictions.json``, or errors.

        Raises:
            ResourceError: The disk is full.
        """
        for taken, missing in ahead(self._read, groups):
            answers = dict(self.predictor.answer(taken, self.settings.threshold or 0.0, self.settings.batch))
            work = [(task, answers[task.place]) for task in missing]
            yield dict(ahead(lambda pair: (pair[0].file, self._write(*pair)), work))

    def _read(self, group: tuple[list[Task], list[Task]]) -> tuple[list[Incoming | Refused], list[Task]]:
        whole, missing = group
        intake = self.predictor.intake
        return [one for task in whole for one in intake.take(task.place, task.file)], missing

    def _write(self, task: Task, answer: Answer) -> Entry | SaccadeError:
        """An answer's entry; its drawing and its maps are on disk then."""
        if isinstance(answer, SaccadeError):
            return answer
        try:
            channels = self.predictor.system.input.channels
            # A grey network's answer is drawn on the picture in its colours.
            image = decode_picture(task.file, None if channels in (1, 3) else channels)
            entry: Entry = {"file": readable_name(task.file), "size": list(image.shape[1:]), **as_values(answer)}
            entry |= write_maps(answer, self.out, task.name)
            return entry | ({"drawn": self._draw(task, image, answer)} if self.settings.drawn else {})
        except DataError as error:
            return error
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return out_of_memory("a drawing of the picture", "the machine")

    def _draw(self, task: Task, image: Any, answer: Annotation) -> str:
        jpeg = task.file.suffix.lower() in JPEG
        name = f"drawn/{task.name}.{'jpg' if jpeg else 'png'}"
        least = drawn_from(answer, self.settings.threshold)
        picture = draw(image, answer, self.predictor.vocabularies, threshold=least)
        picture.info.clear()  # what a camera wrote beside the pixels stays with the user
        with replacing(self.out / name) as partial:
            picture.save(partial, format="JPEG" if jpeg else "PNG", **({"quality": QUALITY} if jpeg else {}))
        return name
