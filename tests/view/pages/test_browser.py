"""The page to leaf through: nothing escapes as markup, pictures lie beside it, filters find what they should."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from saccade.view.pages.browser import Card, size_key, write_browser

EVIL = '<img src=x onerror="alert(1)">'


def cards() -> list[Card]:
    picture = Image.new("RGB", (1600, 400))
    return [
        Card("a.png", picture, frozenset({(0, "s"), (1, "l")}), "2 objects"),
        Card(f"b {EVIL}.png", picture, frozenset({(0, "l")}), "1 object", [f"found {EVIL}"]),
        Card("c.png", Image.new("L", (30, 40)), frozenset({(10, "")})),
    ]


def test_pictures_lie_beside_the_page(tmp_path: Path) -> None:
    page = tmp_path / "a b.html"
    assert write_browser(page, "data", cards(), ["cat", "dog"]) == 3
    text = page.read_text(encoding="utf-8")
    sources = re.findall(r'<img src="([^"]+)"', text)
    assert sources == [f"a%20b-pictures/00000{place}.jpg" for place in range(3)]
    with Image.open(tmp_path / "a b-pictures/000000.jpg") as first:
        assert first.size == (800, 200)
    assert text.count('loading="lazy"') == 3
    assert write_browser(page, "data", cards()[:1], ["cat"]) == 1
    assert len(list((tmp_path / "a b-pictures").iterdir())) == 1


def test_names_are_text(tmp_path: Path) -> None:
    write_browser(tmp_path / "page.html", EVIL, cards(), [EVIL, "dog"])
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert 'onerror="' not in text
    assert "<img src=x" not in text
    assert (
        text.count("&lt;img src=x") == 7
    )  # The title twice, a class, a defect; a name as text, as that of the picture, and for the search
    assert "default-src 'none'" in text.replace("&#x27;", "'")


def test_no_filter_for_defects_where_nothing_was_checked(tmp_path: Path) -> None:
    write_browser(tmp_path / "page.html", "data", cards()[::2], ["cat"])
    assert 'id="defect"' not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_sizes_are_cocos() -> None:
    assert [size_key(area) for area in (0, 1023, 1024, 9215, 9216)] == ["s", "s", "m", "m", "l"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        ({}, [0, 1, 2]),
        ({"class": "0"}, [0, 1]),
        ({"class": "1"}, [0]),
        ({"class": "0", "size": "l"}, [1]),
        ({"size": "s"}, [0]),
        ({"defect": "bad"}, [1]),
        ({"defect": "good", "name": "C.P"}, [2]),
    ],
)
def test_filters_in_a_browser(tmp_path: Path, chosen: dict[str, str], left: list[int]) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium is installed")
    page = tmp_path / "page.html"
    write_browser(page, "data", cards(), [f"class {place}" for place in range(11)])
    script = (
        f"for (const [id, value] of Object.entries({json.dumps(chosen)})) document.getElementById(id).value = value;"
        'document.querySelector("form").dispatchEvent(new Event("input"));'
    )
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", f"<script>{script}</script></body>"))
    words = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()]
    found = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout
    shown = [place for place, tag in enumerate(re.findall(r"<figure[^>]*>", found)) if "hidden" not in tag]
    assert shown == left
    assert f"{len(left)} of 3 pictures" in found
