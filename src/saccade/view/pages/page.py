"""The skeleton of every HTML page: one file that fetches nothing, in one style."""

from collections.abc import Mapping
from importlib import resources

from saccade.view.pages.markup import Markup, element, joined

Parts = Mapping[str, tuple[str, Markup]]


def page(title: str, top: Markup, parts: Parts, above: Markup | None = None) -> str:
    """A page as HTML.

    Args:
        title: What the browser's tab says.
        top: What stands at its head, made by `hero`.
        parts: Title and body of each section, by anchor.
        above: What stands between head and sections, or None.
    """
    links = [element("a", name, href=f"#{anchor}") for anchor, (name, _) in parts.items()]
    found = [element("section", body, id=anchor) for anchor, (_, body) in parts.items()]
    body = joined(
        top,
        above,
        element("nav", element("div", *links), aria_label="Sections") if links else None,
        element("main", *found),
        element("footer", "Written by saccade. Fractions are of the pictures that each score is defined for."),
        element("dialog"),
        element("script", Markup(_resource("report.js"))),
    )
    return f'<!doctype html>\n<html lang="en">\n{_head(title)}\n{element("body", body)}\n</html>\n'


def hero(eyebrow: str, title: str, facts: Mapping[str, str], command: str = "", *, bare: bool = True) -> Markup:
    """The head of a page.

    Args:
        eyebrow: A few words above the title.
        title: Text or markup.
        facts: Short facts below it; empty ones are left out.
        command: What was typed, or nothing.
        bare: Whether no cards overlap its lower edge.
    """
    told = [element("div", element("dt", name), element("dd", str(value))) for name, value in facts.items() if value]
    return element(
        "header",
        element(
            "div",
            element("div", eyebrow, class_="eyebrow"),
            element("h1", title),
            element("dl", *told, class_="facts") if told else None,
            element("code", command, class_="command") if command else None,
        ),
        class_="hero bare" if bare else "hero",
    )


def _head(title: str) -> Markup:
    # The policy makes the promise of a page that fetches nothing one that the browser keeps.
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(_resource("report.css"))),
    )


def _resource(name: str) -> str:
    return resources.files("saccade.view.pages").joinpath(name).read_text(encoding="utf-8")
