"""`saccade propose`: regions of all pictures in a file that detectors read, and how much they cover."""

import json
import os
import subprocess
import sys

import pytest
import torch

from saccade import cli
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError
from saccade.data.open import open_data
from saccade.ops.proposals.region_file import read_regions
from saccade.ops.proposals.searches import search_named
from saccade.ops.proposals.window_search import WindowSearch
from saccade.runtime.tools.propose import propose

DATA = "scenes:count=3,size=48,seed=1"


def test_windows_are_proposed_told_and_drawn(tmp_path, capsys):
    out, page = tmp_path / "w.safetensors", tmp_path / "w.html"
    words = ["propose", "windows", DATA, "--out", str(out), "--count", "50", "--html", str(page), "--json"]
    assert cli.main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pictures"] == 3
    assert told["counts"] == [1, 3, 10, 30, 50]
    assert told["recall"] == sorted(told["recall"])
    assert 0 < told["recall"][-1] <= 1
    table, data = read_regions(out), open_data(DATA, "train")
    assert table.ids == tuple(data.id(index) for index in range(3))
    image = data[1].image
    torch.testing.assert_close(table.boxes[1], WindowSearch(count=50)(image))
    torch.testing.assert_close(search_named(str(out), 7)(image), table.boxes[1][:7])
    text = page.read_text(encoding="utf-8")
    assert "MABO" in text
    assert text.count("data:image/svg") == 2


def test_several_searches_are_compared_on_one_page(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SACCADE_CACHE", str(tmp_path / "cache"))
    data, known, page = "scenes:count=2,size=32,seed=1", tmp_path / "known.safetensors", tmp_path / "w.html"
    assert cli.main(["propose", "windows", data, "--out", str(known), "--count", "9"]) == 0
    assert "windows: 9 regions a picture" in capsys.readouterr().out
    words = ["propose", "windows", data, "--out", str(tmp_path / "w.safetensors"), "--count", "60", "--html", str(page)]
    assert cli.main([*words, "--beside", f"selective-search,{known}", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["beside"]) == ["selective-search", str(known)]
    assert told["beside"][str(known)]["recall"][:3] == told["recall"][:3]
    assert told["beside"][str(known)]["mean"] == 9
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/svg") == 6
    assert text.count("<td data-value='selective-search'") + text.count('<td data-value="selective-search"') == 1
    assert cli.main([*words, "--beside", "windows"]) == 2
    assert "itself" in capsys.readouterr().err
    assert cli.main([*words, "--beside", "telepathy"]) == 2


def test_a_search_is_kept_and_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SACCADE_CACHE", str(tmp_path / "cache"))
    data = open_data("scenes:count=2,size=32,seed=1", "train")
    first = propose("selective-search", data, tmp_path / "a.safetensors", count=20)
    files = sorted((tmp_path / "cache").rglob("*.boxes"))
    assert len(files) == 2
    files[0].unlink()
    again = propose("selective-search", data, tmp_path / "b.safetensors", count=20, workers=1)
    assert all(torch.equal(one, other) for one, other in zip(first.boxes, again.boxes, strict=True))
    assert sorted((tmp_path / "cache").rglob("*.boxes")) == files
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_another_ending_or_search_is_refused_before_any_work(tmp_path, capsys):
    assert cli.main(["propose", "windows", DATA, "--out", str(tmp_path / "w.json")]) == 2
    assert ".safetensors" in capsys.readouterr().err
    assert cli.main(["propose", "telepathy", DATA, "--out", str(tmp_path / "w.safetensors")]) == 2
    assert "selective-search" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_run_proposes_its_boxes_and_a_classifier_s_is_refused(tmp_path):
    import saccade as sc

    options = {"width": 1 / 16, "size": 32, "batch": 2, "steps": 1, "workers": 0}
    data = open_data("scenes:count=2,size=32,seed=1", "train")
    sc.train("rpn", data, out=tmp_path / "rpn", scales=(1.0, 2.0), trunk="vgg11", **options)
    table = propose(str(tmp_path / "rpn"), data, tmp_path / "r.safetensors", count=5)
    assert all(0 < len(boxes) <= 5 for boxes in table.boxes)
    sc.train("lenet5", data, out=tmp_path / "lenet", batch=2, steps=1, workers=0)
    with pytest.raises(ConfigError, match="gives boxes"):
        propose(str(tmp_path / "lenet"), data, tmp_path / "l.safetensors")


@pytest.mark.slow
def test_a_region_detector_proposes_what_its_own_proposals_are(tmp_path):
    import saccade as sc

    data = open_data("scenes:count=2,size=32,seed=1", "train")
    options = {"width": 1 / 16, "size": 32, "batch": 2, "steps": 1, "workers": 0, "precision": "32"}
    options["scales"] = (1.0, 2.0)
    sc.train("faster_rcnn", data, out=tmp_path / "run", trunk="vgg11", **options)
    table = propose(str(tmp_path / "run"), data, tmp_path / "r.safetensors", count=500)
    system = sc.load(tmp_path / "run").system
    batch = system.batch([data[0].image])
    wanted = batch.frames[0].undo(Annotation(instances=Instances(boxes=looked_at(system, batch)))).instances.boxes
    assert len(table.boxes[0]) == len(wanted) > 10
    torch.testing.assert_close(table.boxes[0], wanted, atol=1e-3, rtol=0)


def looked_at(system, batch):
    """The regions of the only picture of a batch that a region detector looks at, without those that fill up."""
    with torch.no_grad():
        boxes = system.eval().forward(batch)["regions"].regions.boxes[0]
    return boxes[boxes.any(1)]


SEARCHING = """
import os, sys
from saccade.data.open import open_data
from saccade.runtime.tools.propose import propose
def tell(done, total):
    if done == 2:
        os.kill(os.getpid(), 9)
propose("edge-boxes", open_data("scenes:count=3,size=48,seed=1", "train"), sys.argv[1], count=30, tell=tell)
"""


@pytest.mark.slow
def test_a_search_that_was_killed_goes_on_where_it_was(tmp_path, monkeypatch):
    def search(cache, name):
        monkeypatch.setenv("SACCADE_CACHE", str(tmp_path / cache))
        propose("edge-boxes", open_data("scenes:count=3,size=48,seed=1", "train"), tmp_path / name, count=30)
        return (tmp_path / name).read_bytes()

    words = [sys.executable, "-c", SEARCHING, str(tmp_path / "a.safetensors")]
    killed = subprocess.run(words, env={**os.environ, "SACCADE_CACHE": str(tmp_path / "cache")}, check=False)
    assert killed.returncode == -9
    assert not (tmp_path / "a.safetensors").exists()
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.boxes")}
    assert len(done) == 2
    found = search("cache", "a.safetensors")
    assert all(path.stat().st_mtime_ns == when for path, when in done.items())
    assert found == search("other", "b.safetensors")
