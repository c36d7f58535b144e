"""Which class of pixels has no objects."""

BACKGROUNDS = ("background", "__background__", "_background_")


def background_of(classes: tuple[str, ...]) -> int:
    """The class that has no objects: the one of that name, or the first."""
    return next((label for label, name in enumerate(classes) if name.lower() in BACKGROUNDS), 0)
