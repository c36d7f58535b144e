"""Tables of what the code declares, in the pages themselves, so that a page is whole wherever it is read.

    python docs/_ext/page_tables.py

writes them anew, between two comments of each page: ``<!-- made by make tables: NAME ARGUMENT -->`` and
``<!-- end -->``. A test compares, so that no page can say anything else than the code.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from saccade.command_line.arguments.flags import Flag, of_dataclass, of_options
from saccade.command_line.systems import costs
from saccade.comparison.settings import CompareSettings
from saccade.core.augmentation import Augmentation
from saccade.metrics import scores
from saccade.network.card import Card
from saccade.network.recipe import Recipe, Stage
from saccade.reproduce import ledger as results
from saccade.reproduce.outcome import read_outcome
from saccade.systems import IF_UNSURE, SYSTEMS
from saccade.systems.build import build, options_of
from saccade.systems.counts import system_counts
from saccade.training.settings import TrainSettings

ROOT = Path(__file__).parents[2]
MADE = re.compile(r"(<!-- made by make tables: (\S+) ?(\S*) -->\n).*?(<!-- end -->)", re.DOTALL)
# The recipe belongs to the system that is built; a narrow one is built quickly.
NARROW = 1 / 16
# Where nothing speaks for anything else. A test gives every command to the real parsers.
UNSURE = {
    "whatever is annotated": "saccade train --data photos",
    "what a picture shows": "saccade train --data photos --task classify",
    "all that a picture shows": "saccade train --data photos --task multilabel",
    "where every object is": "saccade train --data photos --task detect",
    "where every object is, and its pixels": "saccade train --data photos --task instances",
    "the main object, and where it is": "saccade train --data photos --task localize",
    "what a picture shows, in half a minute": "saccade train svm --data photos --trunk efficientnet_lite0 --pretrained",
    "where every object is, with a GPU and hours": (
        "saccade train retinanet --data photos --trunk resnet50 --pretrained --norm frozen"
    ),
    "is something wrong with my data?": "saccade data check photos",
    "which annotations may be wrong?": "saccade data check photos --model runs/photos",
    "which pictures do I label next?": "saccade data next runs/photos unlabelled",
}


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [columns, ["---"] * len(columns), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def settings(of: str) -> str:
    """The fields of TrainSettings, or of CompareSettings."""
    kind = CompareSettings if of == "compare" else TrainSettings
    flags, fields = of_dataclass(kind), dataclasses.fields(kind)
    return table(("flag", "default", "meaning"), (_row(flags[field.name], field.default) for field in fields))


def system_list(_: str) -> str:
    """The cards of all systems, and what they cost."""
    columns = ("name", "task", "year", "M parameters", "GMAC", "learns from", "paper")
    return table(columns, [_system_row(name, SYSTEMS[name].card) for name in SYSTEMS])


def _system_row(name: str, card: Card) -> list[str]:
    marked = f"**`{name}`**" if name in IF_UNSURE.values() else f"`{name}`"
    return [marked, card.task, str(card.year), *costs(system_counts()[name]), needs(card.needs), card.paper]


def needs(names: Iterable[str]) -> str:
    """Fields of the truth in words."""
    return ", ".join(f"`{name}`" for name in names)


def options(name: str) -> str:
    """The options of one system; those that are settings too stand with the settings."""
    known = options_of(SYSTEMS[name])
    # Statistics, which all systems take, are said of all of them at once.
    taken = {field.name for field in dataclasses.fields(TrainSettings)} | {"mean", "std"}
    rows = (_row(flag, known[option].default) for option, flag in of_options(known).items() if option not in taken)
    return table(("flag", "default", "meaning"), rows)


def recipes(_: str) -> str:
    """The recipes of all systems."""
    columns = ("system", "optimiser", "rate", "decay", "batch", "epochs", "schedule", "best by")
    return table(columns, [_recipe_row(name, recipe_of(name)) for name in SYSTEMS])


def notes(_: str) -> str:
    """The lab notes of the recipes, each said once."""
    said: dict[str, list[str]] = {}
    for name in SYSTEMS:
        said.setdefault(recipe_of(name).note, []).append(f"`{name}`")
    return "\n".join(f"- {', '.join(names)}: {note}" for note, names in said.items())


def score_list(_: str) -> str:
    """All scores."""
    rows = ((f"`{k}`", s.meaning, "higher" if s.higher_is_better else "lower") for k, s in scores.SCORES.items())
    return table(("name", "what it says", "better"), rows)


def fields(name: str) -> str:
    """The fields of one of the dataclasses that a recipe is made of."""
    kind = {"Recipe": Recipe, "Stage": Stage, "Augmentation": Augmentation}[name]
    flags = of_dataclass(kind)
    rows = ((f"`{f.name}`", _default(f.default), flags[f.name].help) for f in dataclasses.fields(kind))
    return table(("field", "default", "meaning"), rows)


@cache
def recipe_of(name: str) -> Recipe:
    """The recipe of a system."""
    narrow = {"width": NARROW} if "width" in options_of(SYSTEMS[name]) else {}
    return build(name, 2, **narrow).recipe


def _recipe_row(name: str, recipe: Recipe) -> list[str]:
    numbers = (recipe.lr, recipe.weight_decay, recipe.batch, recipe.epochs)
    schedule = recipe.schedule + (f" at {', '.join(map(str, recipe.milestones))}" if recipe.schedule == "step" else "")
    return [f"`{name}`", recipe.optimiser, *map(str, numbers), schedule, f"`{recipe.best}`"]


def _row(flag: Flag, default: object) -> list[str]:
    return [f"`{flag.text}`", _default(default), flag.help]


def _default(value: object) -> str:
    if value is None or value == () or dataclasses.is_dataclass(value):
        return ""
    return "`off`" if value is False else "`on`" if value is True else f"`{value}`"


def if_unsure(_: str) -> str:
    """What to type for each task, where nothing speaks for anything else."""
    return table(("task", "command"), ((task, f"`{command}`") for task, command in UNSURE.items()))


def file(name: str) -> str:
    """A file of the repository, as a block of code."""
    language = {".py": "python", ".toml": "toml"}[Path(name).suffix]
    return f"```{language}\n{(ROOT / name).read_text(encoding='utf-8').strip()}\n```"


def ledger(_: str) -> str:
    """The recorded results of `saccade reproduce`."""
    return results.ledger(read_outcome(path) for path in sorted((ROOT / "docs" / "results").glob("*.json")))


TABLES: dict[str, Callable[[str], str]] = {
    "train-settings": settings,
    "system-list": system_list,
    "system-options": options,
    "if-unsure": if_unsure,
    "recipe-list": recipes,
    "recipe-notes": notes,
    "score-list": score_list,
    "declared-fields": fields,
    "file": file,
    "ledger": ledger,
}


def filled(text: str) -> str:
    """A page's text, with each of its tables as the code has it now."""
    return MADE.sub(lambda m: f"{m[1]}\n{TABLES[m[2]](m[3])}\n\n{m[4]}", text)


def main() -> None:
    """Write the tables of all pages anew."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = page.read_text(encoding="utf-8")
        if (new := filled(text)) != text:
            page.write_text(new, encoding="utf-8")
            print(page.relative_to(ROOT))  # noqa: T201 (a program's answer)


if __name__ == "__main__":
    main()
