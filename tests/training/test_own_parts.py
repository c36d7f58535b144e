"""A user's own system, loss, data set, metric and callback, from a file that is no package and from entry points."""

import runpy
import sys
import textwrap

import pytest

import saccade as sc

FILE = '''
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.core.input.input_spec import InputSpec
from saccade.core.level import Level
from saccade.core.sample import Sample
from saccade.network.card import Card, system
from saccade.network.head import Head
from saccade.network.part import Trunk


class Pool(Trunk):
    def __init__(self):
        super().__init__()
        self.levels = {"deep": Level(6, 4)}
        self.body = nn.Conv2d(3, 6, 3, 4, 1)

    def forward(self, images):
        return {"deep": self.body(images).relu()}


@dataclass(frozen=True)
class Logits:
    logits: Tensor


class Margin(Head):
    """A head with a loss of its own."""

    reads = ("deep",)
    gives = frozenset({"label", "label_scores"})
    needs = frozenset({"label"})
    terms = ("margin",)

    def __init__(self, classes):
        super().__init__()
        self.last = nn.Linear(6, classes)

    def forward(self, maps):
        return Logits(self.last(maps["deep"].mean((2, 3))))

    def loss(self, maps, truth):
        return {"margin": F.multi_margin_loss(self(maps).logits, torch.stack([t.label for t in truth]))}

    def decode(self, raw):
        return [Annotation(label=row.argmax(), label_scores=row.softmax(0)) for row in raw.logits]


@system(Card(task="classify", year=2024, paper="mine", needs=("label",), size=16))
def mine(classes, *, size: int = 16):
    return sc.System(Pool(), {"own": Margin(len(classes))}, classes=classes, input=InputSpec.stretch(size))


class Stripes:
    """Horizontal or vertical stripes."""

    classes = ("flat", "upright")
    fields = frozenset({"label"})
    joints = None

    def __init__(self, count=8):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        image = torch.zeros(3, 16, 16, dtype=torch.uint8)
        image[:, ::2] = 255
        image = image if index % 2 == 0 else image.mT.contiguous()
        return Sample(image, self.truth(index), self.id(index))

    def truth(self, index):
        return Annotation(label=torch.tensor(index % 2))

    def id(self, index):
        return f"stripes-{index}"


def open_stripes(path, split):
    return Stripes(int((path / "count.txt").read_text()))


class Misses:
    """A metric of one number."""

    needs = frozenset({"label"})
    reads = frozenset({"label"})

    def __init__(self):
        self.wrong = 0

    def update(self, prediction, truth, id):
        self.wrong += int(prediction.label != truth.label)
        return float(prediction.label != truth.label)

    def result(self):
        return {"misses": float(self.wrong)}

    def state(self):
        return self.wrong

    def merge(self, states):
        self.wrong += sum(states)


class Diary:
    def __init__(self):
        self.steps, self.epochs = [], []

    def on_step(self, step, losses):
        self.steps.append((step, losses["loss"], losses["loss/own/margin"]))

    def on_epoch(self, epoch, scores):
        self.epochs.append((epoch, scores["misses"]))
'''
USE = """
diary = Diary()
settings = dict(workers=1, device="cpu", precision="32", batch=4, epochs=3, best="-misses")
built = mine(("flat", "upright"))
run = sc.train(built, Stripes(8), OUT, val=Stripes(4), metrics=[Misses()], callbacks=[diary], **settings)
"""

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")


def test_parts_of_a_users_own_file(tmp_path, capfd):
    script = tmp_path / "my file.py"
    script.write_text(FILE + USE)
    found = runpy.run_path(str(script), {"OUT": tmp_path / "run"}, run_name="my_file")
    diary, run = found["diary"], found["run"]
    assert [step for step, *_ in diary.steps] == [1, 2, 3, 4, 5, 6]
    assert all(total == part for _, total, part in diary.steps)
    assert [epoch for epoch, _ in diary.epochs] == [0, 1, 2]
    assert all(0 <= misses <= 4 for _, misses in diary.epochs)  # each validation counts anew
    assert run.scores["misses"] == min(misses for _, misses in diary.epochs)
    assert run.scores["top1"] == 1 - run.scores["misses"] / 4
    predictor = sc.load(run, system=found["built"])
    assert predictor([found["Stripes"]()[0].image])[0].label is not None
    told = capfd.readouterr().err
    assert f"saccade.load({str(tmp_path / 'run')!r}, system=...)" in told  # no command can build it again
    assert "saccade evaluate" not in told


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that offers a system and a reader."""
    (tmp_path / "stripes_package.py").write_text(FILE)
    information = tmp_path / "stripes_package-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: stripes-package\nVersion: 1.0\n")
    offered = """
        [saccade.systems]
        mine = stripes_package:mine
        [saccade.readers]
        stripes = stripes_package:open_stripes
        """
    (information / "entry_points.txt").write_text(textwrap.dedent(offered))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("stripes_package", None)


@pytest.mark.usefixtures("package")
def test_parts_of_an_installed_package(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "count.txt").write_text("8")
    source = f"stripes:{tmp_path / 'data'}"
    settings = {"workers": 0, "device": "cpu", "precision": "32", "batch": 4}
    run = sc.train("mine", source, tmp_path / "run", val=source, size=12, epochs=1, **settings)
    assert run.step == 2
    assert sc.load(run).system.input.size == (12, 12)
    again = sc.train(run.path, source, tmp_path / "more", val=source, steps=1, **settings)  # a run is a beginning too
    assert again.step == 1
