"""The side bar's order: that of the links in the tables of an index, which stays plain Markdown."""

import re

from sphinx.application import Sphinx

INDICES = ("index", "api/index", "course/index")


def add_contents(_: Sphinx, page: str, source: list[str]) -> None:
    """Add the hidden list of pages that Sphinx wants, of the links in the table of an index; each page once."""
    if page in INDICES:
        rows = "\n".join(line for line in source[0].splitlines() if line.startswith("|"))
        pages = dict.fromkeys(re.findall(r"\]\(([\w/]+)\.md\)", rows))
        source[0] += "\n```{toctree}\n:hidden:\n\n" + "\n".join(pages) + "\n```\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx call it for every page that is read."""
    app.connect("source-read", add_contents)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
