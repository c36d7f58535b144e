"""Each chapter of the course as a notebook beside its page, and a link to it under the title."""

import re
from pathlib import Path

import jupytext
from sphinx.application import Sphinx

FOLDER = "course"
CHAPTER = re.compile(rf"{FOLDER}/\d+_\w+")


def add_link(_: Sphinx, page: str, source: list[str]) -> None:
    """Say under a chapter's title where its notebook is."""
    if CHAPTER.fullmatch(page):
        name = page.removeprefix(f"{FOLDER}/")
        told = f'<p><a href="{name}.ipynb" download>This chapter as a notebook</a>, to run and to change.</p>'
        source[0] = re.sub(r"^(# .+)$", rf"\1\n\n{told}", source[0], count=1, flags=re.MULTILINE)


def notebook(text: str) -> str:
    """A chapter as a notebook's JSON, without outputs; links to other pages lead to the built ones."""
    linked = re.sub(r"\]\((?!\w+:)([^)#\s]+)\.md", r"](\1.html", text)
    return jupytext.writes(jupytext.reads(linked, fmt="md:myst"), fmt="ipynb")


def write_notebooks(app: Sphinx, error: Exception | None) -> None:
    """Write the notebooks where the pages are."""
    if error is None and app.builder.format == "html":
        for chapter in sorted(Path(app.srcdir, FOLDER).glob("[0-9]*_*.md")):
            text = notebook(chapter.read_text(encoding="utf-8"))
            Path(app.outdir, FOLDER, f"{chapter.stem}.ipynb").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx call them for every page that is read, and at the end."""
    app.connect("source-read", add_link)
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
