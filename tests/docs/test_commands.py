"""Every command line of the pages is one that the real parsers take; nothing is trained or read."""

import re
import shlex
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from page_tables import UNSURE
from pages import PAGES, ROOT, commands, inline

from saccade import cli
from saccade.command_line import data, demo
from saccade.comparison.leaderboard import Comparison
from saccade.comparison.row import Row
from saccade.comparison.verdict import verdict_of
from saccade.data.check import CheckResult
from saccade.data.convert.convert import Written
from saccade.data.convert.losses import LossCounts
from saccade.metrics.detect.proposals import coverage
from saccade.metrics.evaluation import Evaluation
from saccade.ops.proposals.region_file import RegionTable
from saccade.reproduce.catalogue import EXPERIMENTS
from saccade.reproduce.found import Found
from saccade.reproduce.outcome import Outcome
from saccade.reproduce.reproduce import Asked
from saccade.runtime.files.findings import Findings
from saccade.runtime.predict.refine.table import DenseCrf
from saccade.systems import SYSTEMS
from saccade.training.repeat import Repeats
from saccade.training.settings import TrainSettings
from saccade.training.setup.choice.choose import Choice
from saccade.training.setup.resolved_run import split_options

# Whole commands in tables, beside those in blocks.
TYPED = [*UNSURE.values(), *(code for code in inline(ROOT / "docs" / "coming_from.md") if code.count(" ") > 1)]
OURS = [
    *commands("saccade"),
    *((f"table: {line}", shlex.split(line)[1:]) for line in TYPED if line.startswith("saccade ")),
]
# Flags of other programs that the pages speak of.
FOREIGN = {"--shm-size", "--editable", "--constraint", "--no-build-isolation", "--index-url"}


class NoPictures(tuple[str, ...]):
    """A data set without pictures."""

    classes = ()
    vocabularies = None


class Nothing:
    """Pictures to draw, of which there are none."""

    split = "train"

    @property
    def data(self) -> Any:
        return NoPictures()

    def sample(self, count: int, seed: int) -> list[int]:
        return []


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the commands would have done, in place of doing it."""
    monkeypatch.chdir(tmp_path)
    calls: list[Any] = []

    def train(what: str, data: str, out: str, val: Any = None, resume: bool = False, **options: Any) -> None:
        calls.append(split_options(what, options))

    def chosen(data: str, task: str | None, options: dict[str, Any], resume: bool) -> Choice:
        TrainSettings.from_dict(options)
        return Choice("retinanet", options)

    def planned(data: str, task: str | None, options: dict[str, Any]) -> tuple[Choice, Any]:
        calls.append(options)
        return chosen(data, task, options, False), SimpleNamespace(as_dict=dict)

    def compare(systems: list[Any], data: str, out: str, **options: Any) -> Any:
        calls.append(systems)
        row = Row("resnet18", score=1.0, runs=("runs/c/runs/resnet18",))
        told = {"device": "cpu", "instructions": "AVX2", "threads": 1}
        return Comparison(Path(out), "top1", (row,), verdict_of([row], "top1"), told, {"minutes": 1}, data)

    def reproduce(name: str, asked: Asked) -> Outcome:
        calls.append(asked)
        told = {"processor": "a machine", "instructions": "AVX2", "threads": 1, "torch": "2.15.0"}
        size = {"steps": asked.steps}
        said = (asked.seeds, asked.command(name), 1.0, (told,), "0", Found({}))
        return Outcome(EXPERIMENTS[name], asked.scale, size, ("scenes",), *said)

    def measured(*arguments: Any, **options: Any) -> Evaluation:
        calls.append(arguments)
        return Evaluation({"top1": 1.0, "iou": None})

    def convert(*arguments: Any, **options: Any) -> Written:
        calls.append(arguments)
        return Written(Path("out"), {"train": 1}, LossCounts())

    def predict_files(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        return SimpleNamespace(
            done=1, kept=0, failed={}, out=Path("answers"), frames=0, findings=Findings(), best_seen=None, left_out=()
        )

    def repeat(one: Any, times: int, out: Path, seed: int) -> Repeats:
        for number in range(times):
            one(seed + number, out)
        return Repeats(out, {})

    loaded = SimpleNamespace(engine=SimpleNamespace(input=SimpleNamespace(channels=3)), vocabularies=None, max_pixels=1)
    # First, so that this module does not take for its own what the lines below put in place.
    monkeypatch.setattr("saccade.command_line.data_commands.drawings.choose", lambda *a: calls.append(a) or Nothing())
    monkeypatch.setattr("saccade.training.train.train", train)
    monkeypatch.setattr("saccade.training.repeat.repeat", repeat)
    monkeypatch.setattr("saccade.training.setup.choice.choose.planned", planned)
    monkeypatch.setattr("saccade.comparison.compare.compare", compare)
    monkeypatch.setattr("saccade.reproduce.reproduce.reproduce", reproduce)
    monkeypatch.setattr("saccade.training.setup.choice.choose.chosen", chosen)
    monkeypatch.setattr("saccade.runtime.evaluate.evaluate.opened", lambda _, data=None, split=None: (loaded, data))
    monkeypatch.setattr("saccade.runtime.evaluate.evaluate.measured", measured)
    monkeypatch.setattr("saccade.data.loading.unreadable.readable", lambda data, *_: data)
    monkeypatch.setattr("saccade.data.datasets.channels.with_channels", lambda data, _: data)
    monkeypatch.setattr("saccade.runtime.evaluate.evaluate.readable", lambda data, *_: data)
    monkeypatch.setattr("saccade.runtime.evaluate.evaluate.write_findings", lambda *_: None)
    monkeypatch.setattr("saccade.runtime.evaluate.disturb.disturb", lambda *_, **__: {})
    monkeypatch.setattr("saccade.runtime.evaluate.every_head.with_every_head", lambda found, *_, **__: found)
    monkeypatch.setattr("saccade.data.check.check_data", lambda *a, **_: calls.append(a) or CheckResult([], [], {}))
    monkeypatch.setattr("saccade.command_line.data_commands.check_page.write_page", lambda *_: None)
    monkeypatch.setattr("saccade.runtime.runs.data_of_run.data_of_run", lambda *_, **__: NoPictures())
    monkeypatch.setattr("saccade.data.convert.convert.convert", convert)
    monkeypatch.setattr("saccade.view.pages.browser.write_browser", lambda *_: 0)
    monkeypatch.setattr("saccade.command_line.data_commands.draw._sheet", lambda *_: 0)
    monkeypatch.setattr("saccade.runtime.runs.load.load", lambda *_, **__: loaded)
    monkeypatch.setattr("saccade.runtime.files.predict_files.predict_files", predict_files)
    monkeypatch.setattr("saccade.runtime.files.watch.watch_files", predict_files)
    monkeypatch.setattr("saccade.runtime.inspect.inspect_files.inspect_files", predict_files)
    table = SimpleNamespace(ids=(), features=np.zeros((0, 8)), layer="deep")
    monkeypatch.setattr("saccade.runtime.inspect.features.features", lambda *a, **_: calls.append(a) or table)
    regions = RegionTable((), (), (), "nothing")
    monkeypatch.setattr("saccade.runtime.tools.propose.propose", lambda *a, **_: calls.append(a) or regions)
    monkeypatch.setattr("saccade.metrics.detect.proposals.coverage", lambda _, __, counts: coverage((), (), counts))
    monkeypatch.setattr("saccade.view.pages.proposals.write_proposals", lambda *_: None)
    small = SimpleNamespace(out=Path("small"), before=2, after=1)
    monkeypatch.setattr("saccade.runtime.tools.compress.compress", lambda *a, **_: calls.append(a) or small)
    tuned = SimpleNamespace(
        trials=(),
        pictures=0,
        best=SimpleNamespace(crf=DenseCrf()),
        change=SimpleNamespace(before=defaultdict(float), after=defaultdict(float), trimaps={}),
        out=Path("tune_crf"),
    )
    monkeypatch.setattr("saccade.runtime.tools.tuning.tune_crf.tune_crf", lambda *a, **_: calls.append(a) or tuned)
    monkeypatch.setattr("saccade.runtime.tools.suspects.suspicions", lambda *a, **_: calls.append(a) or [])
    monkeypatch.setattr("saccade.runtime.files.inputs.find_pictures", lambda *_: [])
    monkeypatch.setattr("saccade.runtime.tools.label_next.label_next", lambda *a: calls.append(a) or [])
    monkeypatch.setattr("saccade.command_line.data_commands.next.write_text", lambda *_: None)
    monkeypatch.setattr("saccade.runtime.evaluate.class_agreement.check_same_vocabularies", lambda *_: None)
    monkeypatch.setattr("saccade.runtime.inspect.feature_page.feature_view", lambda *_: None)
    monkeypatch.setattr("saccade.runtime.inspect.feature_page.write_feature_page", lambda *_: None)
    monkeypatch.setattr("saccade.command_line.systems.answer_time", lambda _: 0.1)
    monkeypatch.setattr("saccade.command_line.train.read_config", lambda *_: {"data": "photos"})
    monkeypatch.setattr("saccade.command_line.describe.write_text", lambda path, _: calls.append(path))
    monkeypatch.setattr("saccade.safe_io.writing.pictures.write_png", lambda _, path: calls.append(path))
    monkeypatch.setattr(demo, "_draw", lambda out: calls.append(out))
    monkeypatch.setattr("saccade.metrics.localize.chance.chance", lambda *_: {"top1": 0.1, "iou": 0.1})
    monkeypatch.setattr("saccade.data.open.sole_part", lambda *_: None)
    # Last, so that no module that the lines above import takes this for its own.
    monkeypatch.setattr("saccade.data.open.open_data", lambda *_, **__: NoPictures())
    return calls


@pytest.mark.parametrize("words", [words for _, words in OURS], ids=[place for place, _ in OURS])
def test_the_parser_takes_the_line(words: list[str], done: list[Any], own_parts: Path, capsys) -> None:
    assert cli.main(words) == 0, capsys.readouterr().err
    assert done or words[0] in ("systems", "describe", "--version") or words == ["reproduce"]


def test_a_line_with_a_flag_that_is_not_there_would_fail(done: list[Any]) -> None:
    assert cli.main(["train", "resnet18", "--data", "photos", "--nothing", "1"]) == 2
    assert not done


def test_the_pages_show_every_command() -> None:
    shown = {words[0] for _, words in OURS}
    assert shown >= set(cli.COMMANDS)


def test_inline_code_names_commands_and_flags_that_are_there(own_parts: Path, capsys) -> None:
    for command in cli.COMMANDS:
        cli.main([command, "--help"])
    for verb in data.VERBS:
        with suppress(ImportError):
            cli.main(["data", verb, "--help"])
    for name in SYSTEMS:
        cli.main(["train", name, "--help"])
        cli.main(["describe", name, "--help"])
    cli.main(["--help"])
    flags = set(re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out)) | FOREIGN
    for page in PAGES:
        for code in inline(page):
            place = f"{page.relative_to(ROOT)}: {code}"
            assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", code)) <= flags, place
            words = code.split()
            if words[0] == "saccade" and len(words) > 1:
                assert words[1] in cli.COMMANDS, place


def test_make_targets_are_there() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = [words for _, words in commands("make")]
    shown += [code.split()[1:] for page in PAGES for code in inline(page) if code.startswith("make ")]
    assert shown
    assert {target for words in shown for target in words} <= targets


def test_scripts_and_packages_that_are_named_are_there() -> None:
    lines = [*commands("python"), *commands("pip")]
    paths = [word for _, words in lines for word in words if "/" in word or word.endswith(".txt")]
    named = [path for path in paths if not path.startswith("runs/")]
    assert "examples/own_parts/train.py" in named
    assert all((ROOT / path).exists() for path in named)
