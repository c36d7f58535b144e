"""HTML, built so that text cannot become markup: strings are escaped, only `Markup` is taken as it is."""

import base64
import html
import io

from PIL import Image

from saccade.view.pages.text import printable

_VOID = frozenset({"img", "meta", "br"})


class Markup(str):
    """Text that is HTML already, made by the functions here alone."""

    __slots__ = ()


def escape(text: str) -> Markup:
    """The text as HTML; markup stays as it is."""
    return text if isinstance(text, Markup) else Markup(html.escape(printable(text)))


def element(name: str, /, *children: str | None, **attributes: str | None) -> Markup:
    """One element; children that are no `Markup` are escaped, None is left out.

    Args:
        name: Its tag.
        children: What it holds.
        attributes: By name, with ``_`` for ``-`` and a last ``_`` dropped (``class_``).
    """
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    start = "".join(f' {key}="{html.escape(printable(value))}"' for key, value in given.items())
    if name in _VOID:
        return Markup(f"<{name}{start}>")
    return Markup(f"<{name}{start}>{joined(*children)}</{name}>")


def joined(*children: str | None) -> Markup:
    """Children one after the other; strings are escaped, None is left out."""
    return Markup("".join(escape(child) for child in children if child is not None))


def photo(picture: Image.Image, alt: str, longest: int = 800) -> Markup:
    """A picture inside the page, as JPEG of at most `longest` pixels a side."""
    small = picture.convert("RGB")
    small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=84)
    return _inline(stream.getvalue(), "image/jpeg", alt)


def chart(svg: bytes, alt: str) -> Markup:
    """A chart inside the page. As a picture of its own it can neither run code nor fetch anything."""
    return _inline(svg, "image/svg+xml", alt)


def _inline(data: bytes, kind: str, alt: str) -> Markup:
    return element("img", src=f"data:{kind};base64,{base64.b64encode(data).decode()}", alt=alt, loading="lazy")
