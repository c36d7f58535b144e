"""The report: whole, self-contained, escaped, true to its numbers, and possible from any part of its content."""

import base64
import io
import re
from html.parser import HTMLParser

import pytest
import torch
from PIL import Image

from saccade.core.annotation import Annotation
from saccade.core.errors import ResourceError
from saccade.metrics import Evaluation, Evaluator, PictureSeverity, choose
from saccade.safe_io.writing import atomic
from saccade.view.pages.content import GalleryItem, ReportContent
from saccade.view.pages.markup import Markup, element
from saccade.view.pages.report import render, write_report

HOSTILE = "<img src=x onerror=alert(1)>"
VOID = {"img", "meta", "br"}
RECORDS = [
    {"step": s, "loss": 1 / s, "loss/label/ce": 0.5 / s, "loss/box/l2": 0.5 / s, "lr": 0.1} for s in range(1, 40)
]
VALIDATION = [{"step": s, "epoch": s // 10, "loss": 2 / s, "top1": 0.5, "auc": None} for s in (10, 20, 30)]


class Page(HTMLParser):
    """Parses a page, demanding that tags nest; keeps elements with their attributes, and text outside of scripts."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text += data + "\n"

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def evaluation(classes=("ant", "bee", HOSTILE)):
    judge = Evaluator(choose(frozenset({"label_scores"}), frozenset({"label"}), classes), classes)
    for i, (label, row) in enumerate([(0, [0.7, 0.2, 0.1]), (1, [0.6, 0.3, 0.1]), (0, [0.5, 0.3, 0.2])]):
        scores = torch.zeros(len(classes))
        scores[:3] = torch.tensor(row)
        judge.update(Annotation(label_scores=scores), Annotation(label=torch.tensor(label)), f"{i}.png")
    return judge.result()


def gallery_item(caption, truth=True):
    picture = Image.new("RGB", (900, 300), "teal")
    return GalleryItem(caption, picture, picture if truth else None, "80 % off", bad=True)


def content(**changes):
    given = {
        "system": "resnet18",
        "data": "ants",
        "facts": {"trained": "today", "device": ""},
        "command": "saccade train resnet18",
        "training": RECORDS,
        "validation": VALIDATION,
        "evaluation": evaluation(),
        "worst": [gallery_item("1.png\nbee → ant")],
        "typical": [gallery_item("0.png", truth=False)],
        "settings": {"lr": 0.1, "freeze": None, "ema": True, "augment": ("flip", "crop")},
        "environment": {"torch": "2.15.0"},
    }
    return ReportContent(**(given | changes))


def test_all_parts_are_there_with_their_numbers():
    page = Page(render(content()))
    lines = [line.replace("\N{NO-BREAK SPACE}", " ").strip() for line in page.text.splitlines()]
    for expected in ("resnet18", "ants", "today", "saccade train resnet18", "66.7 %", "50.0 %", "80 % off"):
        assert any(expected in line for line in lines), expected
    for expected in ("bee → ant", "–", "yes", "flip, crop", "2.15.0", "torch"):
        assert expected in lines, expected
    assert {a["id"] for a in page.all("section")} == {
        "curves", "classes", "mistakes", "worst", "typical", "settings", "environment",
    }  # fmt: skip
    assert [a["href"][1:] for a in page.all("a")] == [a["id"] for a in page.all("section")]
    assert "device" not in lines


def test_undefined_scores_say_so_and_five_guesses_of_three_classes_get_no_card():
    undefined = Evaluation({"top1": None, "top5": 1.0, "auc": None}, ("ant", "bee"))
    text = Page(render(ReportContent("lenet5", evaluation=undefined))).text
    assert text.count("undefined: the data does not determine it") == 2
    assert "Top-5" not in text
    assert "NaN" not in text
    many = Evaluation({"top5": 0.9}, tuple("abcdefg"))
    assert "Top-5" in Page(render(ReportContent("lenet5", evaluation=many))).text


def test_the_headline_is_told_with_its_interval_and_what_chance_gives():
    text = Page(render(content(table="pictures.csv"))).text.replace("\N{NO-BREAK SPACE}", " ")
    assert re.search(r"Top-1\s+66.7 %\s+95 % interval \d\.\d % to (99|100)\.\d %", text)
    assert "By chance 33.3 %; always the most frequent class 66.7 %" in text
    assert "Measured on 3 pictures. Intervals: the pictures were drawn anew 2000 times" in text
    assert "The scores of each picture stand in pictures.csv" in text
    few = evaluation()
    limited = Evaluation(few.scores, few.classes, 3, headlines=few.headlines, of_pictures=90)
    assert "Measured on 3 of 90 pictures" in Page(render(ReportContent("lenet5", evaluation=limited))).text


def test_what_is_better_when_lower_says_so_and_what_says_the_same_is_left_out():
    text = Page(render(content())).text
    assert re.search(r"Balanced error\s+lower is better", text)
    assert "Balanced error (lower is better)" not in text
    assert "wrong" in text  # the kinds of the histogram
    assert not re.search(r"^(Error|Top-5)$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"training": RECORDS[:1]}, "a course needs two steps"),
        ({"training": RECORDS}, "There was nothing to validate on."),
        ({"training": RECORDS, "validation": [{"step": 9, "loss": 1.0, "auc": None}]}, "No score was defined"),
        ({"evaluation": Evaluator(choose(frozenset({"label_scores"}), frozenset({"label"}), "ab"), "ab").result()},
         "a class has one if some pictures show it and others do not"),
    ],
    ids=["one_step", "no_validation", "no_score", "no_roc"],
)  # fmt: skip
def test_a_chart_that_would_be_empty_says_why(given, why):
    assert why in Page(render(ReportContent("lenet5", **given))).text


def test_no_picture_is_shown_twice():
    judged = tuple(PictureSeverity(f"{n}.png", 1 - n / 40) for n in range(40))
    for count in (3, 12, 13, 20, 40):
        found = Evaluation({}, judged=judged[:count])
        shown = [one.id for one in (*found.worst(12), *found.typical(12, without=12))]
        assert len(shown) == len(set(shown)) >= min(count, 12)


def test_pictures_and_charts_are_inside_and_nothing_is_fetched():
    text = render(content())
    page = Page(text)
    sources = [value for _, attributes in page.elements for key, value in attributes.items() if key in ("src", "href")]
    assert all(re.match(r"data:image/(jpeg|svg\+xml);base64,|#", source) for source in sources)
    assert not re.search(r"https?:|url\(|@import|<link", re.sub(r'src="data:[^"]*"', "", text))
    photos = [s.partition(",")[2] for s in sources if s.startswith("data:image/jpeg")]
    assert [Image.open(io.BytesIO(base64.b64decode(photo))).size for photo in photos] == [(800, 267)] * 3
    assert any("default-src 'none'" in a.get("content", "") for a in page.all("meta"))


def test_names_of_all_kinds_are_escaped_everywhere():
    quoted = f"\"{HOSTILE}'</script><script>alert(2)</script>"
    page = Page(
        render(
            content(
                system=quoted,
                data=quoted,
                facts={quoted: quoted},
                command=quoted,
                worst=[gallery_item(quoted)],
                settings={quoted: quoted},
                environment={quoted: [quoted]},
                evaluation=evaluation(("ant", quoted, HOSTILE)),
                training=[{**record, f"loss/{quoted}": 0.1} for record in RECORDS],
            )
        )
    )
    assert not any("onerror" in attributes for _, attributes in page.elements)
    assert len(page.all("script")) == 1
    assert all(attributes["src"].startswith("data:image/") for attributes in page.all("img"))
    assert page.text.count(quoted) >= 9


def test_file_names_that_are_no_utf_8_can_be_written(tmp_path):
    write_report(tmp_path / "report.html", content(worst=[gallery_item("caf\udce9.png")]))
    assert "caf�.png" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "present"),
    [
        ({}, set()),
        ({"training": RECORDS, "validation": VALIDATION}, {"curves"}),
        ({"training": [{"step": 1, "loss": float("nan")}]}, {"curves"}),
        ({"evaluation": evaluation()}, {"classes", "mistakes"}),
        ({"evaluation": Evaluator([], ["ant"]).result()}, set()),
        ({"evaluation": Evaluator(choose(frozenset({"label_scores"}), frozenset({"label"}), "ab"), "ab").result()},
         {"classes", "mistakes"}),
        ({"settings": {"lr": 1}}, {"settings"}),
    ],
    ids=["nothing", "training", "nan", "evaluation", "no_metrics", "no_pictures", "settings"],
)  # fmt: skip
def test_a_report_is_possible_from_any_part(given, present):
    page = Page(render(ReportContent("lenet5", **given)))
    assert {a["id"] for a in page.all("section")} == present
    assert "lenet5" in page.text


def test_the_table_sorts_by_values_and_keeps_undefined_ones_apart():
    page = Page(render(content()))
    values = [a["data-value"] for a in page.all("td")]
    columns = len(page.all("th"))
    assert values[:columns] == ["ant", "2", "0.666667", "1.000000", "0.800000", "0.500000"]
    assert values[2 * columns :] == [HOSTILE, "0", "", "", "", ""]


def test_a_hundred_classes_fit(tmp_path):
    classes = [f"kind {k}" for k in range(100)]
    path = tmp_path / "report.html"
    write_report(path, content(evaluation=evaluation(classes)))
    assert path.stat().st_size < 1_000_000


def test_a_full_disk_keeps_the_report_before(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    write_report(path, ReportContent("before"))

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(ResourceError, match="bytes free"):
        write_report(path, ReportContent("after"))
    assert "before" in path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]


def test_only_markup_is_taken_as_it_is():
    assert element("b", "<i>", Markup("<i></i>"), None, title='"x"') == '<b title="&quot;x&quot;">&lt;i&gt;<i></i></b>'
    assert element("b", Markup("&"), title=Markup('"')) == '<b title="&quot;">&</b>'
