"""What a network sees in files on disk: a picture a view, the numbers behind them, and one page of all.

The folder holds ``filters.png``, ``pictures/NAME/VIEW.png``, ``look.json`` and ``look.html``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saccade.core.errors import DataError, SaccadeError
from saccade.explain.subject import Subject
from saccade.explain.views import OF_RUN, Visualization, visualize
from saccade.runtime.device import evaluating
from saccade.runtime.files.inputs import find_pictures, passed_over, readable_name, unique_names
from saccade.runtime.inspect.look import subject_of
from saccade.runtime.predict.predictor import Predictor
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.writing.atomic import write_text
from saccade.safe_io.writing.pictures import write_png
from saccade.view.pages.content import Panel
from saccade.view.pages.look import InspectedPicture, write_look


@dataclass(frozen=True)
class InspectSettings:
    """What is asked of every picture.

    Attributes:
        label: The class, by name or number, or None for the network's best prediction.
        views: Names of views, or none for all that the network has.
        layer: The layer that views of one layer look at, or None.
        batch: Changed copies of a picture that go through the network together.
    """

    label: str | int | None = None
    views: Sequence[str] = ()
    layer: str | None = None
    batch: int = 16


@dataclass(frozen=True)
class InspectOutcome:
    """What looking at files left.

    Attributes:
        out: The folder.
        done: Pictures that were looked at.
        failed: Errors by file.
        left_out: What of the folders was not looked at although it may be a picture, a line a kind.
    """

    out: Path
    done: int
    failed: dict[Path, SaccadeError]
    left_out: tuple[str, ...] = ()


def inspect_files(
    predictor: Predictor, inputs: Iterable[str | Path], out: str | Path, inspect_settings: InspectSettings
) -> InspectOutcome:
    """Look at files, folders and globs, and write what is seen.

    Args:
        predictor: The network in use.
        inputs: Files, folders (with all below them) and globs.
        out: The folder to write to.
        inspect_settings: What is asked of every picture.

    Raises:
        DataError: An input names nothing.
        UsageError: The class, a view or the layer is unknown; the message lists those that there are.
        ConfigError: A value inside the network is not finite.
        ResourceError: The disk is full.
    """
    out, inputs = Path(out), list(inputs)
    files, left_out = find_pictures(inputs, out), tuple(passed_over(inputs, out))
    writer = Writer(out)
    failed: dict[Path, SaccadeError] = {}
    with evaluating(predictor.system):
        for file, name in zip(files, unique_names(files), strict=True):
            try:
                subject = subject_of(predictor, file, inspect_settings.label, inspect_settings.batch)
            except DataError as error:
                failed[file] = error
                continue
            views = visualize(subject, inspect_settings.views, inspect_settings.layer, of_run=not writer.looked)
            writer.add(readable_name(file), name, subject, views)
    writer.conclude(predictor.engine.name)
    return InspectOutcome(out, len(files) - len(failed), failed, left_out)


class Writer:
    """Writes views as they are made.

    Args:
        out: The folder.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.looked: list[InspectedPicture] = []
        self._pictures: list[dict[str, Any]] = []
        self._run: dict[str, Any] = {}
        self._panels: list[Panel] = []

    def add(self, file: str, name: str, subject: Subject, views: dict[str, Visualization]) -> None:
        """One picture and what was seen of it."""
        panels: list[Panel] = []
        entries: dict[str, Any] = {}
        for seen in views.values():
            of_run = seen.name in OF_RUN
            path = f"{seen.name}.png" if of_run else f"pictures/{name}/{seen.name.replace('/', '-')}.png"
            write_png(seen.picture, self.out / path)
            (self._run if of_run else entries)[seen.name] = {"file": path, **seen.facts}
            (self._panels if of_run else panels).append(Panel(seen.title, seen.lead, seen.picture))
        name_of_class = subject.system.classes[subject.label]
        told = {"class": name_of_class, "label": subject.label, "probability": subject.probability}
        lead = f"Asked about {name_of_class}, which it gives {subject.probability:.0%}."
        self._pictures.append({"file": file, **told, "views": entries})
        self.looked.append(InspectedPicture(file, lead, panels))

    def conclude(self, system: str) -> None:
        """``look.json`` and ``look.html``."""
        write_text(self.out / "look.json", to_json({"views": self._run, "pictures": self._pictures}, indent=1) + "\n")
        facts = {"pictures": str(len(self.looked))}
        of_run = InspectedPicture("The network", "The same for every picture.", self._panels)
        write_look(self.out / "look.html", system, facts, [*self.looked, of_run])
