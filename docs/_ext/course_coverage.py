"""Where each thing of the five lectures lives: in which chapter of the course, which test, which command.

    python docs/_ext/course_coverage.py

reads ``docs/course/coverage.csv``, checks that every chapter, test and command that it names is there, and writes
``docs/course/coverage.md``; where something is not there it says what, writes nothing and ends with 1. A test does the
same, so that the page can name nothing that is gone.
"""

import ast
import csv
import io
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from saccade import cli
from saccade.command_line import describe, train
from saccade.command_line.arguments.flags import of_dataclass, of_options
from saccade.core.errors import UsageError
from saccade.systems import SYSTEMS
from saccade.systems.build import options_of
from saccade.training.settings import TrainSettings

ROOT = Path(__file__).parents[2]
COURSE = ROOT / "docs" / "course"
TABLE, PAGE = COURSE / "coverage.csv", COURSE / "coverage.md"
NUMBERS = ROOT / "tests" / "contracts" / "published_numbers.csv"


@dataclass(frozen=True)
class Lecture:
    """A lecture, as it calls itself.

    Attributes:
        title: Its title.
        languages: What it is written in.
        places: What a place in it is.
    """

    title: str
    languages: str
    places: str


LECTURES = {
    "ro": Lecture("Aplicații pentru rețele convoluționale adânci", "Romanian, some slides in English", "page"),
    "pt": Lecture("Aprendizado profundo 1: Aplicações de CNN", "Portuguese", "part"),
    "ko": Lecture("Segmentation based on deep learning", "Korean and English", "slide"),
    "ir": Lecture("CNNs applications, Sharif University of Technology, 2019", "English", "part"),
    "tz": Lecture("Deep learning for computer vision, PytzMLS 2018", "English", "slide"),
}
KINDS = (
    *("task", "system", "layer", "procedure", "loss", "data set", "metric", "table", "ablation", "number", "claim"),
    *("picture", "application", "software"),
)
# Options of systems for which `saccade describe` has flags of its own, or none.
ITS_OWN = ("size", "mean", "std")
# What a note begins with where an item has no chapter and no test; all others have both.
OUT, MISSING = "out of scope: ", "missing: "


@dataclass(frozen=True)
class Row:
    """One thing that a lecture shows or says, in our own words.

    Attributes:
        lecture: A key of `LECTURES`.
        place: The slide or page, or the part of a lecture whose transcript numbers none.
        item: What it is.
        kind: One of `KINDS`.
        chapter: ``PAGE#ANCHOR`` of the course, several with spaces between; ``../PAGE#ANCHOR`` of another page, where
            no chapter speaks of it.
        test: ``PATH::NAME``, several with `` + `` between; a row of the papers' numbers is named in brackets.
        command: A whole command line, several with `` ; `` between, or nothing.
        note: Why something is out of scope or missing, or what else there is to know.
    """

    lecture: str
    place: str
    item: str
    kind: str
    chapter: str
    test: str
    command: str
    note: str

    @property
    def chapters(self) -> list[str]:
        """Each place of the course."""
        return self.chapter.split()

    @property
    def tests(self) -> list[str]:
        """Each test."""
        return [name for name in self.test.split(" + ") if name]

    @property
    def commands(self) -> list[str]:
        """Each command line."""
        return [line for line in self.command.split(" ; ") if line]

    @property
    def is_left_out(self) -> bool:
        """Whether the course does not have it, which the note says."""
        return self.note.startswith((OUT, MISSING))


def rows(table: Path = TABLE) -> list[Row]:
    """The rows of the table, in order."""
    with table.open(newline="", encoding="utf-8") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def problems(found: Sequence[Row]) -> list[str]:
    """What rows name that is not there, and what they lack; nothing where all is well."""
    told = [f"{row.lecture} {row.place}, {row.item}: {wrong}" for row in found for wrong in _wrong(row)]
    twice = [key for key, count in Counter((row.lecture, row.place, row.item) for row in found).items() if count > 1]
    return told + [f"{' '.join(key)}: stands twice" for key in twice]


def _wrong(row: Row) -> Iterable[str]:
    if row.lecture not in LECTURES or row.kind not in KINDS or not row.place or not row.item:
        yield f"a lecture of {', '.join(LECTURES)}, a place, an item and a kind of {', '.join(KINDS)} are needed"
    if row.is_left_out:
        if row.chapter or row.test or row.command:
            yield "it is told to be left out, and has a place all the same"
        return
    if not row.chapter or not row.test:
        yield f"it has no chapter or no test; a note that begins with {OUT!r} or {MISSING!r} would say why"
    yield from (f"no heading of the course: {name}" for name in row.chapters if not is_heading(name))
    yield from (f"no such test: {name}" for name in row.tests if not is_test(name))
    yield from (f"no such command: {line}" for line in row.commands if not is_command(line))


def is_heading(name: str) -> bool:
    """Whether ``PAGE#ANCHOR`` is a heading of a page of the course, or, with ``../`` before it, of another page."""
    page, _, anchor = name.partition("#")
    path = COURSE / f"{page}.md"
    return path.is_file() and anchor in _anchors(path)


@cache
def _anchors(page: Path) -> frozenset[str]:
    text = re.sub(r"^(```+|:::+).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def is_test(name: str) -> bool:
    """Whether ``PATH::NAME`` is a test, and ``[SYSTEM QUANTITY]`` behind it a row of the papers' numbers."""
    path, _, called = name.partition("::")
    called, _, case = called.partition("[")
    known = not case or case.removesuffix("]") in _numbers()
    return known and (ROOT / path).is_file() and called in _functions(ROOT / path)


@cache
def _functions(file: Path) -> frozenset[str]:
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return frozenset(one.name for one in body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"))


@cache
def _numbers() -> frozenset[str]:
    with NUMBERS.open(newline="", encoding="utf-8") as file:
        return frozenset(f"{row['system']} {row['quantity']}" for row in csv.DictReader(file))


@cache
def is_command(line: str) -> bool:
    """Whether the program's own parser takes the words: their values, and no flag that its help does not list."""
    words = shlex.split(line)
    if words[:2] == ["python", "-m"]:
        return (ROOT / Path(*words[2].split("."))).with_suffix(".py").is_file()
    if words[0] == "make":
        return f"\n{words[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    if words[0] != "saccade":
        return False
    if words[1] in ("train", "describe"):
        return _is_taken(words[1], words[2:])
    told = io.StringIO()
    with redirect_stdout(told), redirect_stderr(io.StringIO()):
        code = cli.main([*words[1:], "--help"])
    flags = {word.split("=")[0] for word in words if word.startswith("--")}
    return code == 0 and flags <= set(re.findall(r"--[a-z][a-z-]*", told.getvalue()))


def _is_taken(command: str, words: list[str]) -> bool:
    """Whether the parser of ``train`` or ``describe``, with the flags of the system that is named, takes all words."""
    name = words[0] if not words[0].startswith("--") else None
    if name is not None and name not in SYSTEMS:
        return False
    own = {} if name is None else of_options(options_of(SYSTEMS[name]))
    if command == "train":
        parser = train.parser_of({**own, **of_dataclass(TrainSettings)}, name or "")
    else:
        parser = describe.parser_of({key: flag for key, flag in own.items() if key not in ITS_OWN}, name or "")
    try:
        return not parser.parse_known_args(words)[1]
    except UsageError:
        return False


def page(found: Sequence[Row]) -> str:
    """The page, in Markdown."""
    parts = [HEAD.format(count=len(found), lectures=_lectures(found)), _left_out(found)]
    parts += [_section(key, [row for row in found if row.lecture == key]) for key in LECTURES]
    return "\n".join(parts)


HEAD = """# Where everything of the lectures is

Five lectures, in Romanian, Portuguese, Korean and English, are what this project makes real. Below is each system,
layer, procedure, loss, data set, metric, table, ablation and claim of theirs, {count} in all, in our own words, with
the chapter that shows it, the tests that hold it, and the command that does it.
`python docs/_ext/course_coverage.py` writes this page from `docs/course/coverage.csv`, after it has looked for every
chapter, test and command; a test does so too.

{lectures}

A test in brackets is a row of `tests/contracts/published_numbers.csv`: a number that is counted in what is built.
"""


def _lectures(found: Sequence[Row]) -> str:
    lines = [
        "| lecture | language | rows | in the course | out of scope | missing |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for key, lecture in LECTURES.items():
        own = [row for row in found if row.lecture == key]
        out, missing = (sum(row.note.startswith(word) for row in own) for word in (OUT, MISSING))
        counts = (len(own), len(own) - out - missing, out, missing)
        lines.append(f"| {lecture.title} | {lecture.languages} | {' | '.join(map(str, counts))} |")
    return "\n".join(lines)


def _left_out(found: Sequence[Row]) -> str:
    lines = ["## What is not here, and why", ""]
    for row in (row for row in found if row.is_left_out):
        place = f"{LECTURES[row.lecture].title}, {LECTURES[row.lecture].places} {row.place}"
        lines.append(f"- {row.item} ({place}): {row.note}")
    return "\n".join([*lines, ""])


def _section(key: str, found: Sequence[Row]) -> str:
    lecture = LECTURES[key]
    head = f"| {lecture.places} | what | kind | chapter | test | command |"
    lines = [f"## {lecture.title}", "", f"{lecture.languages}.", "", head, "| --- | --- | --- | --- | --- | --- |"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in _cells(row))} |" for row in found]
    return "\n".join([*lines, ""])


def _cells(row: Row) -> tuple[str, ...]:
    if row.is_left_out:
        return row.place, row.item, row.kind, row.note.partition(":")[0], "", ""
    chapters = ", ".join(f"[{_short(name)}]({name.replace('#', '.md#')})" for name in row.chapters)
    item = f"{row.item}; {row.note}" if row.note else row.item
    tests, commands = (", ".join(f"`{one}`" for one in many) for many in (row.tests, row.commands))
    return row.place, item, row.kind, chapters, tests, commands


def _short(name: str) -> str:
    """``5_pixels#skips`` as ``5 pixels: skips``."""
    page, _, anchor = name.partition("#")
    return f"{Path(page).name.replace('_', ' ')}: {anchor.replace('-', ' ')}"


def main() -> int:
    """Check the table and write the page; 1 where the table names something that is not there."""
    found = rows()
    wrong = problems(found)
    if wrong:
        sys.stderr.write("\n".join([*wrong, f"{len(wrong)} of {TABLE.relative_to(ROOT)}\n"]))
        return 1
    PAGE.write_text(page(found), encoding="utf-8")
    sys.stdout.write(f"{len(found)} rows: {PAGE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
